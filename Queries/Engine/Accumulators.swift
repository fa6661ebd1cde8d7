import Storage

/// The additive numbers of groups: they can be summed over pieces, segments and workers in any order.
struct Accumulators {
    /// What is accumulated.
    struct Plan: Sendable {
        var pageviews = false
        var measures: [Measure] = []
        /// Which measures need every number, for percentiles.
        var keepsNumbers: [Bool] = []
        /// Whether ``Accumulators/maxVisitors(_:)`` is wanted to be closer than the number of events.
        var boundsVisitors = false

        init(_ metrics: [Metric]) {
            for metric in metrics {
                if metric == .pageviews { pageviews = true }
                guard let measure = metric.measure else { continue }
                if !measures.contains(measure) {
                    measures.append(measure)
                    keepsNumbers.append(false)
                }
                if case .percentile = metric, let index = measures.firstIndex(of: measure) {
                    keepsNumbers[index] = true
                }
            }
        }
    }

    /// The numbers of one measure of one group.
    struct Statistics {
        var count = 0
        var sum = ExactSum()
        var minimum = Double.infinity
        var maximum = -Double.infinity
        var numbers: [Double] = []

        @inline(__always)
        mutating func add(_ number: Double, keep: Bool) {
            count += 1
            sum.add(number)
            minimum = min(minimum, number)
            maximum = max(maximum, number)
            if keep { numbers.append(number) }
        }

        mutating func add(_ other: Statistics) {
            count += other.count
            sum.add(other.sum)
            minimum = min(minimum, other.minimum)
            maximum = max(maximum, other.maximum)
            numbers.append(contentsOf: other.numbers)
        }
    }

    let plan: Plan
    private(set) var events: [Int] = []
    private(set) var pageviews: [Int] = []
    /// Events that are known to be of visitors who have another one in the group.
    private var repeats: [Int] = []
    /// By measure, then by group.
    private(set) var statistics: [[Statistics]]

    /// Numbers kept for percentiles.
    private var kept = 0

    /// Bytes held, about.
    var bytes: Int {
        let additive = events.capacity + pageviews.capacity + repeats.capacity + kept
        return additive * MemoryLayout<Int>.stride
            + statistics.reduce(0) { $0 + $1.capacity } * MemoryLayout<Statistics>.stride
    }

    init(_ plan: Plan) {
        self.plan = plan
        statistics = plan.measures.map { _ in [] }
    }

    /// Makes room for groups below `count`.
    mutating func grow(to count: Int) {
        guard count > events.count else { return }
        let more = count - events.count
        events.append(contentsOf: repeatElement(0, count: more))
        if plan.pageviews { pageviews.append(contentsOf: repeatElement(0, count: more)) }
        if plan.boundsVisitors { repeats.append(contentsOf: repeatElement(0, count: more)) }
        for measure in statistics.indices {
            statistics[measure].append(contentsOf: repeatElement(Statistics(), count: more))
        }
    }

    mutating func addEvents(_ count: Int, group: Int) { events[group] += count }

    mutating func addPageviews(_ count: Int, group: Int) { pageviews[group] += count }

    mutating func addRepeats(_ count: Int, group: Int) { repeats[group] += count }

    /// No fewer than the distinct visitors of a group.
    func maxVisitors(_ group: Int) -> Int { events[group] - (plan.boundsVisitors ? repeats[group] : 0) }

    mutating func addStatistics(_ other: Statistics, measure: Int, group: Int) {
        statistics[measure][group].add(other)
    }

    /// Counts the rows whose mask is 1, each under its group.
    mutating func add(groups: [UInt32], mask: [UInt8], isPageview: Bool) {
        for position in groups.indices { events[Int(groups[position])] += Int(mask[position]) }
        if isPageview, plan.pageviews {
            for position in groups.indices { pageviews[Int(groups[position])] += Int(mask[position]) }
        }
    }

    /// Adds a measure's numbers, NaN for none.
    mutating func add(measure: Int, numbers: [Double], groups: [UInt32], mask: [UInt8]) {
        let keep = plan.keepsNumbers[measure]
        var added = 0
        for position in groups.indices where mask[position] != 0 && !numbers[position].isNaN {
            statistics[measure][Int(groups[position])].add(numbers[position], keep: keep)
            added += 1
        }
        if keep { kept += added }
    }

    /// Adds one group of another set of accumulators to a group of this one.
    mutating func add(_ other: Accumulators, group source: Int, to target: Int) {
        events[target] += other.events[source]
        if plan.pageviews { pageviews[target] += other.pageviews[source] }
        if plan.boundsVisitors { repeats[target] += other.repeats[source] }
        for measure in statistics.indices {
            statistics[measure][target].add(other.statistics[measure][source])
            kept += other.statistics[measure][source].numbers.count
        }
    }
}
