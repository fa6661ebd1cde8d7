/// Finds the best chain of one visitor (or session) in order of steps: in one pass over the events in order of time,
/// for every rule that a chain has to keep.
///
/// Not thread-safe; reused for many visitors without allocating.
struct FunnelChains {
    let shape: FunnelShape
    private var fronts: FunnelFronts
    private var group: FunnelGroup
    private var next: [Int64]
    private var found = FunnelFound()
    private var latestStart = FunnelFronts.none

    init(_ shape: FunnelShape) {
        self.shape = shape
        fronts = FunnelFronts(shape)
        group = FunnelGroup(shape, spans: shape.stops)
        next = Array(repeating: FunnelFronts.none, count: shape.count + 1)
    }

    /// The best chain that begins within a time.
    ///
    /// - Parameters:
    ///   - first: the position of the first event to look at; none before it is as late as `starts`.
    ///   - starts: when a chain may begin.
    ///   - fastest: whether time matters; if not, any chain of the greatest length will do.
    /// - Complexity: O(events · steps) but for events of equal times, see ``FunnelGroup``.
    mutating func best(
        _ events: FunnelEvents, from first: Int, starts: ClosedRange<Int64>, fastest: Bool
    ) throws(QueryError) -> FunnelFound {
        fronts.clear()
        found = FunnelFound()
        latestStart = FunnelFronts.none
        let stopsAtFirst = !fastest || starts.lowerBound == starts.upperBound
        var position = first
        while position < events.count {
            let now = events[position].time
            if now > starts.upperBound, !mayGoOn(now) { break }
            let mayStart = now >= starts.lowerBound && now <= starts.upperBound
            var end = position &+ 1
            if end == events.count || events[end].time != now {
                single(events[position].payload, now, mayStart)
            } else {
                while end < events.count, events[end].time == now { end &+= 1 }
                tied(events, position..<end, now, mayStart)
            }
            position = end
            if found.length == shape.count, stopsAtFirst { break }
        }
        try group.check()
        return found
    }

    /// Whether the window of the latest start is still open.
    @inline(__always)
    private func mayGoOn(_ now: Int64) -> Bool {
        latestStart != FunnelFronts.none && now.subtractingClamped(latestStart) <= shape.window
    }

    /// One event alone at its time. Steps are taken from the last to the first, so that it serves one step of a chain
    /// only.
    @inline(__always)
    private mutating func single(_ event: FunnelEvent, _ now: Int64, _ mayStart: Bool) {
        let mask = shape.project(event.steps)
        // Chains that cannot leave the event behind end here, unless they take it.
        var ending = shape.stopped(event.excludes) & fronts.alive
        if shape.strictOrder { ending |= fronts.alive & ~shape.passed(event.repeats) }
        var rest = mask | ending
        while rest != 0 {
            let step = 32 &- rest.leadingZeroBitCount
            let bit = UInt32(1) &<< UInt32(step &- 1)
            rest &= ~bit
            var start = FunnelFronts.none
            if mask & bit != 0 {
                if step == 1 {
                    if mayStart { start = now }
                } else {
                    start = fronts.best(step &- 1, now)
                }
            }
            if ending & bit != 0 { fronts.clear(step) }
            if start != FunnelFronts.none { add(step, start, now) }
        }
    }

    @inline(__always)
    private mutating func add(_ step: Int, _ start: Int64, _ now: Int64) {
        if step == 1 { latestStart = now }
        found.note(step, start, now)
        if step < shape.count { fronts.push(step, start: start, last: now) }
    }

    /// Several events at one time.
    private mutating func tied(_ events: FunnelEvents, _ range: Range<Int>, _ now: Int64, _ mayStart: Bool) {
        var union: UInt32 = 0
        var isSimple = !shape.strictOrder && !shape.strictIncrease
        var excludes: UInt32 = 0
        for index in range {
            let mask = shape.project(events[index].payload.steps)
            union |= mask
            excludes |= events[index].payload.excludes
            isSimple = isSimple && mask & (mask &- 1) == 0
        }
        if excludes & shape.stopBits == 0 {
            if isSimple {
                simple(union, now, mayStart)
                return
            }
            if shape.strictIncrease, !shape.strictOrder {
                // Every event of the group extends chains that ended before it, and none of the group is passed over.
                single(FunnelEvent(steps: shape.unproject(union), excludes: 0), now, mayStart)
                return
            }
        }
        group.load(events, range)
        matched(now, mayStart)
    }

    /// Events of one step each: different steps have different events, so in the order of steps a chain may take
    /// several.
    private mutating func simple(_ union: UInt32, _ now: Int64, _ mayStart: Bool) {
        var before = FunnelFronts.none
        var rest = union
        // Of chains that were there before the group, those of the step before are asked for before they get new ones.
        var step = 0
        var older = mayStart ? now : FunnelFronts.none
        while rest != 0 {
            let following = rest.trailingZeroBitCount + 1
            rest &= rest &- 1
            if following != step + 1 {
                before = FunnelFronts.none
                older = following == 1 ? older : fronts.best(following - 1, now)
            }
            step = following
            let start = max(older, before)
            // Asked for now, since what is added would be found as well.
            older = step < shape.count ? fronts.best(step, now) : FunnelFronts.none
            if start != FunnelFronts.none { add(step, start, now) }
            before = start
        }
    }

    /// For every length a chain may have before the group: how many further steps can be given different events of it,
    /// and with how many of them it may go on.
    private mutating func matched(_ now: Int64, _ mayStart: Bool) {
        for step in next.indices { next[step] = FunnelFronts.none }
        for length in 0..<shape.count {
            let start = length == 0 ? (mayStart ? now : FunnelFronts.none) : fronts.best(length, now)
            if start == FunnelFronts.none { continue }
            let top = group.reach(from: length)
            guard top > length else { continue }
            if length == 0 { latestStart = now }
            found.note(top, start, now)
            for step in (length + 1)...top where step < shape.count && next[step] < start {
                if group.passes(length, step) { next[step] = start }
            }
        }
        for step in 1...shape.count {
            if fronts.alive & (1 << UInt32(step - 1)) != 0, !group.passes(step, step) { fronts.clear(step) }
            if next[step] != FunnelFronts.none { fronts.push(step, start: next[step], last: now) }
        }
    }
}
