/// Why a query was not answered, as the caller sees it: a stable code, a status, and words that say what to do.
public struct QueryError: Error, Sendable, Equatable {
    /// The stable name of the reason, such as `unknown_field`. Programs may rely on it.
    public var code: String
    /// The HTTP status that goes with it.
    public var status: Int
    /// The reason in a few words, the same for all errors of one code.
    public var title: String
    /// What is wrong in this query, where, why, and what to do about it.
    public var detail: String
    /// The place in the query, such as `where[1].any[0].op`; `nil` when no single place is to blame.
    public var field: String?

    /// An error whose title and status follow from its code.
    public init(_ code: Code, _ detail: String, field: String? = nil) {
        self.code = code.rawValue
        self.status = code.status
        self.title = code.title
        self.detail = detail
        self.field = field
    }

    /// Every code there is.
    public enum Code: String, CaseIterable, Sendable {
        /// The query has not the form that its kind asks for.
        case invalidQuery = "invalid_query"
        /// The body or a parameter is not JSON.
        case invalidJSON = "invalid_json"
        /// A member or parameter that nobody knows.
        case unknownField = "unknown_field"
        case unknownDimension = "unknown_dimension"
        case unknownMetric = "unknown_metric"
        /// A time range that ends before it starts, or is given twice.
        case invalidRange = "invalid_range"
        case invalidTime = "invalid_time"
        case invalidDuration = "invalid_duration"
        case unknownTimezone = "unknown_timezone"
        case tooManySteps = "too_many_steps"
        case tooManyIntervals = "too_many_intervals"
        /// Something is larger than its limit, which the detail names.
        case limitExceeded = "limit_exceeded"
        case invalidRegex = "invalid_regex"
        /// A cursor that this server did not hand out.
        case invalidCursor = "invalid_cursor"
        /// The query took longer than it may.
        case timeout
        /// Nobody waits for the answer any more.
        case cancelled
        /// The query needed more memory than it may.
        case memoryLimit = "memory_limit"
        /// The query would need memory that other queries hold at the moment.
        case memoryBusy = "query_memory_busy"
        /// Stored data could not be read.
        case storageError = "storage_error"
        case unknownKind = "unknown_kind"

        /// The HTTP status of the code.
        public var status: Int {
            switch self {
            case .unknownKind: 404
            case .storageError: 500
            case .memoryBusy: 503
            case .timeout: 504
            // Seen by nobody but the counters of answers; the number is what proxies use for it.
            case .cancelled: 499
            default: 400
            }
        }

        var title: String {
            switch self {
            case .invalidQuery: "The query is not valid"
            case .invalidJSON: "The query is not JSON"
            case .unknownField: "The query has a field that is not known"
            case .unknownDimension: "The dimension is not known"
            case .unknownMetric: "The metric is not known"
            case .invalidRange: "The time range is not valid"
            case .invalidTime: "The time is not valid"
            case .invalidDuration: "The duration is not valid"
            case .unknownTimezone: "The time zone is not known"
            case .tooManySteps: "The funnel has too many steps"
            case .tooManyIntervals: "The range has too many intervals"
            case .limitExceeded: "A limit is exceeded"
            case .invalidRegex: "The regular expression is not valid"
            case .invalidCursor: "The cursor is not valid"
            case .timeout: "The query took too long"
            case .cancelled: "The query was stopped"
            case .memoryLimit: "The query needs too much memory"
            case .memoryBusy: "Other queries hold the memory"
            case .storageError: "Stored data could not be read"
            case .unknownKind: "There is no such query"
            }
        }
    }
}
