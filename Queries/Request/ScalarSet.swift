/// A set of Unicode scalars, as a pattern's class describes it.
struct ScalarSet: Sendable {
    /// A bit for each ASCII scalar, the negation and the letter case worked in.
    private var ascii: (UInt64, UInt64) = (0, 0)
    private var ranges: [ClosedRange<UInt32>] = []
    private var isNegated = false
    private var ignoresCase = false

    /// What stands in for bytes that are no UTF-8: above every scalar, so that only negated sets hold it.
    static let invalid: UInt32 = 0x11_0000

    static let digit = ScalarSet([0x30...0x39])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = ScalarSet([0x09...0x0D, 0x20...0x20])
    static let everything = ScalarSet([], isNegated: true)
    static let exceptNewline = ScalarSet([0x0A...0x0A], isNegated: true)

    init(_ ranges: [ClosedRange<UInt32>], isNegated: Bool = false, ignoresCase: Bool = false) {
        self.ranges = ranges.sorted { $0.lowerBound < $1.lowerBound }
        self.isNegated = isNegated
        self.ignoresCase = ignoresCase
        for scalar in UInt32(0)..<128 where isMember(scalar) {
            if scalar < 64 { ascii.0 |= 1 << UInt64(scalar) } else { ascii.1 |= 1 << UInt64(scalar - 64) }
        }
    }

    /// The ranges of a set that is not negated, for use inside a class.
    var members: [ClosedRange<UInt32>] { ranges }

    /// The ranges of everything that is not in a set that is not negated.
    var complement: [ClosedRange<UInt32>] {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { gaps.append(next...(range.lowerBound - 1)) }
            next = max(next, range.upperBound + 1)
        }
        if next <= Self.invalid { gaps.append(next...Self.invalid) }
        return gaps
    }

    @inline(__always)
    func contains(_ scalar: UInt32) -> Bool {
        if scalar < 64 { return ascii.0 >> UInt64(scalar) & 1 != 0 }
        if scalar < 128 { return ascii.1 >> UInt64(scalar - 64) & 1 != 0 }
        return isMember(scalar)
    }

    @inline(never)
    private func isMember(_ scalar: UInt32) -> Bool {
        if isInRanges(scalar) { return !isNegated }
        guard ignoresCase, let character = Unicode.Scalar(scalar) else { return isNegated }
        for mapping in [character.properties.lowercaseMapping, character.properties.uppercaseMapping] {
            let scalars = mapping.unicodeScalars
            if scalars.count == 1, let other = scalars.first, isInRanges(other.value) { return !isNegated }
        }
        return isNegated
    }

    private func isInRanges(_ scalar: UInt32) -> Bool {
        for range in ranges {
            if range.lowerBound > scalar { return false }
            if range.upperBound >= scalar { return true }
        }
        return false
    }
}
