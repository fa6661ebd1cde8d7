/// A small, fast, seeded source of random numbers (xoshiro256++, seeded through SplitMix64).
///
/// The same seed gives the same numbers on every machine and with every version of the standard library, which is why
/// the generator does not use `SystemRandomNumberGenerator` or the library's ways of drawing from a range.
public struct RandomSource: Sendable {
    private var s0: UInt64
    private var s1: UInt64
    private var s2: UInt64
    private var s3: UInt64

    /// Creates a source that depends on the seed alone.
    public init(seed: UInt64) {
        s0 = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15)
        s1 = Self.mix(seed &+ 0x3C6E_F372_FE94_F82A)
        s2 = Self.mix(seed &+ 0xDAA6_6D2C_7DDF_743F)
        s3 = Self.mix(seed &+ 0x78DD_E6E5_FD29_F054)
    }

    /// The finishing step of SplitMix64: a bijection of 64 bits, so that different inputs never collide.
    @inline(__always)
    public static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// The next 64 random bits.
    @inline(__always)
    public mutating func next() -> UInt64 {
        let sum = s0 &+ s3
        let result = ((sum << 23) | (sum >> 41)) &+ s0
        let t = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = (s3 << 45) | (s3 >> 19)
        return result
    }

    /// A number in `0..<bound`, by multiplication: the bias is below one in four billion for the bounds used here.
    @inline(__always)
    public mutating func next(below bound: UInt64) -> UInt64 {
        next().multipliedFullWidth(by: bound).high
    }

    /// A fraction in `0..<1` with 53 bits.
    @inline(__always)
    public mutating func fraction() -> Double {
        Double(next() >> 11) * 0x1p-53
    }
}
