/// A sum of doubles that does not depend on the order or grouping of its terms, so that the same events give the same
/// number in flight, sealed and merged.
///
/// Numbers with at most six decimals (prices, seconds) are summed as whole millionths in 128 bits, which keeps
/// decimal sums decimal:
/// 0.1 + 0.2 is 0.3. All others go into an expansion of non-overlapping doubles whose sum is exact (Shewchuk 1997,
/// "Adaptive Precision Floating-Point Arithmetic", as in Python's `math.fsum`).
public struct ExactSum: Sendable, Equatable {
    /// The decimal part in millionths.
    public private(set) var millionths: Int128 = 0
    /// The rest, an expansion in ascending order of magnitude; almost always empty.
    public private(set) var partials: [Double] = []

    private static let scale = 1_000_000.0
    /// Below this, a number times a million is an integer that doubles hold exactly.
    private static let decimalLimit = 9_000_000_000.0

    /// Creates an empty sum.
    public init() {}

    init(millionths: Int128, partials: [Double]) {
        self.millionths = millionths
        self.partials = partials
    }

    /// Adds a finite number.
    @inline(__always)
    public mutating func add(_ value: Double) {
        if value.magnitude < ExactSum.decimalLimit {
            let scaled = (value * ExactSum.scale).rounded()
            if scaled / ExactSum.scale == value {
                millionths += Int128(Int64(scaled))
                return
            }
        }
        addPartial(value)
    }

    /// Adds another sum.
    public mutating func add(_ other: ExactSum) {
        millionths += other.millionths
        for partial in other.partials { addPartial(partial) }
    }

    /// The sum, rounded once.
    public var value: Double {
        if partials.isEmpty { return Double(millionths) / ExactSum.scale }
        var rest = ExactSum(millionths: 0, partials: partials)
        rest.addPartial(Double(millionths) / ExactSum.scale)
        return rest.partials.reduce(0, +)
    }

    @inline(never)
    private mutating func addPartial(_ value: Double) {
        var x = value
        var kept: [Double] = []
        for partial in partials {
            var (large, small) = (x, partial)
            if large.magnitude < small.magnitude { swap(&large, &small) }
            let high = large + small
            guard high.isFinite else {
                // Beyond the range of doubles: the largest one stands for it, so that it never turns into an infinity
                // or a NaN.
                partials = [high < 0 ? -Double.greatestFiniteMagnitude : .greatestFiniteMagnitude]
                return
            }
            let low = small - (high - large)
            if low != 0 { kept.append(low) }
            x = high
        }
        kept.append(x)
        partials = kept
    }
}
