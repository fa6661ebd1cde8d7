/// Cuts a visitor's events into sessions, each a run of one buffer that is used again for every visitor.
///
/// The rule is that of ``Sessions``; here nothing is allocated a visitor.
struct FunnelSessions {
    private var numbers: [UInt32] = []
    private var ends: [Int] = []
    private var named: [(id: UInt64, number: UInt32)] = []
    private var sorted: [VisitorEvents<FunnelEvent>.Entry] = []
    private static let searched = 16

    /// Calls `body` with the events of each session that matter to the funnel, in order of time.
    ///
    /// - Parameter isStrict: whether events without a step matter, too.
    mutating func forEach(
        _ events: FunnelEvents, isStrict: Bool, _ body: (FunnelEvents) throws(QueryError) -> Void
    ) throws(QueryError) {
        number(events)
        var kept = 0
        for index in events.indices {
            let event = events[index].payload
            guard event.steps | event.excludes != 0 || (isStrict && event.counts) else {
                numbers[index] = .max
                continue
            }
            ends[Int(numbers[index]) + 1] += 1
            kept += 1
        }
        guard kept > 0, let any = events.first else { return }
        for session in 1..<ends.count { ends[session] += ends[session - 1] }
        sorted.removeAll(keepingCapacity: true)
        sorted.append(contentsOf: repeatElement(any, count: kept))
        for index in events.indices where numbers[index] != .max {
            sorted[ends[Int(numbers[index])]] = events[index]
            ends[Int(numbers[index])] += 1
        }
        var start = 0
        try sorted.withUnsafeBufferPointer { (sorted) throws(QueryError) in
            for session in 0..<(ends.count - 1) where ends[session] > start {
                try body(FunnelEvents(rebasing: sorted[start..<ends[session]]))
                start = ends[session]
            }
        }
    }

    /// Gives each event the number of its session.
    private mutating func number(_ events: FunnelEvents) {
        numbers.removeAll(keepingCapacity: true)
        named.removeAll(keepingCapacity: true)
        var index: HashIndex?
        var ofIndex: [UInt32] = []
        var count: UInt32 = 0
        var derived: (number: UInt32, last: Int64)?
        for event in events {
            let id = event.payload.session
            if id == 0 {
                if let open = derived, event.time.subtractingClamped(open.last) <= SessionScan.inactivity {
                    numbers.append(open.number)
                    derived?.last = event.time
                } else {
                    derived = (count, event.time)
                    numbers.append(count)
                    count += 1
                }
                continue
            }
            if named.count < FunnelSessions.searched {
                if let known = named.first(where: { $0.id == id }) {
                    numbers.append(known.number)
                } else {
                    named.append((id, count))
                    numbers.append(count)
                    count += 1
                }
                continue
            }
            // More sessions with names than are worth searching one by one.
            if index == nil {
                index = HashIndex(capacity: 64)
                for known in named {
                    _ = index?.insert(known.id)
                    ofIndex.append(known.number)
                }
            }
            let number = Int(index?.insert(id) ?? 0)
            if number == ofIndex.count {
                ofIndex.append(count)
                count += 1
            }
            numbers.append(ofIndex[number])
        }
        ends.removeAll(keepingCapacity: true)
        ends.append(contentsOf: repeatElement(0, count: Int(count) + 1))
    }
}
