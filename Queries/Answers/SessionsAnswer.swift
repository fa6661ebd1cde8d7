import Storage

extension SessionsQuery {
    /// Answers the query: the sessions' numbers, and the pages they begin and end on.
    func answer(_ execution: Execution, _ range: ResolvedRange) throws(QueryError) -> [(key: String, value: JSONValue)]
    {
        let (result, values) = try SessionPagesScan(execution: execution, query: self, range: range).run()
        let numbers = result.sessions
        func share(_ number: Double) -> JSONValue {
            numbers.sessions == 0 ? .null : .number(number / Double(numbers.sessions))
        }
        return [
            ("sessions", .integer(Int64(numbers.sessions))),
            ("visitors", .integer(Int64(result.visitors))),
            ("bounces", .integer(Int64(numbers.bounces))),
            ("bounce_rate", share(Double(numbers.bounces))),
            ("session_duration", share(Double(numbers.duration))),
            ("pageviews", .integer(Int64(result.pageviews))),
            ("pages_per_session", share(Double(result.pageviews))),
            ("entry_pages", pages(result.entries, bounces: result.bounces, values)),
            ("exit_pages", pages(result.exits, bounces: nil, values)),
        ]
    }

    /// The pages that most sessions have, what the others have together, and how many pages there are.
    private func pages(_ counts: [Int], bounces: [Int]?, _ values: ValueNumbers) -> JSONValue {
        let pages = counts.indices.filter { counts[$0] > 0 }
        let first = FirstFew.select(pages, limit: limit) { left, right in
            counts[left] != counts[right]
                ? counts[left] > counts[right] : values.precedes(UInt32(left), UInt32(right))
        }
        let rows = first.map { page -> JSONValue in
            var row: [(key: String, value: JSONValue)] = [
                ("key", values.text(UInt32(page)).map { .string($0) } ?? .null),
                ("sessions", .integer(Int64(counts[page]))),
            ]
            if let bounces {
                row.append(("bounces", .integer(Int64(bounces[page]))))
                row.append(("bounce_rate", .number(Double(bounces[page]) / Double(counts[page]))))
            }
            return .object(row)
        }
        func rest(of counts: [Int]) -> JSONValue {
            .integer(Int64(counts.reduce(0, +) - first.reduce(0) { $0 + counts[$1] }))
        }
        var other: [(key: String, value: JSONValue)] = [("sessions", rest(of: counts))]
        if let bounces { other.append(("bounces", rest(of: bounces))) }
        return .object([
            ("rows", .array(rows)), ("other", .object(other)), ("distinct", .integer(Int64(pages.count))),
        ])
    }
}
