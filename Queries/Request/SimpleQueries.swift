/// `aggregate`: metrics over all matching events.
public struct AggregateQuery: Sendable, Equatable {
    /// What queries of every kind have.
    public var common: CommonQuery
    /// In the order of the answer, none twice.
    public var metrics: [Metric]
    /// Whether the same is asked of the range of equal length just before.
    public var comparePrevious: Bool

    public init(common: CommonQuery, metrics: [Metric] = [.events, .visitors], comparePrevious: Bool = false) {
        self.common = common
        self.metrics = metrics
        self.comparePrevious = comparePrevious
    }
}

/// `timeseries`: metrics for each interval of the range.
public struct TimeseriesQuery: Sendable, Equatable {
    /// What queries of every kind have.
    public var common: CommonQuery
    /// In the order of the answer, none twice.
    public var metrics: [Metric]
    /// The length of the intervals.
    public var interval: Interval
    /// A dimension to split by.
    public var by: Dimension?
    /// How many keys of `by` are shown.
    public var limit: Int

    public init(
        common: CommonQuery, metrics: [Metric] = [.events, .visitors], interval: Interval = .day, by: Dimension? = nil,
        limit: Int = 10
    ) {
        self.common = common
        self.metrics = metrics
        self.interval = interval
        self.by = by
        self.limit = limit
    }
}

/// `events`: the matching events themselves, newest first.
public struct EventsQuery: Sendable, Equatable {
    /// What queries of every kind have.
    public var common: CommonQuery
    /// How many of them the answer has at most.
    public var limit: Int
    /// Where the page before ended, as that answer said it.
    public var cursor: String?
    /// What to show of each event; `nil` for everything.
    public var columns: [Dimension]?

    public init(common: CommonQuery, limit: Int = 100, cursor: String? = nil, columns: [Dimension]? = nil) {
        self.common = common
        self.limit = limit
        self.cursor = cursor
        self.columns = columns
    }
}

/// `values`: a dimension's values that start with a prefix, most frequent first.
public struct ValuesQuery: Sendable, Equatable {
    /// What queries of every kind have.
    public var common: CommonQuery
    /// Whose values are listed.
    public var dimension: Dimension
    /// What the values start with, byte by byte; empty for all.
    public var prefix: String
    /// How many of them the answer has at most.
    public var limit: Int

    public init(common: CommonQuery, dimension: Dimension, prefix: String = "", limit: Int = 20) {
        self.common = common
        self.dimension = dimension
        self.prefix = prefix
        self.limit = limit
    }
}

/// `schema`: every dimension and property seen.
public struct SchemaQuery: Sendable, Equatable {
    /// What queries of every kind have.
    public var common: CommonQuery

    public init(common: CommonQuery) {
        self.common = common
    }
}
