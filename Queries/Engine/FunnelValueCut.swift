/// Cuts a visitor's events by the values of `same`: for each value the events that have it, and of the others those
/// that stand between them as exclusions, or in strict order as any event, without being able to take a step.
///
/// Its buffers are used again for every visitor.
struct FunnelValueCut {
    private var places: [(value: UInt64, position: UInt32)] = []
    private var always: [UInt32] = []
    private var sequence: [VisitorEvents<FunnelEvent>.Entry] = []
    private var done = 0

    /// Sorts a visitor's events by value.
    ///
    /// - Parameters:
    ///   - values: the worker's, into which events point.
    ///   - keepsAll: whether every event matters to every value.
    mutating func sort(_ events: FunnelEvents, _ values: [UInt64], keepsAll: Bool) {
        places.removeAll(keepingCapacity: true)
        always.removeAll(keepingCapacity: true)
        done = 0
        for position in events.indices {
            let event = events[position].payload
            if event.steps != 0 {
                for index in Int(event.firstValue)..<Int(event.firstValue + event.values) {
                    places.append((values[index], UInt32(position)))
                }
            }
            if keepsAll || event.excludes != 0 { always.append(UInt32(position)) }
        }
        places.sort { ($0.value, $0.position) < ($1.value, $1.position) }
    }

    /// The events of the next value, in order of time; `nil` after the last.
    ///
    /// - Complexity: O(events of the value + events that matter to all).
    mutating func next(_ events: FunnelEvents) -> [VisitorEvents<FunnelEvent>.Entry]? {
        guard done < places.count else { return nil }
        let value = places[done].value
        sequence.removeAll(keepingCapacity: true)
        var between = 0
        while done < places.count, places[done].value == value {
            let position = places[done].position
            while between < always.count, always[between] < position {
                add(events[Int(always[between])], takesSteps: false)
                between += 1
            }
            if between < always.count, always[between] == position { between += 1 }
            add(events[Int(position)], takesSteps: true)
            done += 1
        }
        while between < always.count {
            add(events[Int(always[between])], takesSteps: false)
            between += 1
        }
        return sequence
    }

    private mutating func add(_ entry: VisitorEvents<FunnelEvent>.Entry, takesSteps: Bool) {
        var entry = entry
        if !takesSteps { entry.payload.steps = 0 }
        sequence.append(entry)
    }
}
