/// One sequence of steps that chains are looked for in: the funnel without its optional steps, or the steps before an
/// optional one and that step last. Steps are numbered from 1 by their position in it.
///
/// Events carry a bit for each step of the query, required ones first in their order, then optional ones; so a
/// projection of a few instructions gives an event's steps in the shape.
struct FunnelShape: Sendable {
    /// Events of one kind that must not stand between two steps.
    struct Span: Sendable {
        /// The exclusion's bit in ``FunnelEvent/excludes``.
        var bit: UInt32
        /// The position after which such an event matters.
        var after: Int
        /// The position before which it does; one more than there are steps for up to the chain's end.
        var before: Int
        /// Bit k - 1 for every position k of a chain that cannot go on over such an event: `after` to `before - 1`.
        var positions: UInt32
    }

    /// Number of steps, 1 to 32.
    let count: Int
    /// Longest time from first to last event, inclusive, milliseconds.
    let window: Int64
    let strictIncrease: Bool
    let strictOrder: Bool
    /// The longest time from position k to the next, by k; `Int64.max` for no limit. Position 0 is not used.
    let within: [Int64]
    /// Positions, bit k - 1, whose next step has a `within`.
    let timed: UInt32
    /// Strict order only: the query's steps whose events may stand after position k without breaking a chain, by k.
    let passing: [UInt32]
    /// Exclusions that stop a chain.
    let stops: [Span]
    /// All bits of ``stops``.
    let stopBits: UInt32
    private let low: UInt32
    private let extraBit: UInt32
    private let extraMask: UInt32
    private let extraPlace: UInt32
    /// Whether ``passing`` is each position's own step, as it is without optional steps.
    private let passesOnlyItself: Bool

    /// - Parameters:
    ///   - required: how many of the query's required steps the shape begins with.
    ///   - extra: the bit of the optional step that is its last, if it is the shape of one.
    init(
        required: Int, extra: Int?, window: Int64, strictIncrease: Bool, strictOrder: Bool, within: [Int64],
        passing: [UInt32], stops: [Span]
    ) {
        count = required + (extra == nil ? 0 : 1)
        self.window = window
        self.strictIncrease = strictIncrease
        self.strictOrder = strictOrder
        self.within = within
        self.passing = passing
        self.stops = stops
        stopBits = stops.reduce(0) { $0 | $1.bit }
        low = FunnelShape.bits(below: required)
        extraBit = UInt32(extra ?? 0)
        extraMask = extra == nil ? 0 : 1
        extraPlace = UInt32(min(required, 31))
        var timed: UInt32 = 0
        for position in within.indices.dropFirst() where within[position] != .max { timed |= 1 << UInt32(position - 1) }
        self.timed = timed
        passesOnlyItself = passing.indices.dropFirst().allSatisfy { passing[$0] == 1 << UInt32($0 - 1) }
    }

    /// The lowest `count` bits.
    static func bits(below count: Int) -> UInt32 {
        count >= 32 ? .max : (1 << UInt32(count)) - 1
    }

    /// An event's steps in the shape.
    @inline(__always)
    func project(_ steps: UInt32) -> UInt32 {
        (steps & low) | (((steps &>> extraBit) & extraMask) &<< extraPlace)
    }

    /// Steps of the query whose projection is `mask`.
    func unproject(_ mask: UInt32) -> UInt32 {
        (mask & low) | (((mask &>> extraPlace) & extraMask) &<< extraBit)
    }

    /// The positions that a chain cannot leave over an event with these exclusions.
    @inline(__always)
    func stopped(_ excludes: UInt32) -> UInt32 {
        guard excludes & stopBits != 0 else { return 0 }
        var positions: UInt32 = 0
        for span in stops where span.bit & excludes != 0 { positions |= span.positions }
        return positions
    }

    /// Strict order: the positions after which an event with these steps may stand.
    @inline(__always)
    func passed(_ steps: UInt32) -> UInt32 {
        if passesOnlyItself { return steps & low }
        var positions: UInt32 = 0
        for position in 1...count where passing[position] & steps != 0 { positions |= 1 << UInt32(position - 1) }
        return positions
    }
}
