/// What a query may ask for. Whatever is above a limit is refused with the limit's number in the message.
public enum QueryLimits {
    /// Bytes of a query's JSON.
    public static let maxQueryBytes = 1 << 20
    /// Metrics of one query.
    public static let maxMetrics = 32
    /// Dimensions that a query groups by.
    public static let maxGroupingDimensions = 8
    /// Bytes of a property's name.
    public static let maxPropertyNameBytes = 200
    /// Comparisons in all filters of a query together.
    public static let maxFilterTests = 500
    /// Values in all filters of a query together.
    public static let maxFilterValues = 20_000
    /// Regular expressions in all filters of a query together.
    public static let maxPatterns = 50
    /// Steps of a funnel.
    public static let maxSteps = 32
    /// Alternatives of one step.
    public static let maxAlternatives = 32
    /// Rows of a `top` answer.
    public static let maxTopRows = 100_000
    /// Rows to skip.
    public static let maxOffset = 1_000_000
    /// Keys of a time series or a funnel that is split by a dimension.
    public static let maxSeriesKeys = 1_000
    /// Events of one page.
    public static let maxEvents = 10_000
    /// Suggested values.
    public static let maxValues = 1_000
    /// Conditions on metrics.
    public static let maxHaving = 32
    /// Bytes of a cursor.
    public static let maxCursorBytes = 1_024
    /// Intervals that a cohort is followed.
    public static let maxRetentionIntervals = 400
    /// Nodes of a path.
    public static let maxPathDepth = 20
    /// Intervals of a range.
    public static let maxIntervals = 100_000
}
