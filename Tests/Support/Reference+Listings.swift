extension Reference {
    /// Dimensions that answers may have without the reference deriving them, and the time, which has a form of its own.
    private static let uncompared: Set<String> = [
        "time", "source", "browser", "os", "device", "bot", "user_agent", "site", "id",
    ]

    /// `values`.
    func values(_ query: JSON) throws(ReferenceError) -> JSON {
        guard let dimension = query["dim"]?.text else { throw ReferenceError("values of no dimension") }
        let prefix = Text(query["prefix"]?.text ?? "")
        var counts: [Text: Int] = [:]
        for index in try matching(query, in: try span(query)) {
            for text in events[index].texts(dimension) where text.starts(with: prefix) { counts[text, default: 0] += 1 }
        }
        let ranked = counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
        return [
            "values": .array(
                ranked.prefix(Int(query["limit"]?.int ?? 20)).map {
                    ["value": .string($0.key.string), "events": .integer(Int64($0.value))]
                })
        ]
    }

    /// `schema`.
    func schema(_ query: JSON) throws(ReferenceError) -> JSON {
        let calendar = try calendar(query)
        var seen: [String: [(types: Set<String>, time: Int64)]] = [:]
        for index in try matching(query, in: try span(query)) {
            for (name, values) in events[index].dimensions where !Reference.uncompared.contains(name) {
                seen[name, default: []].append((Set(values.map(\.kind.rawValue)), events[index].time))
            }
        }
        let rows = seen.sorted { $0.key < $1.key }.map { name, entries -> JSON in
            let times = entries.map(\.time)
            let types = Set(entries.flatMap(\.types)).sorted()
            let each = types.map { type -> (type: String, times: [Int64]) in
                (type, entries.filter { $0.types.contains(type) }.map(\.time))
            }
            let inOrder = each.sorted {
                ($0.times.min() ?? 0, -$0.times.count, $0.type) < ($1.times.min() ?? 0, -$1.times.count, $1.type)
            }
            return [
                "name": .string(name),
                "types": .array(types.map { .string($0) }),
                "events": .integer(Int64(entries.count)),
                "first": .string(calendar.instant(times.min() ?? 0).text),
                "last": .string(calendar.instant(times.max() ?? 0).text),
                "seen": .array(
                    inOrder.map { type, times -> JSON in
                        [
                            "type": .string(type), "events": .integer(Int64(times.count)),
                            "first": .string(calendar.instant(times.min() ?? 0).text),
                            "last": .string(calendar.instant(times.max() ?? 0).text),
                        ]
                    }),
                "conflicts": .integer(Int64(entries.count { !$0.types.isSubset(of: [inOrder.first?.type ?? ""]) })),
            ]
        }
        return ["dimensions": .array(rows)]
    }

    /// A schema without the dimensions that are not compared.
    static func comparableSchema(_ answer: JSON) -> JSON {
        guard let dimensions = answer["dimensions"]?.array else { return answer }
        var comparable = answer
        comparable["dimensions"] = .array(
            dimensions.filter { !uncompared.contains($0["name"]?.text ?? "") })
        return comparable
    }

    /// `events`, newest first.
    func rawEvents(_ query: JSON) throws(ReferenceError) -> JSON {
        let newest = try matching(query, in: try span(query)).sorted { events[$0].time > events[$1].time }
        let calendar = try calendar(query)
        return ["events": .array(newest.prefix(limit(query)).map { shown(events[$0], calendar) })]
    }

    private func limit(_ query: JSON) -> Int {
        Int(query["limit"]?.int ?? 100)
    }

    private func shown(_ event: ReferenceEvent, _ calendar: ReferenceCalendar) -> JSON {
        var shown: [String: JSON] = ["time": .string(calendar.instant(event.time).text)]
        var properties: [String: JSON] = [:]
        for (name, values) in event.dimensions where !Reference.uncompared.contains(name) {
            let value: JSON = values.count == 1 ? values[0].json : .array(values.map(\.json))
            if name.hasPrefix("props.") {
                properties[String(name.dropFirst(6))] = value
            } else {
                shown[name] = value
            }
        }
        shown["props"] = .object(properties)
        return .object(shown)
    }

    /// Events of one time may stand in any order, and where the limit cuts through them any of them may be shown.
    func rawEventsDisagreement(_ query: JSON, answer: JSON) throws(ReferenceError) -> [String] {
        guard let listed = answer["events"]?.array else { return ["events: expected an array, not \(answer)"] }
        let calendar = try calendar(query)
        let all = try matching(query, in: try span(query)).sorted { events[$0].time > events[$1].time }
        let expected = all.prefix(limit(query))
        guard listed.count == expected.count else {
            return ["events: expected \(expected.count) of them, not \(listed.count)"]
        }
        var found: [String] = []
        for (position, pair) in zip(expected, listed).enumerated() {
            let time = calendar.instant(events[pair.0].time)
            if Instant(parsing: pair.1["time"]?.text ?? "") != time {
                found.append("events[\(position)].time: expected \(time.text), not \(pair.1["time"] ?? .null)")
            }
        }
        guard found.isEmpty else { return found }
        var remaining: [String: Int] = [:]
        for index in all { remaining[shown(events[index], calendar).description, default: 0] += 1 }
        for (position, event) in listed.enumerated() {
            let text = Reference.comparableEvent(event).description
            if let count = remaining[text], count > 0 {
                remaining[text] = count - 1
            } else {
                found.append("events[\(position)]: \(text) is none of the events, or stands there too often")
            }
        }
        return found.isEmpty ? [] : Array(found.prefix(6)) + ["expected: \(try rawEvents(query))"]
    }

    /// A listed event in the form of ``shown(_:_:)``: properties flat, one value instead of a list of one, time as it
    /// is.
    private static func comparableEvent(_ event: JSON) -> JSON {
        guard let members = event.object else { return event }
        var comparable: [String: JSON] = [:]
        var properties: [String: JSON] = [:]
        for (name, value) in members where !uncompared.contains(name) || name == "time" {
            if name == "props", let sent = value.object {
                flatten(sent, prefix: "", into: &properties)
            } else {
                comparable[name] = plain(value)
            }
        }
        if let instant = event["time"]?.text.flatMap(Instant.init(parsing:)) {
            comparable["time"] = .string(instant.text)
        }
        comparable["props"] = .object(properties)
        return .object(comparable)
    }

    private static func flatten(_ members: [String: JSON], prefix: String, into flat: inout [String: JSON]) {
        for (name, value) in members {
            if let nested = value.object {
                flatten(nested, prefix: prefix + name + ".", into: &flat)
            } else {
                flat[prefix + name] = plain(value)
            }
        }
    }

    /// Whole numbers as integers, and a list of one as its member, so that equal values have equal texts.
    private static func plain(_ value: JSON) -> JSON {
        if let members = value.array { return members.count == 1 ? plain(members[0]) : .array(members.map(plain)) }
        if case .number = value, let whole = value.int { return .integer(whole) }
        return value
    }
}
