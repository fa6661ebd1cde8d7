/// What queries of every kind have: whose events, of which time, and which of them.
public struct CommonQuery: Sendable, Equatable {
    /// The site; `default` when the query names none.
    public var site: String
    /// The time range; all there is when the query names none.
    public var range: TimeRange
    /// The zone of intervals, named ranges and times in the answer; UTC when the query names none.
    public var timezone: TimeZoneSpec
    /// Which events count; `nil` for all.
    public var filter: Filter?
    /// Whether an answer that was computed before may be used.
    public var useCache: Bool
    /// The time the query may take, in milliseconds; `nil` for the server's limit. It can lower that, not raise it.
    public var timeoutMs: Int64?

    public init(
        site: String = "default", range: TimeRange = .all, timezone: TimeZoneSpec = .utc, filter: Filter? = nil,
        useCache: Bool = true, timeoutMs: Int64? = nil
    ) {
        self.site = site
        self.range = range
        self.timezone = timezone
        self.filter = filter
        self.useCache = useCache
        self.timeoutMs = timeoutMs
    }
}
