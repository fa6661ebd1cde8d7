/// Events that can all be given different steps, no more of them than there are steps: an independent set of the
/// transversal matroid of events and steps.
///
/// In a matroid, taking elements greedily by weight gives the set whose k best elements are the best k elements of any
/// independent set, for every k at once. Two uses follow. Adding events in order of time, each one pushing out the
/// oldest event that it could replace, keeps the latest possible events: how many of them lie after a time is the most
/// steps that any events after that time can take. Adding events in order of time and refusing what does not fit keeps
/// the earliest possible ones.
///
/// - Complexity: O(steps²) an added event; O(1) when one of its steps is free.
struct FunnelBasis {
    /// By step, from 0: the event that has it.
    private var masks: [UInt32]
    private(set) var times: [Int64]
    /// Steps that have an event.
    private(set) var taken: UInt32 = 0
    private var parents: [Int]

    init(steps: Int) {
        masks = Array(repeating: 0, count: steps)
        times = Array(repeating: 0, count: steps)
        parents = Array(repeating: -1, count: steps)
    }

    var count: Int { taken.nonzeroBitCount }

    mutating func clear() { taken = 0 }

    /// Adds an event if all of them can still have different steps.
    ///
    /// - Returns: whether it was added.
    @inline(__always)
    mutating func addIfFree(_ mask: UInt32, _ time: Int64) -> Bool {
        guard mask != 0 else { return false }
        let free = mask & ~taken
        if free != 0 {
            put(free.trailingZeroBitCount, mask, time)
            return true
        }
        let (step, _) = search(mask)
        guard let step else { return false }
        move(to: step, mask, time)
        return true
    }

    /// Adds an event that is later than all others, in place of the oldest that it can replace if there is no room.
    ///
    /// - Returns: the time of the event that had to go, which is the added one's own if it takes no step; `nil` if none
    ///   had to.
    @inline(__always)
    mutating func addLatest(_ mask: UInt32, _ time: Int64) -> Int64? {
        guard mask != 0 else { return time }
        let free = mask & ~taken
        if free != 0 {
            put(free.trailingZeroBitCount, mask, time)
            return nil
        }
        if mask & (mask &- 1) == 0, masks[mask.trailingZeroBitCount] == mask {
            let step = mask.trailingZeroBitCount
            let old = times[step]
            times[step] = time
            return old
        }
        let (step, reached) = search(mask)
        if let step {
            move(to: step, mask, time)
            return nil
        }
        var oldest = reached.trailingZeroBitCount
        var rest = reached
        while rest != 0 {
            let step = rest.trailingZeroBitCount
            rest &= rest &- 1
            if times[step] < times[oldest] { oldest = step }
        }
        let old = times[oldest]
        move(to: oldest, mask, time)
        return old
    }

    /// Whether an event could be added, or could take the place of one.
    mutating func hasRoom(for mask: UInt32) -> Bool {
        guard mask != 0 else { return false }
        return mask & ~taken != 0 || search(mask).free != nil
    }

    /// The number of events at or after a time, and the earliest of those.
    @inline(__always)
    func latest(since time: Int64) -> (count: Int, first: Int64) {
        var rest = taken
        var count = 0
        var first = Int64.max
        while rest != 0 {
            let step = rest.trailingZeroBitCount
            rest &= rest &- 1
            guard times[step] >= time else { continue }
            count &+= 1
            first = min(first, times[step])
        }
        return (count, first)
    }

    @inline(__always)
    private mutating func put(_ step: Int, _ mask: UInt32, _ time: Int64) {
        masks[step] = mask
        times[step] = time
        taken |= 1 &<< UInt32(step)
    }

    /// Searches for a free step by way of events that could move to it.
    private mutating func search(_ mask: UInt32) -> (free: Int?, reached: UInt32) {
        var reached = mask
        var open = mask
        for step in parents.indices where mask & (1 << UInt32(step)) != 0 { parents[step] = -1 }
        while open != 0 {
            let step = open.trailingZeroBitCount
            open &= open &- 1
            if taken & (1 << UInt32(step)) == 0 { return (step, reached) }
            let new = masks[step] & ~reached
            reached |= new
            open |= new
            var rest = new
            while rest != 0 {
                parents[rest.trailingZeroBitCount] = step
                rest &= rest &- 1
            }
        }
        return (nil, reached)
    }

    /// Makes room at the end of the path that ``search(_:)`` has found to a step; the event that is there goes.
    private mutating func move(to step: Int, _ mask: UInt32, _ time: Int64) {
        var step = step
        while parents[step] >= 0 {
            let parent = parents[step]
            put(step, masks[parent], times[parent])
            step = parent
        }
        put(step, mask, time)
    }
}
