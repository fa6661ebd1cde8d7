extension Reference {
    /// `aggregate`.
    func aggregate(_ query: JSON) throws(ReferenceError) -> JSON {
        let names = metricNames(query)
        let span = try span(query)
        var answer: [String: JSON] = [
            "metrics": .object(try metrics(names, over: try matching(query, in: span)))
        ]
        if query["compare"]?.text == "previous" {
            let previous = span.map { ReferenceSpan(from: $0.from - ($0.to - $0.from), to: $0.from) }
            answer["previous"] = .object(try metrics(names, over: try matching(query, in: previous)))
        }
        return .object(answer)
    }

    /// `timeseries`.
    func timeseries(_ query: JSON) throws(ReferenceError) -> JSON {
        guard let span = try span(query) else { return ["rows": []] }
        let names = metricNames(query)
        let calendar = try calendar(query)
        let matching = try matching(query, in: span)
        var groups: [(key: Text?, members: [Int])] = [(nil, matching)]
        if let dimension = query["by"]?.text {
            let limit = Int(query["limit"]?.int ?? 10)
            let ranked = grouped([dimension], matching).sorted { left, right in
                left.members.count != right.members.count
                    ? left.members.count > right.members.count : precedes(left.key, right.key)
            }
            groups = ranked.prefix(limit).map { ($0.key[0], $0.members) }
        }
        var rows: [JSON] = []
        for interval in intervals(query["interval"]?.text ?? "day", in: span, calendar) {
            for group in groups {
                let members = group.members.filter { interval.contains(events[$0].time) }
                var row = try metrics(names, over: members)
                row["time"] = .string(calendar.instant(interval.lowerBound).text)
                if query["by"] != nil { row["key"] = Reference.shown(group.key) }
                rows.append(.object(row))
            }
        }
        return ["rows": .array(rows)]
    }

    /// The intervals that a span touches.
    private func intervals(_ name: String, in span: ReferenceSpan, _ calendar: ReferenceCalendar) -> [Range<Int64>] {
        var intervals: [Range<Int64>] = []
        var start = calendar.start(of: name, containing: span.from)
        while start < span.to {
            let end = calendar.next(after: start, interval: name)
            intervals.append(start..<end)
            start = end
        }
        return intervals
    }

    /// `top`.
    func top(_ query: JSON) throws(ReferenceError) -> JSON {
        let dimensions = query["by"]?.array?.compactMap(\.text) ?? query["by"]?.text.map { [$0] } ?? []
        let names = metricNames(query)
        let order = query["order_by"]?.text ?? names[0]
        let groups = grouped(dimensions, try matching(query, in: try span(query)))
        var rows: [(key: [Text?], members: [Int], metrics: [String: JSON])] = []
        for group in groups {
            rows.append((group.key, group.members, try metrics(names, over: group.members)))
        }
        let ascends = query["order"]?.text == "asc"
        rows.sort { left, right in
            let one = left.metrics[order]?.double
            let other = right.metrics[order]?.double
            if one == other { return precedes(left.key, right.key) }
            // Those that have nothing to be ordered by come last either way.
            guard let one else { return false }
            guard let other else { return true }
            return ascends ? one < other : one > other
        }
        var kept: [Int] = []
        for (index, row) in rows.enumerated() where try passes(query["having"]?.array ?? [], row.metrics) {
            kept.append(index)
        }
        let shown = kept.dropFirst(Int(query["offset"]?.int ?? 0)).prefix(Int(query["limit"]?.int ?? 10))
        var shownRows: [JSON] = []
        for index in shown {
            var row = rows[index].metrics
            row["key"] = .array(rows[index].key.map(Reference.shown))
            // So few visitors are never estimated.
            if query["approximate"]?.bool == true { row["relative_error"] = 0 }
            if query["series"] != nil { row["series"] = try series(query, of: rows[index].members) }
            shownRows.append(.object(row))
        }
        var answer: [String: JSON] = [
            "rows": .array(shownRows), "distinct": .integer(Int64(groups.count)),
        ]
        if query["other"]?.bool == true {
            var other: [String: JSON] = [:]
            for name in names where Reference.isAdditive(name) {
                let hidden = rows.indices.filter { !shown.contains($0) }
                other[name] = .number(hidden.reduce(0) { $0 + (rows[$1].metrics[name]?.double ?? 0) })
            }
            answer["other"] = .object(other)
        }
        return .object(answer)
    }

    /// The time series of one row of a top list.
    private func series(_ query: JSON, of members: [Int]) throws(ReferenceError) -> JSON {
        guard let span = try span(query) else { return [] }
        let calendar = try calendar(query)
        var points: [JSON] = []
        for interval in intervals(query["series"]?.text ?? "day", in: span, calendar) {
            let own = members.filter { interval.contains(events[$0].time) }
            var point = try metrics(metricNames(query), over: own)
            point["time"] = .string(calendar.instant(interval.lowerBound).text)
            points.append(.object(point))
        }
        return .array(points)
    }

    /// The events of each key, an event standing under every combination of its values.
    private func grouped(_ dimensions: [String], _ indices: [Int]) -> [(key: [Text?], members: [Int])] {
        var groups: [[Text?]: [Int]] = [:]
        for index in indices {
            var combinations: [[Text?]] = [[]]
            for dimension in dimensions {
                combinations = combinations.flatMap { begun in keys(dimension, of: index).map { begun + [$0] } }
            }
            for combination in combinations { groups[combination, default: []].append(index) }
        }
        return groups.map { ($0.key, $0.value) }
    }

    private func passes(_ conditions: [JSON], _ metrics: [String: JSON]) throws(ReferenceError) -> Bool {
        for condition in conditions {
            guard let name = condition["metric"]?.text, let bound = condition["value"]?.double else {
                throw ReferenceError("an incomplete condition \(condition)")
            }
            guard let number = metrics[name]?.double else { return false }
            let holds: Bool
            switch condition["op"]?.text {
            case "gt": holds = number > bound
            case "gte": holds = number >= bound
            case "lt": holds = number < bound
            case "lte": holds = number <= bound
            case "is": holds = number == bound
            case "is_not": holds = number != bound
            default: throw ReferenceError("an unknown operator in \(condition)")
            }
            if !holds { return false }
        }
        return true
    }
}
