extension FunnelAnyOrder {
    /// Fills ``stops`` with the chain whose events come as early as can be: of all sets of events with as many steps,
    /// the one with the earliest times in every place.
    mutating func trace(_ events: FunnelEvents, from first: Int, _ found: FunnelFound) throws(QueryError) {
        stops.removeAll(keepingCapacity: true)
        traced = found
        guard found.length > 0 else { return }
        forceExclusions(events, from: first)
        var position = first
        while position < events.count, events[position].time <= found.end {
            let now = events[position].time
            var end = position + 1
            while end < events.count, events[end].time == now { end += 1 }
            if now >= found.start {
                let before = basis.count
                addAll(events, position..<end)
                let forced = forcedCount(events, position..<end)
                for _ in 0..<(basis.count - before + forced) {
                    stops.append(Stop(time: now, events: position..<end))
                }
            }
            position = end
        }
        guard stops.count == found.length else {
            throw QueryError(.storageError, "The funnel's chain of \(found.length) events was not found again.")
        }
    }

    private func isForced(_ event: VisitorEvents<FunnelEvent>.Entry) -> Bool {
        event.time > traced.start && event.time < traced.end && event.payload.excludes & shape.stopBits != 0
    }

    private func forcedCount(_ events: FunnelEvents, _ range: Range<Int>) -> Int {
        guard shape.stopBits != 0 else { return 0 }
        return range.count { isForced(events[$0]) }
    }

    /// The exclusions between the chain's ends are of the chain before any others.
    private mutating func forceExclusions(_ events: FunnelEvents, from first: Int) {
        basis.clear()
        guard shape.stopBits != 0 else { return }
        var position = first
        while position < events.count, events[position].time < traced.end {
            if isForced(events[position]) {
                _ = basis.addIfFree(shape.project(events[position].payload.steps), events[position].time)
            }
            position += 1
        }
    }

    /// Adds the events of one time, but for exclusions that are there already.
    private mutating func addAll(_ events: FunnelEvents, _ range: Range<Int>) {
        if shape.strictIncrease {
            // One event of the time, whichever; none if an exclusion is that one.
            if forcedCount(events, range) > 0 { return }
            _ = basis.addIfFree(union(events, range), events[range.lowerBound].time)
            return
        }
        for index in range where !isForced(events[index]) {
            _ = basis.addIfFree(shape.project(events[index].payload.steps), events[index].time)
        }
    }

    private func union(_ events: FunnelEvents, _ range: Range<Int>) -> UInt32 {
        range.reduce(0) { $0 | shape.project(events[$1].payload.steps) }
    }

    /// Calls `body` with every event that can be the chain's k-th in order of time.
    mutating func forEachCandidate(
        _ events: FunnelEvents, _ number: Int, length: Int, _ body: (FunnelEvent) -> Void
    ) {
        let stop = stops[number - 1]
        let forced = forcedCount(events, stop.events)
        for index in stop.events {
            let event = events[index].payload
            let mask = shape.project(event.steps)
            guard mask != 0 else { continue }
            if isForced(events[index]) {
                body(event)
                continue
            }
            // Where exclusions are all there is of the time, nothing else can be.
            let here = stops.count { $0.time == stop.time }
            if here == forced { continue }
            if canBe(mask, stop, events) { body(event) }
        }
    }

    /// Whether an event can be of a chain with the same times.
    private mutating func canBe(_ mask: UInt32, _ stop: Stop, _ events: FunnelEvents) -> Bool {
        guard let start = stops.first?.events.lowerBound else { return false }
        forceExclusions(events, from: start)
        var previous: Int?
        for other in stops {
            if other.events.lowerBound == previous { continue }
            previous = other.events.lowerBound
            if shape.strictIncrease {
                if other.time == stop.time {
                    guard basis.addIfFree(mask, stop.time) else { return false }
                } else {
                    addAll(events, other.events)
                }
                continue
            }
            if other.time == stop.time { return basis.addIfFree(mask, stop.time) }
            addAll(events, other.events)
        }
        return basis.count == stops.count
    }
}
