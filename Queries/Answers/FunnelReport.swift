import Storage

/// The answer of a funnel with options, from what its scan has counted.
struct FunnelReport {
    let execution: Execution
    let plan: FunnelPlan
    let range: ResolvedRange
    let intervals: Intervals?
    let result: FunnelOptionsScan.Result

    private var query: FunnelQuery { plan.query }
    private var steps: FunnelStepsJSON { FunnelStepsJSON(plan) }

    /// The members of the answer but for `meta`.
    func members() throws(QueryError) -> [(key: String, value: JSONValue)] {
        let tally = result.tally
        let totals = steps.steps(tally.counts) { FunnelTimes(tally.keepsTimes ? tally.times[$0] : []) }
        var members: [(key: String, value: JSONValue)] = [("steps", totals)]
        let cells = cellTimes()
        if query.by.isEmpty {
            if intervals != nil { members.append(("rows", .array(intervalRows(cells)))) }
        } else {
            let (shown, texts, hidden) = try keys()
            if intervals == nil {
                let rows = zip(shown, texts).map { row, text in
                    JSONValue.object([("key", text), ("steps", part([row], cells))])
                }
                members.append(("rows", .array(rows)))
                members.append(("other", .object([("steps", part(hidden, cells))])))
            } else {
                let (rows, other) = try keyedIntervalRows(shown, texts, cells)
                members.append(("rows", .array(rows)))
                members.append(("other", .array(other)))
            }
        }
        if let bins = query.timeToConvert?.bins, bins > 0 {
            members.append(("histogram", FunnelTimes(tally.conversions).histogram(bins: bins)))
        }
        return members
    }

    // MARK: Rows

    /// The times of each row and step, one after the other, and where each begins; a counting sort.
    private func cellTimes() -> (ends: [Int], times: [Int64]) {
        let tally = result.tally
        guard !tally.rowTimes.isEmpty else { return ([], []) }
        var ends = [Int](repeating: 0, count: tally.rows.count * tally.steps + 1)
        for (cell, _) in tally.rowTimes { ends[cell + 1] += 1 }
        for cell in 1..<ends.count { ends[cell] += ends[cell - 1] }
        var places = ends
        var times = [Int64](repeating: 0, count: tally.rowTimes.count)
        for (cell, ms) in tally.rowTimes {
            times[places[cell]] = ms
            places[cell] += 1
        }
        return (ends, times)
    }

    /// The steps of some rows of the tally together.
    private func part(_ rows: [Int], _ cells: (ends: [Int], times: [Int64])) -> JSONValue {
        let tally = result.tally
        var counts = [Int](repeating: 0, count: tally.steps)
        for row in rows {
            for (step, count) in tally.counts(of: row).enumerated() { counts[step] += count }
        }
        return steps.steps(counts) { step in
            guard !cells.ends.isEmpty else { return FunnelTimes([]) }
            return FunnelTimes(
                rows.flatMap { row in
                    let cell = row * tally.steps + step
                    return cells.times[cells.ends[cell]..<cells.ends[cell + 1]]
                })
        }
    }

    /// The keys shown, as rows of the tally over all of the range with their texts; and the rows that are not.
    private func keys() throws(QueryError) -> (shown: [Int], texts: [JSONValue], hidden: [Int]) {
        let tally = result.tally
        var texts = GroupTexts(execution, Grouping(dimensions: query.by))
        var keys: [(row: Int, count: Int, key: [String?])] = []
        for (number, row) in tally.rows.enumerated() where row.interval == FunnelTally.noInterval {
            if keys.count & 0xFFF == 0 { try execution.check() }
            let isNone = Int(row.group) == result.table.count
            let key =
                isNone
                ? [String?](repeating: nil, count: query.by.count) : try texts.key(result.table, Int(row.group))
            keys.append((number, tally.counts(of: number).first ?? 0, key))
        }
        try execution.sort(&keys) { left, right in
            left.count != right.count ? left.count > right.count : KeyOrder.precedes(left.key, right.key)
        }
        let shown = keys.prefix(query.limit)
        return (
            shown.map(\.row), shown.map { keyJSON($0.key) }, keys.dropFirst(query.limit).map(\.row)
        )
    }

    /// One dimension's key is its value, several make a list.
    private func keyJSON(_ key: [String?]) -> JSONValue {
        let values = key.map { text -> JSONValue in text.map { .string($0) } ?? .null }
        return values.count == 1 ? values[0] : .array(values)
    }

    // MARK: Intervals

    private func interval(_ number: Int) -> [(key: String, value: JSONValue)] {
        guard let intervals else { return [] }
        let formatter = TimeFormatter(common.timezone)
        return [
            ("time", .string(formatter.string(intervals.start(number)))),
            ("incomplete", .bool(isIncomplete(intervals.boundaries[number + 1]))),
        ]
    }

    private var common: CommonQuery { query.common }

    /// Whether the window of a chain that begins at an interval's end is not over: neither the range nor time itself
    /// goes so far yet.
    private func isIncomplete(_ end: Int64) -> Bool {
        let lastStart = min(end, range.to) - 1
        let horizon = min(range.to, execution.now + 1) - 1
        return horizon.subtractingClamped(lastStart) < query.windowMs
    }

    private func intervalRows(_ cells: (ends: [Int], times: [Int64])) -> [JSONValue] {
        var rows: [Int: Int] = [:]
        for (number, row) in result.tally.rows.enumerated() { rows[Int(row.interval)] = number }
        return (0..<(intervals?.count ?? 0)).map { number in
            .object(interval(number) + [("steps", part(rows[number].map { [$0] } ?? [], cells))])
        }
    }

    /// A row for each interval and key shown, and for each interval what the others have together.
    private func keyedIntervalRows(
        _ shown: [Int], _ texts: [JSONValue], _ cells: (ends: [Int], times: [Int64])
    ) throws(QueryError) -> (rows: [JSONValue], other: [JSONValue]) {
        let tally = result.tally
        let count = intervals?.count ?? 0
        let size = count.multipliedReportingOverflow(by: max(1, shown.count))
        guard !size.overflow, size.partialValue <= QueryLimits.maxIntervals else {
            throw QueryError(
                .limitExceeded,
                "The answer would have \(size.partialValue) rows; the limit maxIntervals is \(QueryLimits.maxIntervals). "
                    + "Ask for fewer keys, a shorter range or longer intervals.", field: "limit")
        }
        var place: [UInt32: Int] = [:]
        for (number, row) in shown.enumerated() { place[tally.rows[row].group] = number }
        var ofShown: [Int: Int] = [:]
        var ofOthers: [Int: [Int]] = [:]
        for (number, row) in tally.rows.enumerated() where row.interval != FunnelTally.noInterval {
            if let key = place[row.group] {
                ofShown[Int(row.interval) * shown.count + key] = number
            } else {
                ofOthers[Int(row.interval), default: []].append(number)
            }
        }
        var rows: [JSONValue] = []
        var other: [JSONValue] = []
        for number in 0..<count {
            for (key, text) in texts.enumerated() {
                let row = ofShown[number * shown.count + key].map { [$0] } ?? []
                rows.append(.object(interval(number) + [("key", text), ("steps", part(row, cells))]))
            }
            other.append(.object(interval(number) + [("steps", part(ofOthers[number] ?? [], cells))]))
        }
        return (rows, other)
    }
}
