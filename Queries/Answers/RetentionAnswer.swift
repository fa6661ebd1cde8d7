import Storage

extension RetentionQuery {
    /// Answers the query: a row for each interval of the range, its cohort.
    ///
    /// An interval that has not begun, or that the range does not reach, is `null`; `complete` says how many of the
    /// leading intervals are over.
    func answer(_ execution: Execution, _ range: ResolvedRange) throws(QueryError) -> [(key: String, value: JSONValue)]
    {
        let all = try Intervals(range, every: interval, in: common.timezone)
        let (cells, overflow) = all.count.multipliedReportingOverflow(by: intervals)
        guard !overflow, cells <= QueryLimits.maxIntervals * 10 else {
            throw QueryError(
                .limitExceeded,
                "The answer would have \(cells) numbers; the limit is \(QueryLimits.maxIntervals * 10). "
                    + "Ask for fewer `intervals`, a shorter range or longer intervals.", field: "intervals")
        }
        let result = try RetentionScan(execution: execution, query: self, range: range, intervals: all).run()
        let newest = max(execution.now, execution.snapshot.last ?? execution.now)
        // What is later is not known, whatever the range says.
        let end = min(range.to, newest.addingClamped(1))
        let formatter = TimeFormatter(common.timezone)
        var rows: [JSONValue] = []
        for cohort in 0..<all.count {
            let start = all.start(cohort)
            if start >= end { break }
            // As in a time series, an import of old data does not trail years of empty cohorts.
            if common.range == .all, let last = execution.snapshot.last, start > last { break }
            var returned: [JSONValue] = []
            var complete = 0
            for step in 0..<intervals {
                let index = cohort + step
                guard index < all.count, all.start(index) < end else {
                    returned.append(.null)
                    continue
                }
                returned.append(.integer(Int64(result.returned[cohort * intervals + step])))
                if all.boundaries[index + 1] <= end { complete += 1 }
            }
            rows.append(
                .object([
                    ("cohort", .string(String(formatter.string(start).prefix(10)))),
                    ("size", .integer(Int64(result.sizes[cohort]))),
                    ("returned", .array(returned)),
                    ("complete", .integer(Int64(complete))),
                ]))
        }
        return [("rows", .array(rows))]
    }
}
