/// `retention`: of the visitors who began in an interval, how many came back in it and in those that follow.
public struct RetentionQuery: Sendable, Equatable {
    /// In which interval a visitor must come back.
    public enum Mode: String, CaseIterable, Sendable {
        /// In that very interval.
        case on
        /// In that interval or any later one of the range.
        case onOrAfter = "on_or_after"
    }

    /// Which cohorts a visitor who starts several times belongs to.
    public enum Cohorts: String, CaseIterable, Sendable {
        /// That of their first start in the range, and no other: every visitor counts once.
        case first
        /// That of every interval in which they start.
        case every
    }

    /// The intervals that cohorts can have.
    enum Length: String, CaseIterable {
        case day
        case week
        case month

        var interval: Interval {
            switch self {
            case .day: .day
            case .week: .week
            case .month: .month
            }
        }
    }

    /// What queries of every kind have.
    public var common: CommonQuery
    /// What makes a visitor part of a cohort.
    public var start: EventMatch
    /// What makes them come back.
    public var comeback: EventMatch
    /// The length of the intervals: a day, a week or a month.
    public var interval: Interval
    /// How many intervals each cohort is followed, its own among them.
    public var intervals: Int
    /// In which interval a visitor must come back.
    public var mode: Mode
    /// Which cohorts a visitor who starts several times belongs to.
    public var cohorts: Cohorts

    public init(
        common: CommonQuery, start: EventMatch, comeback: EventMatch, interval: Interval = .day, intervals: Int = 8,
        mode: Mode = .on, cohorts: Cohorts = .first
    ) {
        self.common = common
        self.start = start
        self.comeback = comeback
        self.interval = interval
        self.intervals = intervals
        self.mode = mode
        self.cohorts = cohorts
    }
}

extension RetentionQuery {
    /// The names that the query has beside the common ones.
    static let ownKeys = ["start", "return", "interval", "intervals", "mode", "cohorts"]

    init(_ reader: ObjectReader, common: CommonQuery, filters: inout FilterReader) throws(QueryError) {
        guard let start = try reader.match("start", what: "the start", filters: &filters) else {
            throw reader.missing("start", "it says which event makes a visitor part of a cohort")
        }
        guard let comeback = try reader.match("return", what: "the return", filters: &filters) else {
            throw reader.missing("return", "it says which event means that a visitor came back")
        }
        self.init(common: common, start: start, comeback: comeback)
        interval = try reader.choice("interval", Length.self)?.interval ?? interval
        intervals = try reader.integer("intervals", 1...QueryLimits.maxRetentionIntervals) ?? intervals
        mode = try reader.choice("mode", Mode.self) ?? mode
        cohorts = try reader.choice("cohorts", Cohorts.self) ?? cohorts
    }
}
