import Storage

extension FunnelQuery {
    /// Answers the query.
    func answer(_ execution: Execution, _ range: ResolvedRange) throws(QueryError) -> [(key: String, value: JSONValue)]
    {
        let result = try FunnelScan(execution: execution, query: self, range: range).run()
        var members = [(key: "steps", value: stepsJSON(result.counts))]
        guard !by.isEmpty else { return members }
        var texts = GroupTexts(execution, Grouping(dimensions: by))
        var rows: [(key: [String?], counts: [Int])] = []
        for group in 0..<result.table.count where result.rows[group][0] > 0 {
            rows.append((try texts.key(result.table, group), result.rows[group]))
        }
        rows.sort { left, right in
            left.counts[0] != right.counts[0]
                ? left.counts[0] > right.counts[0] : KeyOrder.precedes(left.key, right.key)
        }
        let shown = rows.prefix(limit).map { row -> JSONValue in
            let key = row.key.map { text -> JSONValue in text.map { .string($0) } ?? .null }
            // One dimension's key is its value, several make a list.
            return .object([("key", by.count == 1 ? key[0] : .array(key)), ("steps", stepsJSON(row.counts))])
        }
        members.append(("rows", .array(shown)))
        return members
    }

    private func stepsJSON(_ counts: [Int]) -> JSONValue {
        .array(
            counts.enumerated().map { index, count in
                let before = index == 0 ? count : counts[index - 1]
                func rate(_ count: Int, of whole: Int) -> JSONValue {
                    whole == 0 ? .null : .number(Double(count) / Double(whole))
                }
                return .object([
                    ("event", steps[index].label.map { .string($0) } ?? .null),
                    ("count", .integer(Int64(count))),
                    ("rate", rate(count, of: counts[0])),
                    ("step_rate", rate(count, of: before)),
                    ("drop_off", .integer(Int64(before - count))),
                    ("avg_ms", .null),
                ])
            })
    }
}
