/// `top`: the keys of one or more dimensions with the largest metrics.
public struct TopQuery: Sendable, Equatable {
    /// What queries of every kind have.
    public var common: CommonQuery
    /// One to eight, none twice.
    public var by: [Dimension]
    /// Shown, in this order, none twice.
    public var metrics: [Metric]
    /// What rows are ordered by, one of `metrics`.
    public var orderBy: Metric
    /// Largest first. Equal rows stand in ascending order of their keys either way.
    public var descending: Bool
    /// How many rows are shown.
    public var limit: Int
    /// How many rows are skipped before them.
    public var offset: Int
    /// Conditions that a row must meet, all of them. Their metrics need not be among `metrics`.
    public var having: [Having]
    /// Whether what is not shown is summed up.
    public var other: Bool
    /// The interval of each shown row's time series; `nil` for none.
    public var seriesInterval: Interval?
    /// Whether numbers of visitors may be estimates.
    public var approximate: Bool

    public init(
        common: CommonQuery, by: [Dimension], metrics: [Metric] = [.events], orderBy: Metric = .events,
        descending: Bool = true, limit: Int = 10, offset: Int = 0, having: [Having] = [], other: Bool = false,
        seriesInterval: Interval? = nil, approximate: Bool = false
    ) {
        self.common = common
        self.by = by
        self.metrics = metrics
        self.orderBy = orderBy
        self.descending = descending
        self.limit = limit
        self.offset = offset
        self.having = having
        self.other = other
        self.seriesInterval = seriesInterval
        self.approximate = approximate
    }

    /// Every metric that must be computed: the shown ones, then those that only `having` looks at.
    public var computedMetrics: [Metric] {
        var all = metrics
        for condition in having where !all.contains(condition.metric) { all.append(condition.metric) }
        return all
    }
}

/// A condition on a row's metric. A metric without a value meets only `isNot`.
public struct Having: Sendable, Equatable {
    /// How a metric is compared.
    public enum Op: String, CaseIterable, Sendable {
        case greater = "gt"
        case greaterOrEqual = "gte"
        case less = "lt"
        case lessOrEqual = "lte"
        case `is`
        case isNot = "is_not"
    }

    /// What is compared; it need not be shown.
    public var metric: Metric
    /// How it is compared.
    public var op: Op
    /// What it is compared with.
    public var value: Double

    public init(metric: Metric, op: Op, value: Double) {
        self.metric = metric
        self.op = op
        self.value = value
    }

    /// Whether a row with this number passes; `nil` is a metric without a value.
    public func holds(for number: Double?) -> Bool {
        guard let number else { return op == .isNot }
        return switch op {
        case .greater: number > value
        case .greaterOrEqual: number >= value
        case .less: number < value
        case .lessOrEqual: number <= value
        case .is: number == value
        case .isNot: number != value
        }
    }
}
