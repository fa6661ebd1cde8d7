import Storage

extension AggregateQuery {
    /// Answers the query.
    func answer(_ execution: Execution, _ range: ResolvedRange) throws(QueryError) -> [(key: String, value: JSONValue)]
    {
        var members = [(key: "metrics", value: try metrics(execution, range))]
        if comparePrevious { members.append(("previous", try metrics(execution, range.previous))) }
        return members
    }

    private func metrics(_ execution: Execution, _ range: ResolvedRange) throws(QueryError) -> JSONValue {
        let scan = MetricScan(
            execution: execution, grouping: Grouping(), filter: common.filter, range: range, metrics: metrics,
            kept: 0)
        let result = try scan.sums()
        let groups = Array(0..<result.table.count)
        let numbers = try scan.numbers(of: groups, in: result, for: metrics).first ?? GroupNumbers()
        return .object(metrics.map { ($0.name, numbers.json($0)) })
    }
}
