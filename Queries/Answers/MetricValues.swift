import Storage

/// The numbers of one group, from which every metric is computed.
struct GroupNumbers {
    var events = 0
    var pageviews = 0
    var visitors = 0
    /// The bound of the error of ``visitors`` relative to it, see ``MetricScan/errorBound``; 0 where it is exact.
    var visitorsError = 0.0
    var sessions = SessionNumbers()
    var measures: [Measure] = []
    var statistics: [Accumulators.Statistics] = []
    /// Whether the numbers that percentiles are taken of ascend.
    private var areSorted = false

    init() {}

    init(_ sums: Accumulators, group: Int) {
        events = sums.events[group]
        pageviews = sums.plan.pageviews ? sums.pageviews[group] : 0
        measures = sums.plan.measures
        statistics = sums.statistics.map { $0[group] }
    }

    /// A metric's number; `nil` where there is nothing to take it of.
    func value(_ metric: Metric) -> Double? {
        switch metric {
        case .events: return Double(events)
        case .visitors: return Double(visitors)
        case .sessions: return Double(sessions.sessions)
        case .pageviews: return Double(pageviews)
        case .eventsPerVisitor: return visitors == 0 ? nil : Double(events) / Double(visitors)
        case .bounceRate: return sessions.sessions == 0 ? nil : Double(sessions.bounces) / Double(sessions.sessions)
        case .sessionDuration:
            return sessions.sessions == 0 ? nil : Double(sessions.duration) / Double(sessions.sessions)
        case .sum(let measure): return statistics(of: measure)?.sum.value ?? 0
        case .average(let measure):
            guard let statistics = statistics(of: measure), statistics.count > 0 else { return nil }
            return statistics.sum.value / Double(statistics.count)
        case .minimum(let measure):
            guard let statistics = statistics(of: measure), statistics.count > 0 else { return nil }
            return statistics.minimum
        case .maximum(let measure):
            guard let statistics = statistics(of: measure), statistics.count > 0 else { return nil }
            return statistics.maximum
        case .percentile(let percent, let measure):
            let numbers = statistics(of: measure)?.numbers ?? []
            return GroupNumbers.percentile(percent, of: areSorted ? numbers : numbers.sorted())
        }
    }

    /// A metric's number as JSON, counts as whole numbers.
    func json(_ metric: Metric) -> JSONValue {
        switch metric {
        case .events: .integer(Int64(events))
        case .visitors: .integer(Int64(visitors))
        case .sessions: .integer(Int64(sessions.sessions))
        case .pageviews: .integer(Int64(pageviews))
        default: value(metric).map { .number($0) } ?? .null
        }
    }

    /// Sorts the numbers that percentiles are taken of, once for all of them.
    mutating func sort(_ execution: Execution) throws(QueryError) {
        for index in statistics.indices where statistics[index].numbers.count > 1 {
            try execution.sort(&statistics[index].numbers, by: <)
        }
        areSorted = true
    }

    private func statistics(of measure: Measure) -> Accumulators.Statistics? {
        measures.firstIndex(of: measure).map { statistics[$0] }
    }

    /// The exact percentile, interpolated linearly between the closest ranks (method 7 of Hyndman and Fan 1996, the
    /// default of NumPy, R and spreadsheets).
    ///
    /// - Parameter sorted: the numbers, ascending.
    static func percentile(_ percent: Double, of sorted: [Double]) -> Double? {
        guard !sorted.isEmpty else { return nil }
        let rank = percent / 100 * Double(sorted.count - 1)
        let low = min(Int(rank), sorted.count - 1)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (sorted[high] - sorted[low]) * (rank - Double(low))
    }
}

/// Computes all that metrics need, for a set of groups.
struct MetricScan {
    let execution: Execution
    let grouping: Grouping
    let filter: Filter?
    let range: ResolvedRange
    let metrics: [Metric]
    /// Whether numbers of visitors may be estimates where that is quicker: of one dimension without intervals.
    var estimates = false
    /// See ``GroupedScan/kept``.
    var kept: UInt8?

    /// Bound of an estimate's error: two standard errors, within which 95 of 100 estimates are.
    static func errorBound(_ sketch: VisitorSketch) -> Double { 2 * sketch.relativeStandardError }

    /// The groups with events, and everything that adds up.
    func sums() throws(QueryError) -> GroupedScan.Result {
        var plan = Accumulators.Plan(metrics)
        plan.boundsVisitors = estimates
        return try GroupedScan(
            execution: execution, grouping: grouping, filter: filter, range: range, plan: plan,
            kept: kept
        ).run()
    }

    /// Adds what does not add up, distinct visitors and sessions, for the given groups of a result.
    ///
    /// - Returns: the numbers of each, in the same order.
    func numbers(
        of groups: [Int], in result: GroupedScan.Result, for metrics: [Metric]
    ) throws(QueryError) -> [GroupNumbers] {
        var numbers: [GroupNumbers] = []
        numbers.reserveCapacity(groups.count)
        for group in groups {
            if numbers.count & 0x3FFF == 0 { try execution.check() }
            numbers.append(GroupNumbers(result.sums, group: group))
            try numbers[numbers.count - 1].sort(execution)
        }
        let needs = MetricNeeds(metrics)
        guard needs.visitors || needs.sessions else { return numbers }
        var selected = [Int32](repeating: -1, count: result.table.count)
        for (number, group) in groups.enumerated() { selected[group] = Int32(number) }
        let resolver = GroupResolver(result.table, selected: selected)
        if needs.visitors, estimates,
            let sketches = try EstimatedVisitors(
                execution: execution, grouping: grouping, filter: filter, range: range, table: result.table
            ).run(groups)
        {
            for (number, sketch) in sketches.enumerated() {
                // No more visitors than events, or than the parts have together.
                let most = result.sums.maxVisitors(groups[number])
                numbers[number].visitors = min(Int(sketch.estimate.rounded()), most)
                numbers[number].visitorsError = MetricScan.errorBound(sketch)
                execution.noteEstimate(error: numbers[number].visitorsError)
            }
        } else if needs.visitors {
            let counts = try DistinctVisitors(
                execution: execution, grouping: grouping, filter: filter, range: range, resolver: resolver,
                groups: groups.count, kept: kept
            ).run()
            for (number, count) in counts.enumerated() { numbers[number].visitors = count }
        }
        if needs.sessions {
            let sessions = try SessionScan(
                execution: execution, grouping: grouping, filter: filter, range: range, resolver: resolver,
                groups: groups.count, needsWholeSessions: needs.wholeSessions
            ).run()
            for (number, session) in sessions.enumerated() { numbers[number].sessions = session }
        }
        return numbers
    }
}

/// Which of the costlier scans a set of metrics needs.
struct MetricNeeds {
    var visitors = false
    var sessions = false
    var wholeSessions = false

    init(_ metrics: [Metric]) {
        for metric in metrics {
            switch metric {
            case .visitors, .eventsPerVisitor: visitors = true
            case .sessions: sessions = true
            case .bounceRate, .sessionDuration:
                sessions = true
                wholeSessions = true
            default: break
            }
        }
    }

    /// Whether no scan beyond the additive one is needed.
    var isAdditive: Bool { !visitors && !sessions }
}
