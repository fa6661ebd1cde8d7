import Storage

/// The quick way of most `top` queries: one dimension, ordered by events, page views or exact visitors.
extension TopQuery {
    /// Values that distinct visitors are counted of at the most; more are counted by the general way.
    private static let maxCandidates = 4_096

    /// The answer from counts by value.
    ///
    /// Texts are read, and distinct visitors counted, only of the values that may be shown. In the order of visitors
    /// these are the ones that may have more than the last one shown: a value has no fewer visitors than in any one
    /// segment, and no more than in all together, both of which roll-ups know.
    ///
    /// - Returns: `nil` if the query asks for more than that.
    func answerByCounts(
        _ execution: Execution, _ range: ResolvedRange
    ) throws(QueryError) -> [(key: String, value: JSONValue)]? {
        guard by.count == 1, !approximate, seriesInterval == nil, offset + limit > 0,
            metrics.allSatisfy({ $0 == .events || $0 == .pageviews || $0 == .visitors }),
            having.allSatisfy({ $0.metric == .events || $0.metric == .pageviews }), orderBy != .visitors || descending
        else { return nil }
        var found = try heads(execution, range)
        if found == nil { found = try counts(execution, range) }
        guard let counted = found else { return nil }
        let table = counted.table
        var numbers = counted.numbers
        var texts = GroupTexts(execution, Grouping(dimensions: by))
        let ordered = try ordered(Array(numbers.indices), numbers, table, &texts, execution)
        let shown = Array(ordered.dropFirst(offset).prefix(limit))
        if orderBy != .visitors, metrics.contains(.visitors) {
            let visitors = try visitors(of: shown, in: table, execution, range)
            for (group, visitors) in zip(shown, visitors) { numbers[group].visitors = visitors }
        }
        var rows: [JSONValue] = []
        for group in shown {
            let key = try texts.text(table, group, dimension: 0)
            var row: [(key: String, value: JSONValue)] = [("key", .array([key.map { .string($0) } ?? .null]))]
            for metric in metrics { row.append((metric.name, numbers[group].json(metric))) }
            rows.append(.object(row))
        }
        var members: [(key: String, value: JSONValue)] = [("rows", .array(rows))]
        if other {
            var rest = GroupNumbers()
            rest.events = counted.events - shown.reduce(0) { $0 + numbers[$1].events }
            rest.pageviews = counted.pageviews - shown.reduce(0) { $0 + numbers[$1].pageviews }
            let additive = metrics.filter { $0 != .visitors }
            members.append(("other", .object(additive.map { ($0.name, rest.json($0)) })))
        }
        members.append(("distinct", .integer(Int64(counted.distinct))))
        return members
    }

    /// The values that may be shown with their numbers, and what all values have together.
    private struct Counted {
        var table = GroupTable(dimensions: 1)
        var numbers: [GroupNumbers] = []
        var events = 0
        var pageviews = 0
        var distinct = 0

        mutating func add(_ value: Int, of union: ValueUnion, events: Int, pageviews: Int) {
            _ = table.insert(hash: union.hash(of: value), interval: 0, place: union.place(of: value))
            var number = GroupNumbers()
            (number.events, number.pageviews) = (events, pageviews)
            numbers.append(number)
        }
    }

    /// From the heads of roll-ups: the most frequent values by events.
    private func heads(_ execution: Execution, _ range: ResolvedRange) throws(QueryError) -> Counted? {
        guard orderBy == .events, descending, having.isEmpty, !metrics.contains(.pageviews),
            let found = try TopHeads(
                counts: ValueCounts(
                    execution: execution, dimension: by[0], filter: common.filter, range: range,
                    needsPageviews: false, needsVisitors: false),
                wanted: offset + limit, leastEntries: execution.leastHeadEntries
            ).run()
        else { return nil }
        var counted = Counted(events: found.total, distinct: found.distinct)
        for (value, events) in found.values { counted.add(value, of: found.union, events: events, pageviews: 0) }
        return counted
    }

    /// From the numbers of all values.
    private func counts(_ execution: Execution, _ range: ResolvedRange) throws(QueryError) -> Counted? {
        guard
            let (counts, union) = try ValueCounts(
                execution: execution, dimension: by[0], filter: common.filter, range: range,
                needsPageviews: computedMetrics.contains(.pageviews), needsVisitors: orderBy == .visitors
            ).run()
        else { return nil }
        let found = candidates(counts)
        if orderBy == .visitors, found.count > Self.maxCandidates { return nil }
        var counted = Counted(
            events: counts.events.reduce(0, +), pageviews: counts.pageviews.reduce(0, +),
            distinct: counts.events.reduce(0) { $0 + ($1 > 0 ? 1 : 0) })
        for value in found {
            counted.add(
                value, of: union, events: counts.events[value],
                pageviews: counts.pageviews.isEmpty ? 0 : counts.pageviews[value])
        }
        if orderBy == .visitors {
            let visitors = try visitors(of: Array(counted.numbers.indices), in: counted.table, execution, range)
            for (number, visitors) in visitors.enumerated() { counted.numbers[number].visitors = visitors }
        }
        return counted
    }

    /// The values that may be shown: those up to the last place and their equals.
    private func candidates(_ counts: ValueCounts.Numbers) -> [Int] {
        func passes(_ value: Int) -> Bool {
            counts.events[value] > 0
                && having.allSatisfy {
                    $0.holds(for: Double($0.metric == .events ? counts.events[value] : counts.pageviews[value]))
                }
        }
        let wanted = offset + limit
        let sign = descending ? 1 : -1
        let (sure, possible) =
            switch orderBy {
            case .visitors: (counts.fewestVisitors, counts.mostVisitors)
            case .pageviews: (counts.pageviews, counts.pageviews)
            default: (counts.events, counts.events)
            }
        var largest = LargestNumbers(limit: wanted)
        for value in sure.indices where largest.mayTake(sure[value] * sign) && passes(value) {
            largest.take(sure[value] * sign)
        }
        let least = largest.least
        return possible.indices.filter { value in
            (least.map { possible[value] * sign >= $0 } ?? true) && passes(value)
        }
    }

    private func visitors(
        of groups: [Int], in table: GroupTable, _ execution: Execution, _ range: ResolvedRange
    ) throws(QueryError) -> [Int] {
        var selected = [Int32](repeating: -1, count: table.count)
        for (number, group) in groups.enumerated() { selected[group] = Int32(number) }
        return try DistinctVisitors(
            execution: execution, grouping: Grouping(dimensions: by), filter: common.filter, range: range,
            resolver: GroupResolver(table, selected: selected), groups: groups.count, kept: 0
        ).run()
    }
}

/// The largest of many numbers, as a heap with the least of them on top.
struct LargestNumbers {
    private let limit: Int
    private var heap: [Int] = []

    init(limit: Int) { self.limit = limit }

    /// The least of the `limit` largest; `nil` as long as there are fewer.
    var least: Int? { heap.count < limit ? nil : heap.first }

    /// Whether a number is among the largest so far.
    @inline(__always)
    func mayTake(_ number: Int) -> Bool { heap.count < limit || number > heap[0] }

    /// Takes a number that ``mayTake(_:)``; `limit` is not 0.
    ///
    /// - Complexity: O(log limit).
    mutating func take(_ number: Int) {
        if heap.count < limit {
            heap.append(number)
            var child = heap.count - 1
            while child > 0, heap[child] < heap[(child - 1) / 2] {
                heap.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
            return
        }
        heap[0] = number
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
