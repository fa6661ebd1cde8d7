import Storage

extension TimeseriesQuery {
    /// Answers the query: a row for each interval, and with `by` one for each interval and key.
    func answer(_ execution: Execution, _ range: ResolvedRange) throws(QueryError) -> [(key: String, value: JSONValue)]
    {
        let intervals = try Intervals(range, every: interval, in: common.timezone)
        let grouping = Grouping(dimensions: by.map { [$0] } ?? [], intervals: intervals)
        let scan = MetricScan(
            execution: execution, grouping: grouping, filter: common.filter, range: range, metrics: metrics,
            kept: 0)
        let result = try scan.sums()
        var shown: [(group: Int, interval: Int, key: Int)] = []
        var keys: [String?] = [nil]
        if by == nil {
            shown = (0..<result.table.count).map { ($0, Int(result.table.intervals[$0]), 0) }
        } else {
            (keys, shown) = try topKeys(result, execution, grouping)
        }
        let rowCount = intervals.count.multipliedReportingOverflow(by: max(1, keys.count))
        guard !rowCount.overflow, rowCount.partialValue <= QueryLimits.maxIntervals else {
            throw QueryError(
                .limitExceeded,
                "The answer would have \(rowCount.partialValue) rows; the limit maxIntervals is \(QueryLimits.maxIntervals). "
                    + "Ask for fewer keys, a shorter range or longer intervals.", field: "limit")
        }
        let numbers = try scan.numbers(of: shown.map(\.group), in: result, for: metrics)
        var cells = [GroupNumbers](repeating: GroupNumbers(), count: rowCount.partialValue)
        for (place, numbers) in zip(shown, numbers) { cells[place.interval * keys.count + place.key] = numbers }
        let formatter = TimeFormatter(common.timezone)
        var rows: [JSONValue] = []
        for index in 0..<intervals.count {
            let time = formatter.string(intervals.start(index))
            for (number, key) in keys.enumerated() {
                var row: [(key: String, value: JSONValue)] = [("time", .string(time))]
                if by != nil { row.append(("key", key.map { .string($0) } ?? .null)) }
                let numbers = cells[index * keys.count + number]
                for metric in metrics { row.append((metric.name, numbers.json(metric))) }
                rows.append(.object(row))
            }
        }
        return [("rows", .array(rows))]
    }

    /// The keys with most events over the whole range, and the groups that belong to them.
    private func topKeys(
        _ result: GroupedScan.Result, _ execution: Execution, _ grouping: Grouping
    ) throws(QueryError) -> (keys: [String?], shown: [(group: Int, interval: Int, key: Int)]) {
        // Groups are (key, interval); a key is known by the hash of its value.
        var texts = GroupTexts(execution, grouping)
        var numberOfKey: [[UInt64]: Int] = [:]
        var keys: [(text: String?, events: Int)] = []
        var keyOfGroup: [Int] = []
        for group in 0..<result.table.count {
            if group & 0xFFF == 0 { try execution.check() }
            let hashes = try texts.hashes(result.table, group)
            let number = numberOfKey[hashes] ?? keys.count
            if number == keys.count {
                numberOfKey[hashes] = number
                keys.append((try texts.text(result.table, group, dimension: 0), 0))
            }
            keys[number].events += result.sums.events[group]
            keyOfGroup.append(number)
        }
        var sorted = Array(keys.indices)
        try execution.sort(&sorted) {
            keys[$0].events != keys[$1].events
                ? keys[$0].events > keys[$1].events : KeyOrder.precedes([keys[$0].text], [keys[$1].text])
        }
        let order = sorted.prefix(limit)
        var rank = [Int](repeating: -1, count: keys.count)
        for (position, key) in order.enumerated() { rank[key] = position }
        let shown = (0..<result.table.count).compactMap { group -> (group: Int, interval: Int, key: Int)? in
            let key = rank[keyOfGroup[group]]
            return key < 0 ? nil : (group, Int(result.table.intervals[group]), key)
        }
        return (order.map { keys[$0].text }, shown)
    }
}

extension CommonQuery {
    /// The range that the intervals of a series are laid over: `all` ends with the last event, not with the clock, so
    /// that an import of old data does not trail years of empty rows.
    func seriesRange(_ range: ResolvedRange, _ snapshot: Store.Snapshot) -> ResolvedRange {
        guard self.range == .all, let last = snapshot.last else { return range }
        return ResolvedRange(from: range.from, to: last.addingClamped(1))
    }
}

/// The order of equal rows: by their keys' bytes, the missing value first.
enum KeyOrder {
    static func precedes(_ left: [String?], _ right: [String?]) -> Bool {
        for (left, right) in zip(left, right) {
            guard let right else {
                if left == nil { continue }
                return false
            }
            guard let left else { return true }
            // By bytes: Swift's own comparison takes texts that look alike for equal.
            if left.utf8.elementsEqual(right.utf8) { continue }
            return left.utf8.lexicographicallyPrecedes(right.utf8)
        }
        return false
    }
}
