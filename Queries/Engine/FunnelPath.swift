/// Traces the chain that stands for a visitor: of the chains of a known length, first and last time, the one whose
/// second event is earliest, of those the one whose third is, and so on.
///
/// One pass from the last event back marks the times at which a chain of each length could go on to the end; one pass
/// forward then takes each step as soon as it can.
///
/// - Complexity: O(events between the first and the last · steps), but for equal times, see ``FunnelGroup``.
struct FunnelPath {
    /// Where one step of the chain stands.
    struct Stop {
        /// Event time.
        var time: Int64
        /// The events of that time, one of which it is.
        var events: Range<Int>
        /// The steps that the chain had done before this time, and those it has done after it.
        var from: Int
        var to: Int
    }

    private struct Moment {
        var events: Range<Int>
        /// Bit j: a chain of j events that comes here can take events here and reach the end.
        var entering: UInt32
        /// Bit k - 1: a chain of k events whose last one is here can reach the end.
        var leaving: UInt32
    }

    private let shape: FunnelShape
    private var group: FunnelGroup
    private var moments: [Moment] = []
    private var nextTime: [Int64]
    /// The chain's events in its order.
    private(set) var stops: [Stop] = []

    init(_ shape: FunnelShape) {
        self.shape = shape
        group = FunnelGroup(shape, spans: shape.stops)
        nextTime = Array(repeating: 0, count: shape.count + 1)
    }

    /// Fills ``stops``.
    ///
    /// - Parameters:
    ///   - first: a position before the first event of the chain, or its own.
    ///   - found: a chain that ``FunnelChains`` has found over the same events.
    mutating func trace(_ events: FunnelEvents, from first: Int, _ found: FunnelFound) throws(QueryError) {
        stops.removeAll(keepingCapacity: true)
        guard found.length > 0 else { return }
        mark(events, first, found)
        follow(events, found)
        try group.check()
        guard stops.count == found.length else {
            throw QueryError(.storageError, "The funnel's chain of \(found.length) events was not found again.")
        }
    }

    private mutating func mark(_ events: FunnelEvents, _ first: Int, _ found: FunnelFound) {
        moments.removeAll(keepingCapacity: true)
        var position = first
        while position < events.count, events[position].time <= found.end {
            let now = events[position].time
            var end = position + 1
            while end < events.count, events[end].time == now { end += 1 }
            if now >= found.start { moments.append(Moment(events: position..<end, entering: 0, leaving: 0)) }
            position = end
        }
        // The lengths that have somewhere to go on to, and when.
        var going: UInt32 = 0
        for index in moments.indices.reversed() {
            let range = moments[index].events
            let now = events[range.lowerBound].time
            let isLast = now == found.end
            var leaving = going
            var timed = going & shape.timed
            while timed != 0 {
                let step = timed.trailingZeroBitCount + 1
                timed &= timed &- 1
                if nextTime[step].subtractingClamped(now) > shape.within[step] { leaving &= ~(1 << UInt32(step - 1)) }
            }
            moments[index].leaving = leaving
            let (entering, staying) = marks(events, range, leaving, length: isLast ? found.length : 0)
            moments[index].entering = entering
            going &= staying
            var entries = entering >> 1
            while entries != 0 {
                let step = entries.trailingZeroBitCount + 1
                entries &= entries &- 1
                nextTime[step] = now
                going |= 1 << UInt32(step - 1)
            }
        }
    }

    /// Which lengths may come to the events of one time and get to the end, and which may leave them all behind.
    ///
    /// - Parameter length: the chain's length if this is its last time, else 0.
    private mutating func marks(
        _ events: FunnelEvents, _ range: Range<Int>, _ leaving: UInt32, length: Int
    ) -> (entering: UInt32, staying: UInt32) {
        if range.count == 1 {
            let event = events[range.lowerBound].payload
            let mask = shape.project(event.steps)
            let useful = length > 0 ? mask & (1 << UInt32(length - 1)) : mask & leaving
            var staying = ~shape.stopped(event.excludes)
            if shape.strictOrder { staying &= shape.passed(event.repeats) }
            return (useful, staying)
        }
        group.load(events, range)
        var entering: UInt32 = 0
        var staying: UInt32 = 0
        for from in 0..<shape.count {
            if from > 0, group.passes(from, from) { staying |= 1 << UInt32(from - 1) }
            if target(from, leaving, length) != nil { entering |= 1 << UInt32(from) }
        }
        return (entering, staying)
    }

    /// The farthest step that a chain may come to at the loaded events and still reach the end.
    private mutating func target(_ from: Int, _ leaving: UInt32, _ length: Int) -> Int? {
        let top = group.reach(from: from)
        if length > 0 { return from < length && top >= length ? length : nil }
        guard top > from else { return nil }
        for to in ((from + 1)...top).reversed() where leaving & (1 << UInt32(to - 1)) != 0 {
            if group.passes(from, to) { return to }
        }
        return nil
    }

    private mutating func follow(_ events: FunnelEvents, _ found: FunnelFound) {
        var done = 0
        for moment in moments where done < found.length && moment.entering & (1 << UInt32(done)) != 0 {
            let now = events[moment.events.lowerBound].time
            var to = done + 1
            if moment.events.count > 1 {
                group.load(events, moment.events)
                to = target(done, moment.leaving, now == found.end ? found.length : 0) ?? to
            }
            for _ in done..<to { stops.append(Stop(time: now, events: moment.events, from: done, to: to)) }
            done = to
        }
    }

    /// Calls `body` with every event that can be the chain's k-th.
    mutating func forEachCandidate(
        _ events: FunnelEvents, _ number: Int, length: Int, _ body: (FunnelEvent) -> Void
    ) {
        let stop = stops[number - 1]
        if stop.events.count == 1 {
            body(events[stop.events.lowerBound].payload)
            return
        }
        let bit = UInt32(1) << UInt32(number - 1)
        group.load(events, stop.events)
        var known: [(kind: FunnelGroup.Member, can: Bool)] = []
        for index in stop.events {
            let event = events[index].payload
            guard shape.project(event.steps) & bit != 0 else { continue }
            let kind = group.kind(of: event)
            let can: Bool
            if let answer = known.first(where: { $0.kind == kind }) {
                can = answer.can
            } else {
                can = group.canTake(kind, as: number, stop.from, stop.to, goesOn: stop.to < length)
                known.append((kind, can))
            }
            if can { body(event) }
        }
    }
}
