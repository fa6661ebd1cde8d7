import Storage

extension TopQuery {
    /// Answers the query.
    ///
    /// Distinct visitors and sessions cost a scan by visitors; they are computed for the shown rows alone, unless the
    /// order or `having` needs them of all.
    func answer(_ execution: Execution, _ range: ResolvedRange) throws(QueryError) -> [(key: String, value: JSONValue)]
    {
        if let members = try answerByCounts(execution, range) { return members }
        let grouping = Grouping(dimensions: by)
        let scan = MetricScan(
            execution: execution, grouping: grouping, filter: common.filter, range: range, metrics: computedMetrics,
            estimates: approximate && by.count == 1 && MetricNeeds(computedMetrics).visitors, kept: 0)
        let result = try scan.sums()
        var all = Array(0..<result.table.count)
        let choosing = [orderBy] + having.map(\.metric)
        let isChosenByAdditive = MetricNeeds(choosing).isAdditive
        let numbers: [GroupNumbers]
        if let candidates = try scan.estimates ? candidates(scan, result) : nil {
            (all, numbers) = candidates
        } else {
            numbers = try scan.numbers(of: all, in: result, for: isChosenByAdditive ? [] : computedMetrics)
        }

        var texts = GroupTexts(execution, grouping)
        let passing = all.filter { group in having.allSatisfy { $0.holds(for: numbers[group].value($0.metric)) } }
        let ordered = try ordered(passing, numbers, result.table, &texts, execution)
        let shown = Array(ordered.dropFirst(offset).prefix(limit))
        let shownNumbers =
            isChosenByAdditive
            ? try scan.numbers(of: shown, in: result, for: metrics) : shown.map { numbers[$0] }

        let series = try self.series(shown, result, execution, range)
        var rows: [JSONValue] = []
        for (position, group) in shown.enumerated() {
            if position % 4096 == 0 { try execution.check() }
            let key = try texts.key(result.table, group)
            var row: [(key: String, value: JSONValue)] = [("key", .array(key.map { $0.map { .string($0) } ?? .null }))]
            for metric in metrics { row.append((metric.name, shownNumbers[position].json(metric))) }
            if approximate { row.append(("relative_error", .number(shownNumbers[position].visitorsError))) }
            if let series { row.append(("series", series[position])) }
            rows.append(.object(row))
        }
        var members: [(key: String, value: JSONValue)] = [("rows", .array(rows))]
        if other { members.append(("other", try otherRow(result, shown: Set(shown), execution))) }
        members.append(("distinct", .integer(Int64(result.table.count))))
        return members
    }

    /// The groups that may be shown of a query by estimated visitors: those of whom it is certain without an estimate
    /// that they have fewer than the last one shown are left out.
    ///
    /// - Returns: the groups and the numbers of all of them, those left out without their visitors; `nil` if all have
    ///   to be counted.
    private func candidates(
        _ scan: MetricScan, _ result: GroupedScan.Result
    ) throws(QueryError) -> (groups: [Int], numbers: [GroupNumbers])? {
        let wanted = offset + limit
        guard orderBy == .visitors, descending, MetricNeeds(having.map(\.metric)).isAdditive, wanted > 0 else {
            return nil
        }
        var numbers = (0..<result.table.count).map { GroupNumbers(result.sums, group: $0) }
        var groups = numbers.indices
            .filter { group in having.allSatisfy { $0.holds(for: numbers[group].value($0.metric)) } }
        try scan.execution.sort(&groups) { result.sums.maxVisitors($0) > result.sums.maxVisitors($1) }
        var done = 0
        var next = min(groups.count, max(64, wanted * 2))
        while done < next {
            guard next <= EstimatedVisitors.maxGroups else { return nil }
            let some = Array(groups[done..<next])
            let found = try scan.numbers(of: some, in: result, for: computedMetrics)
            // Without one estimate roll-ups do not help, and one pass over the rows is quicker than several.
            guard done > 0 || found.contains(where: { $0.visitorsError > 0 }) || next == groups.count else {
                return nil
            }
            for (group, number) in zip(some, found) { numbers[group] = number }
            done = next
            let largest = groups[..<done].map { numbers[$0].visitors }.sorted(by: >)
            let least = wanted <= largest.count ? largest[wanted - 1] : 0
            while next < groups.count, result.sums.maxVisitors(groups[next]) >= least { next += 1 }
        }
        return (Array(groups[..<done]), numbers)
    }

