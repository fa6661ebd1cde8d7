/// Draws an index with given weights in constant time (Vose's alias method).
///
/// Only additions, multiplications and divisions are used to build it, so that the table is the same on every machine.
package struct AliasTable: Sendable {
    /// Below this 32-bit threshold a column keeps its own index, from it on it gives its alias.
    private let thresholds: [UInt32]
    private let aliases: [UInt32]

    /// Creates a table of as many indices as there are weights.
    ///
    /// - Parameter weights: At least one, none negative, not all zero.
    package init(weights: [Double]) {
        let total = weights.reduce(0, +)
        precondition(total > 0, "an alias table needs a positive weight")
        let count = weights.count
        var scaled = weights.map { $0 * Double(count) / total }
        var thresholds = [UInt32](repeating: .max, count: count)
        var aliases = (0..<count).map { UInt32($0) }
        var small = (0..<count).filter { scaled[$0] < 1 }
        var large = (0..<count).filter { scaled[$0] >= 1 }
        while let low = small.popLast(), let high = large.popLast() {
            thresholds[low] = UInt32(scaled[low] * 4_294_967_295)
            aliases[low] = UInt32(high)
            scaled[high] -= 1 - scaled[low]
            if scaled[high] < 1 { small.append(high) } else { large.append(high) }
        }
        self.thresholds = thresholds
        self.aliases = aliases
    }

    /// A table whose rank r, from 0, weighs 1/(r + 1 + offset): Zipf's law, flattened at the head by the offset.
    package static func zipf(_ count: Int, offset: Double = 0) -> AliasTable {
        AliasTable(weights: (0..<count).map { 1 / (Double($0) + 1 + offset) })
    }

    /// How many indices there are.
    package var count: Int { thresholds.count }

    /// Draws an index.
    @inline(__always)
    package func draw(_ random: inout RandomSource) -> Int {
        index(of: random.next())
    }

    /// The index that these 64 uniform bits stand for.
    @inline(__always)
    func index(of bits: UInt64) -> Int {
        let column = Int(((bits >> 32) &* UInt64(thresholds.count)) >> 32)
        return UInt32(truncatingIfNeeded: bits) < thresholds[column] ? column : Int(aliases[column])
    }
}
