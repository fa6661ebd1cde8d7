import Events
import Storage

extension EventsQuery {
    /// Answers the query: the matching events, newest first, and where to go on.
    func answer(_ execution: Execution, _ range: ResolvedRange) throws(QueryError) -> [(key: String, value: JSONValue)]
    {
        var position: EventCursor?
        if let cursor { position = try EventCursor(cursor) }
        let (found, hasMore) = try EventScan(
            execution: execution, filter: common.filter, range: range, limit: limit, cursor: position
        ).run()
        let formatter = TimeFormatter(common.timezone)
        var readers: [Int: EventReader] = [:]
        var events: [JSONValue] = []
        for event in found {
            let reader: EventReader
            if let known = readers[event.segment] {
                reader = known
            } else {
                reader = try EventReader(execution.segments[event.segment], execution: execution)
                readers[event.segment] = reader
            }
            events.append(
                try reader.json(
                    row: event.row, name: event.name, time: formatter.string(event.time), columns: columns))
        }
        var next: JSONValue = .null
        if hasMore, let last = found.last {
            var shown = found.reversed().prefix { $0.time == last.time && $0.hash == last.hash }.count
            if let position, position.time == last.time, position.hash == last.hash { shown += position.shown }
            next = .string(EventCursor(time: last.time, hash: last.hash, shown: shown).text)
        }
        return [("events", .array(events)), ("cursor", next)]
    }
}

extension ValuesQuery {
    /// Answers the query: values with the prefix, most frequent first.
    func answer(_ execution: Execution, _ range: ResolvedRange) throws(QueryError) -> [(key: String, value: JSONValue)]
    {
        let grouping = Grouping(dimensions: [dimension])
        let result = try GroupedScan(
            execution: execution, grouping: grouping, filter: common.filter, range: range, plan: Accumulators.Plan([]),
            kept: 0
        ).run()
        var texts = GroupTexts(execution, grouping)
        var values: [(text: String, events: Int)] = []
        for group in 0..<result.table.count {
            if group & 0xFFF == 0 { try execution.check() }
            guard let text = try texts.text(result.table, group, dimension: 0), text.utf8.starts(with: prefix.utf8)
            else { continue }
            values.append((text, result.sums.events[group]))
        }
        try execution.sort(&values) { left, right in
            left.events != right.events
                ? left.events > right.events : left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
        }
        let shown = values.prefix(limit).map { value -> JSONValue in
            .object([("value", .string(value.text)), ("events", .integer(Int64(value.events)))])
        }
        return [("values", .array(shown))]
    }
}

extension SchemaQuery {
    /// Answers the query: every dimension that has values.
    func answer(_ execution: Execution, _ range: ResolvedRange) throws(QueryError) -> [(key: String, value: JSONValue)]
    {
        let formatter = TimeFormatter(common.timezone)
        let dimensions = try SchemaScan(execution: execution, filter: common.filter, range: range).run().map {
            summary -> JSONValue in
            let names: [ValueKind: String] = [.boolean: "boolean", .number: "number", .string: "string"]
            let types = summary.types.compactMap { names[$0] }
            let seen = summary.types.map { kind -> JSONValue in
                let type = summary.seen[Int(kind.rawValue)]
                return .object([
                    ("type", .string(names[kind] ?? "")), ("events", .integer(Int64(type.events))),
                    ("first", .string(formatter.string(type.first))), ("last", .string(formatter.string(type.last))),
                ])
            }
            return .object([
                ("name", .string(summary.name)), ("types", .array(types.sorted().map { .string($0) })),
                ("events", .integer(Int64(summary.events))),
                ("first", .string(formatter.string(summary.first))), ("last", .string(formatter.string(summary.last))),
                ("seen", .array(seen)), ("conflicts", .integer(Int64(summary.conflicts))),
            ])
        }
        return [("dimensions", .array(dimensions))]
    }
}
