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
        let interval = query["interval"]?.text ?? "day"
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
        var start = calendar.start(of: interval, containing: span.from)
        while start < span.to {
            let end = calendar.next(after: start, interval: interval)
            for group in groups {
                let members = group.members.filter { events[$0].time >= start && events[$0].time < end }
                var row = try metrics(names, over: members)
                row["time"] = .string(calendar.instant(start).text)
                if query["by"] != nil { row["key"] = Reference.shown(group.key) }
                rows.append(.object(row))
            }
            start = end
        }
        return ["rows": .array(rows)]
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
        rows.sort { left, right in
            let one = left.metrics[order]?.double ?? -.infinity
            let other = right.metrics[order]?.double ?? -.infinity
            return one != other ? one > other : precedes(left.key, right.key)
        }
        var kept: [Int] = []
        for (index, row) in rows.enumerated() where try passes(query["having"]?.array ?? [], row.metrics) {
            kept.append(index)
        }
        let shown = kept.dropFirst(Int(query["offset"]?.int ?? 0)).prefix(Int(query["limit"]?.int ?? 10))
        var answer: [String: JSON] = [
            "rows": .array(
                shown.map { index in
                    var row = rows[index].metrics
                    row["key"] = .array(rows[index].key.map(Reference.shown))
                    return .object(row)
                }),
            "distinct": .integer(Int64(groups.count)),
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
            default: throw ReferenceError("an unknown operator in \(condition)")
            }
            if !holds { return false }
        }
        return true
    }
}