    /// The first `offset + limit` groups in the order of the answer.
    func ordered(
        _ groups: [Int], _ numbers: [GroupNumbers], _ table: GroupTable, _ texts: inout GroupTexts,
        _ execution: Execution
    ) throws(QueryError) -> [Int] {
        let values = numbers.map { $0.value(orderBy) }
        func isBefore(_ left: Double?, _ right: Double?) -> Bool? {
            guard left != right else { return nil }
            guard let left else { return false }
            guard let right else { return true }
            return descending ? left > right : left < right
        }
        var sorted = groups
        try execution.sort(&sorted) { isBefore(values[$0], values[$1]) ?? false }
        // Texts are read only of rows that may be shown: those up to the last place and their equals.
        let wanted = offset + limit
        if sorted.count > wanted {
            var end = wanted
            while end < sorted.count, wanted > 0, values[sorted[end]] == values[sorted[wanted - 1]] { end += 1 }
            sorted.removeLast(sorted.count - end)
        }
        var keys: [Int: [String?]] = [:]
        for (position, group) in sorted.enumerated() {
            let isTied =
                (position > 0 && values[sorted[position - 1]] == values[group])
                || (position + 1 < sorted.count && values[sorted[position + 1]] == values[group])
            if position & 0xFFF == 0 { try execution.check() }
            if isTied { keys[group] = try texts.key(table, group) }
        }
        try execution.sort(&sorted) { left, right in
            isBefore(values[left], values[right]) ?? KeyOrder.precedes(keys[left] ?? [], keys[right] ?? [])
        }
        return Array(sorted.prefix(wanted))
    }

    /// What is not shown, summed up; only of metrics that add up.
    private func otherRow(
        _ result: GroupedScan.Result, shown: Set<Int>, _ execution: Execution
    ) throws(QueryError) -> JSONValue {
        var rest = Accumulators(result.sums.plan)
        rest.grow(to: 1)
        for group in 0..<result.table.count where !shown.contains(group) {
            if group & 0xFFFF == 0 { try execution.check() }
            rest.add(result.sums, group: group, to: 0)
        }
        let numbers = GroupNumbers(rest, group: 0)
        let additive = metrics.filter { metric in
            switch metric {
            case .events, .pageviews, .sum: true
            default: false
            }
        }
        return .object(additive.map { ($0.name, numbers.json($0)) })
    }

    /// The time series of each shown group.
    private func series(
        _ shown: [Int], _ result: GroupedScan.Result, _ execution: Execution, _ range: ResolvedRange
    ) throws(QueryError) -> [JSONValue]? {
        guard let seriesInterval else { return nil }
        let range = common.seriesRange(range, execution.snapshot)
        let intervals = try Intervals(range, every: seriesInterval, in: common.timezone)
        let cells = intervals.count.multipliedReportingOverflow(by: max(1, shown.count))
        guard !cells.overflow, cells.partialValue <= QueryLimits.maxIntervals else {
            throw QueryError(
                .limitExceeded,
                "The series would have \(cells.partialValue) points; the limit maxIntervals is \(QueryLimits.maxIntervals). "
                    + "Ask for fewer rows, a shorter range or longer intervals.", field: "series")
        }
        let scan = MetricScan(
            execution: execution, grouping: Grouping(dimensions: by, intervals: intervals), filter: common.filter,
            range: range, metrics: metrics, kept: 1)
        let points = try scan.sums()
        var texts = GroupTexts(execution, Grouping(dimensions: by))
        var rowOfKey: [[UInt64]: Int] = [:]
        for (row, group) in shown.enumerated() { rowOfKey[try texts.hashes(result.table, group)] = row }
        var places: [(group: Int, row: Int)] = []
        for group in 0..<points.table.count {
            if let row = rowOfKey[try texts.hashes(points.table, group)] { places.append((group, row)) }
        }
        let numbers = try scan.numbers(of: places.map(\.group), in: points, for: metrics)
        var values = [GroupNumbers](repeating: GroupNumbers(), count: cells.partialValue)
        for (place, numbers) in zip(places, numbers) {
            values[place.row * intervals.count + Int(points.table.intervals[place.group])] = numbers
        }
        let formatter = TimeFormatter(common.timezone)
        return shown.indices.map { row in
            .array(
                (0..<intervals.count).map { index in
                    let numbers = values[row * intervals.count + index]
                    return .object(
                        [("time", .string(formatter.string(intervals.start(index))))]
                            + metrics.map { ($0.name, numbers.json($0)) })
                })
        }
    }
}
