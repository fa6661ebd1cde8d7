import Storage

extension FunnelQuery {
    /// Answers the query.
    ///
    /// - Parameter intervalRange: what intervals are laid over; see ``TimeseriesQuery``.
    func answer(
        _ execution: Execution, _ range: ResolvedRange, intervalRange: ResolvedRange
    ) throws(QueryError) -> [(key: String, value: JSONValue)] {
        let plan = FunnelPlan(self)
        if isPlain {
            let counts = try FunnelScan(execution: execution, query: self, range: range).run().counts
            return [("steps", FunnelStepsJSON(plan).steps(counts) { _ in FunnelTimes([]) })]
        }
        let intervals: Intervals?
        if let interval {
            intervals = try Intervals(intervalRange, every: interval, in: common.timezone)
        } else {
            intervals = nil
        }
        let result = try FunnelOptionsScan(
            execution: execution, plan: plan, range: range, intervals: intervals
        ).run()
        return try FunnelReport(
            execution: execution, plan: plan, range: range, intervals: intervals, result: result
        ).members()
    }

    /// Whether visitors are counted by their best chains in order, and nothing else is asked: what the fast path does.
    var isPlain: Bool {
        order == .sequential && attempt == .best && count == .visitors && same.isEmpty && exclude.isEmpty && by.isEmpty
            && interval == nil && timeToConvert == nil && steps.allSatisfy { $0.withinMs == nil && !$0.optional }
    }
}

/// The steps of a funnel in the form of an answer.
struct FunnelStepsJSON {
    private let query: FunnelQuery
    private let percentiles: [Double]

    init(_ plan: FunnelPlan) {
        query = plan.query
        var distinct: [Double] = []
        for percent in query.timeToConvert?.percentiles ?? [] where !distinct.contains(percent) {
            distinct.append(percent)
        }
        percentiles = distinct
    }

    /// - Parameters:
    ///   - counts: how many reached each step.
    ///   - times: the times from the step before of those that reached a step.
    func steps(_ counts: some Collection<Int>, times: (Int) -> FunnelTimes) -> JSONValue {
        let counts = Array(counts)
        var before = counts.first ?? 0
        var steps: [JSONValue] = []
        for (index, count) in counts.enumerated() {
            func rate(of whole: Int) -> JSONValue {
                whole == 0 ? .null : .number(Double(count) / Double(whole))
            }
            var members: [(key: String, value: JSONValue)] = [
                ("event", query.steps[index].label.map { .string($0) } ?? .null),
                ("count", .integer(Int64(count))),
                ("rate", rate(of: counts[0])),
                ("step_rate", rate(of: before)),
                ("drop_off", .integer(Int64(before - count))),
            ]
            if query.steps[index].optional { members.append(("optional", .bool(true))) }
            if query.timeToConvert == nil {
                members.append(("avg_ms", .null))
            } else {
                let times = times(index)
                members.append(("avg_ms", times.average))
                members.append(
                    (
                        "percentiles_ms",
                        .object(percentiles.map { (NumberText.canonical($0), times.percentile($0)) })
                    ))
            }
            steps.append(.object(members))
            // What follows is counted as if an optional step were not there.
            if !query.steps[index].optional { before = count }
        }
        return .array(steps)
    }
}
