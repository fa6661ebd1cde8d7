/// The chains under way, by the step they have come to: of all chains of one length, the one worth keeping.
///
/// All that matters to a chain's future is when it began and when its last event was: the later both are, the more of
/// the window, and of the next step's `within`, is left. One might expect that a late start can go with an early last
/// event and the other way round, so that several chains of one length were worth keeping. But the chain with the latest
/// last event always has the latest start, too. Take chains p and q of one length where p begins later and q ends later.
/// At some step i, p's event does not come before q's, and at the next one it comes before q's (or q's last event is the
/// next one). The chain that follows p to step i and q from the next one on begins as p does and ends as q does, and it
/// keeps all rules: its steps lie between those of p and q, so the next event of q is at least as near to p's event as it
/// is to q's own, and what p's event leaves behind before it, q's event leaves behind, too.
struct FunnelFronts {
    /// No chain.
    static let none = Int64.min

    private let window: Int64
    private let within: [Int64]
    private let timed: UInt32
    private var starts: [Int64]
    private var lasts: [Int64]
    /// Bit k - 1 is set while there is a chain of length k.
    private(set) var alive: UInt32 = 0

    init(_ shape: FunnelShape) {
        window = shape.window
        within = shape.within
        timed = shape.timed
        starts = Array(repeating: Self.none, count: shape.count + 1)
        lasts = starts
    }

    /// Forgets all chains.
    @inline(__always)
    mutating func clear() { alive = 0 }

    /// Forgets the chains of one length.
    @inline(__always)
    mutating func clear(_ step: Int) { alive &= ~(1 &<< UInt32(step &- 1)) }

    /// The latest start of a chain of a length that may take its next event at `now`; ``none`` if there is none.
    @inline(__always)
    mutating func best(_ step: Int, _ now: Int64) -> Int64 {
        let bit = UInt32(1) &<< UInt32(step &- 1)
        guard alive & bit != 0 else { return Self.none }
        let start = starts[step]
        if isAtMost(window, now, start), timed & bit == 0 || isAtMost(within[step], now, lasts[step]) { return start }
        // Times only grow, so that what is over is so for good.
        alive &= ~bit
        return Self.none
    }

    /// Times may be far apart, so nothing may overflow.
    @inline(__always)
    private func isAtMost(_ limit: Int64, _ now: Int64, _ then: Int64) -> Bool {
        let (length, overflow) = now.subtractingReportingOverflow(then)
        return !overflow && length <= limit
    }

    /// Adds a chain of a length whose last event is now; no chain has a later last event.
    @inline(__always)
    mutating func push(_ step: Int, start: Int64, last: Int64) {
        let bit = UInt32(1) &<< UInt32(step &- 1)
        if alive & bit == 0 || starts[step] < start { starts[step] = start }
        lasts[step] = last
        alive |= bit
    }

    /// Replaces the chains of one length by another collection's.
    mutating func copy(_ step: Int, from other: FunnelFronts) {
        let bit = UInt32(1) << UInt32(step - 1)
        clear(step)
        alive |= other.alive & bit
        starts[step] = other.starts[step]
        lasts[step] = other.lasts[step]
    }
}
