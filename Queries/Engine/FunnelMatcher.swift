/// Finds how far one visitor (or one session) gets along a funnel: the length of the longest chain, exactly as the
/// contract defines it.
///
/// One pass in order of time keeps for each step k the latest start of any chain of length k so far: a later start
/// leaves more of the window, and nothing else of a chain matters to its future. Events with equal times may stand in
/// any order, so they are taken together: within such a group, consecutive steps are matched to different events
/// (augmenting paths, as in bipartite matching), unless times must increase strictly, when a group can carry a chain
/// by one step only.
///
/// Not thread-safe; reused for many visitors without allocating.
struct FunnelMatcher {
    /// Number of steps, at most 32.
    let steps: Int
    /// Longest time from first to last event, inclusive, milliseconds.
    let window: Int64
    let strictIncrease: Bool
    private var starts: [Int64]
    private var next: [Int64]
    private var reached = 0
    private var group: [UInt32] = []
    private var stepOfEvent: [Int] = []
    private var visited: [Bool] = []

    private static let none = Int64.min

    init(steps: Int, window: Int64, strictIncrease: Bool) {
        precondition((1...32).contains(steps), "a query has 1 to 32 steps")
        self.steps = steps
        self.window = window
        self.strictIncrease = strictIncrease
        starts = Array(repeating: Self.none, count: steps + 1)
        next = starts
    }

    /// The number of steps reached by events in order of time.
    ///
    /// - Parameters:
    ///   - events: positions.
    ///   - time: the time of a position.
    ///   - mask: its steps: bit k - 1 is set if it matches step k. Events that match none may be left out or not.
    /// - Complexity: O(events · steps) but for equal times with several events of overlapping steps, where it is
    ///   O(group · steps³) at most.
    @inline(__always)
    mutating func level(
        _ events: Range<Int>, _ time: (Int) -> Int64, _ mask: (Int) -> UInt32
    ) -> Int {
        for step in starts.indices { starts[step] = Self.none }
        reached = 0
        var position = events.lowerBound
        while position < events.upperBound {
            let now = time(position)
            let first = mask(position)
            position += 1
            if position == events.upperBound || time(position) != now {
                if first != 0 { single(first, at: now) }
            } else {
                group.removeAll(keepingCapacity: true)
                group.append(first)
                while position < events.upperBound, time(position) == now {
                    group.append(mask(position))
                    position += 1
                }
                tied(at: now)
            }
            if reached == steps { return steps }
        }
        return reached
    }

    /// Whether a chain that began at `start` may still take an event at `now`. Times may be far apart, so nothing may
    /// overflow.
    @inline(__always)
    private func isOpen(_ start: Int64, _ now: Int64) -> Bool {
        guard start != Self.none else { return false }
        let (length, overflow) = now.subtractingReportingOverflow(start)
        return !overflow && length <= window
    }

    /// One event alone at its time. Steps are taken from the last to the first, so that it serves one step of a chain
    /// only.
    @inline(__always)
    private mutating func single(_ mask: UInt32, at now: Int64) {
        var rest = mask
        while rest != 0 {
            let step = 32 - rest.leadingZeroBitCount
            rest &= ~(1 << UInt32(step - 1))
            if step == 1 {
                starts[1] = now
                reached = max(reached, 1)
            } else if isOpen(starts[step - 1], now) {
                starts[step] = max(starts[step], starts[step - 1])
                reached = max(reached, step)
            }
        }
    }

    /// Several events at one time.
    private mutating func tied(at now: Int64) {
        var union: UInt32 = 0
        var isSimple = true
        for mask in group {
            union |= mask
            isSimple = isSimple && mask.nonzeroBitCount <= 1
        }
        if union == 0 { return }
        if strictIncrease {
            // Every event of the group extends chains that ended before it.
            single(union, at: now)
        } else if isSimple {
            // Different steps have different events: in the order of steps, a chain may take several.
            for step in 1...steps where union & (1 << UInt32(step - 1)) != 0 {
                if step == 1 {
                    starts[1] = now
                    reached = max(reached, 1)
                } else if isOpen(starts[step - 1], now) {
                    starts[step] = max(starts[step], starts[step - 1])
                    reached = max(reached, step)
                }
            }
        } else {
            matched(at: now)
        }
    }

    /// Several events at one time that can serve several steps each: for every length a chain may have before the
    /// group, how many further steps can be given different events of it.
    private mutating func matched(at now: Int64) {
        limitCopies()
        for step in starts.indices { next[step] = starts[step] }
        for length in 0..<steps {
            let start = length == 0 ? now : starts[length]
            guard length == 0 || isOpen(start, now) else { continue }
            stepOfEvent.removeAll(keepingCapacity: true)
            stepOfEvent.append(contentsOf: repeatElement(0, count: group.count))
            for step in (length + 1)...steps {
                visited.removeAll(keepingCapacity: true)
                visited.append(contentsOf: repeatElement(false, count: group.count))
                guard assign(step) else { break }
                next[step] = max(next[step], start)
                reached = max(reached, step)
            }
        }
        swap(&starts, &next)
    }

    /// Gives `step` an event, moving other steps to other events if need be. The recursion is at most ``steps`` deep.
    private mutating func assign(_ step: Int) -> Bool {
        let bit = UInt32(1) << UInt32(step - 1)
        for event in group.indices where group[event] & bit != 0 && !visited[event] {
            visited[event] = true
            if stepOfEvent[event] == 0 || assign(stepOfEvent[event]) {
                stepOfEvent[event] = step
                return true
            }
        }
        return false
    }

    /// Drops events that match nothing, and copies of equal ones beyond the number of steps they could serve.
    private mutating func limitCopies() {
        group.sort()
        var kept = 0
        var copies = 0
        for index in group.indices {
            let mask = group[index]
            copies = index > 0 && kept > 0 && mask == group[kept - 1] ? copies + 1 : 1
            if mask == 0 || copies > mask.nonzeroBitCount { continue }
            group[kept] = mask
            kept += 1
        }
        group.removeLast(group.count - kept)
    }
}
