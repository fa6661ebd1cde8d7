/// The chains under way, by the step they have come to: of all chains of one length, those worth keeping.
///
/// All that matters to a chain's future is when it began and when its last event was. Where the next step has no
/// `within`, the latest start is always best. Where it has one, an earlier start may go with a later last event; then the
/// chains that no other beats in both are kept. As events come in order of time, each new one has the latest last
/// event so far, so they form a queue: last events ascend and starts descend. The best chain for now is the first one
/// whose last event is not too long ago, and what is too long ago once is so for good.
///
/// - Complexity: O(1) amortised for each operation.
struct FunnelFronts {
    private struct Chain {
        var start: Int64
        var last: Int64
    }

    /// No chain.
    static let none = Int64.min

    private let window: Int64
    private let within: [Int64]
    private let timed: UInt32
    private var starts: [Int64]
    private var queues: [[Chain]]
    private var heads: [Int]
    /// Bit k - 1 is set while there is a chain of length k.
    private(set) var alive: UInt32 = 0
    /// Whether more chains were worth keeping than the limit allows.
    private(set) var isOverfull = false

    init(_ shape: FunnelShape) {
        window = shape.window
        within = shape.within
        timed = shape.timed
        starts = Array(repeating: Self.none, count: shape.count + 1)
        queues = Array(repeating: [], count: timed == 0 ? 0 : shape.count + 1)
        heads = Array(repeating: 0, count: queues.count)
    }

    /// Forgets all chains.
    @inline(__always)
    mutating func clear() {
        if timed != 0 { clearQueues() }
        alive = 0
    }

    private mutating func clearQueues() {
        var rest = alive & timed
        while rest != 0 {
            let step = rest.trailingZeroBitCount + 1
            rest &= rest &- 1
            clear(step)
        }
    }

    /// Forgets the chains of one length.
    @inline(__always)
    mutating func clear(_ step: Int) {
        let bit = UInt32(1) &<< UInt32(step &- 1)
        alive &= ~bit
        if timed & bit != 0 {
            queues[step].removeAll(keepingCapacity: true)
            heads[step] = 0
        }
    }

    /// The latest start of a chain of a length that may take its next event at `now`; ``none`` if there is none.
    @inline(__always)
    mutating func best(_ step: Int, _ now: Int64) -> Int64 {
        let bit = UInt32(1) &<< UInt32(step &- 1)
        guard alive & bit != 0 else { return Self.none }
        if timed & bit != 0 { return bestTimed(step, now) }
        let start = starts[step]
        if isOpen(start, now) { return start }
        alive &= ~bit
        return Self.none
    }

    private mutating func bestTimed(_ step: Int, _ now: Int64) -> Int64 {
        let limit = within[step]
        var head = heads[step]
        while head < queues[step].count, now.subtractingClamped(queues[step][head].last) > limit { head += 1 }
        guard head < queues[step].count, isOpen(queues[step][head].start, now) else {
            clear(step)
            return Self.none
        }
        heads[step] = head
        return queues[step][head].start
    }

    @inline(__always)
    private func isOpen(_ start: Int64, _ now: Int64) -> Bool {
        let (length, overflow) = now.subtractingReportingOverflow(start)
        return !overflow && length <= window
    }

    /// Adds a chain of a length whose last event is now; no chain has a later last event.
    @inline(__always)
    mutating func push(_ step: Int, start: Int64, last: Int64) {
        let bit = UInt32(1) &<< UInt32(step &- 1)
        if timed & bit != 0 {
            pushTimed(step, start, last)
        } else if alive & bit == 0 || starts[step] < start {
            starts[step] = start
        }
        alive |= bit
    }

    private mutating func pushTimed(_ step: Int, _ start: Int64, _ last: Int64) {
        while queues[step].count > heads[step], let end = queues[step].last, end.start <= start {
            queues[step].removeLast()
        }
        if heads[step] > 64, heads[step] * 2 > queues[step].count {
            queues[step].removeFirst(heads[step])
            heads[step] = 0
        }
        guard queues[step].count < FunnelLimits.maxOpenChains else {
            isOverfull = true
            return
        }
        queues[step].append(Chain(start: start, last: last))
    }

    /// Replaces the chains of one length by another collection's.
    mutating func copy(_ step: Int, from other: FunnelFronts) {
        let bit = UInt32(1) << UInt32(step - 1)
        clear(step)
        guard other.alive & bit != 0 else { return }
        alive |= bit
        starts[step] = other.starts[step]
        if timed & bit != 0 {
            queues[step] = other.queues[step]
            heads[step] = other.heads[step]
        }
    }

    /// Throws if more chains were under way than may be.
    func check() throws(QueryError) {
        guard isOverfull else { return }
        throw FunnelLimits.exceeded(
            "has more than \(FunnelLimits.maxOpenChains) chains of one visitor under way", "maxOpenChains",
            "Shorten `within` and `window`, or leave out visitors with so many events.")
    }
}
