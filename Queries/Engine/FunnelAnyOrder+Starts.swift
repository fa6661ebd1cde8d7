extension FunnelAnyOrder {
    /// Whether the one pass over the events is not enough: where exclusions can be events of the chain, and a chain's
    /// first event is given, or it has one event of a time only, what a chain must hold depends on where it begins.
    func needsEachStart(_ events: FunnelEvents, _ starts: ClosedRange<Int64>) -> Bool {
        guard shape.stopBits != 0, shape.strictIncrease || starts.upperBound != .max || starts.lowerBound != .min else {
            return false
        }
        return events.contains {
            $0.payload.excludes & shape.stopBits != 0 && shape.project($0.payload.steps) != 0
        }
    }

    /// The best chain, by trying every time at which one may begin.
    ///
    /// - Complexity: O(starts · events of a window · steps²).
    mutating func bestOfEachStart(
        _ events: FunnelEvents, from first: Int, starts: ClosedRange<Int64>
    ) throws(QueryError) -> FunnelFound {
        var found = FunnelFound()
        var position = first
        while position < events.count, events[position].time <= starts.upperBound {
            let now = events[position].time
            var end = position
            var union: UInt32 = 0
            while end < events.count, events[end].time == now {
                union |= shape.project(events[end].payload.steps)
                end += 1
            }
            if union != 0, now >= starts.lowerBound {
                try check()
                extend(events, from: position, union, &found)
            }
            position = end
        }
        return found
    }

    /// Notes the chains that begin with the events of one time.
    private mutating func extend(_ events: FunnelEvents, from first: Int, _ union: UInt32, _ found: inout FunnelFound) {
        let start = events[first].time
        basis.clear()
        // What the chain must hold: an event of its start, and every exclusion it goes over.
        exclusions.clear()
        _ = exclusions.addIfFree(union, start)
        var position = first
        while position < events.count, events[position].time.subtractingClamped(start) <= shape.window {
            let now = events[position].time
            var end = position
            var union: UInt32 = 0
            var excluded: [UInt32] = []
            while end < events.count, events[end].time == now {
                let mask = shape.project(events[end].payload.steps)
                union |= mask
                if events[end].payload.excludes & shape.stopBits != 0 { excluded.append(mask) }
                if !shape.strictIncrease { _ = basis.addIfFree(mask, now) }
                end += 1
            }
            let count = basis.count + (shape.strictIncrease && basis.hasRoom(for: union) ? 1 : 0)
            if count > 0 { found.note(count, start, now) }
            if shape.strictIncrease {
                // A chain that goes on has taken the exclusion of this time, if there is one, and nothing else of it.
                if now > start, excluded.count > 1 { return }
                _ = basis.addIfFree(now > start ? excluded.first ?? union : union, now)
            }
            if now > start {
                for mask in excluded where !exclusions.addIfFree(mask, now) { return }
            }
            position = end
        }
    }
}
