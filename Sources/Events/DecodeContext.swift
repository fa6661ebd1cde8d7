/// What decoding needs to know about a request besides its body.
public struct DecodeContext: Sendable {
    /// Derives the visitor of an event that names none, as text of at most 200 bytes.
    ///
    /// It is called once for each site and user agent of a body. The bytes are valid during the call only.
    public typealias AnonymousVisitor = @Sendable (_ site: String, _ userAgent: UnsafeRawBufferPointer) -> String

    /// The server's clock, Unix milliseconds: what ``lateLimit`` and ``futureLimit`` are counted from.
    public var now: Int64
    /// Time of events that have none, Unix milliseconds between ``CivilTime/earliest`` and ``CivilTime/latest``.
    public var receivedAt: Int64
    /// Site of events that name none.
    public var defaultSite: String
    /// Whether events of any age are taken, for imports.
    public var backfill: Bool
    /// The request's `User-Agent`, for events without `user_agent`; ignored where it is longer than a text may be.
    public var userAgent: [UInt8]?
    /// Language of events that name neither a language nor a user agent of their own.
    public var language: [UInt8]?
    /// Country of events that name none.
    public var country: [UInt8]?
    /// How old an event may be, milliseconds.
    public var lateLimit: Int64
    /// How long a site's events are kept, milliseconds; `nil` for ever. Older ones are refused, of a backfill too. Asked once
    /// for each site and month of a body.
    public var retention: (@Sendable (_ site: String) -> Int64?)?
    /// How far an event's time may be ahead of ``now``, milliseconds.
    public var futureLimit: Int64
    /// Whether `query_string` is kept as a dimension, of every site.
    public var keepQueryString: Bool
    /// How the request came, for its dead letters.
    public var transport = ""
    /// Whether the schemas of sites are left alone, for what is admitted in spite of them.
    public var ignoresSchema = false
    /// Whether nothing will be stored, so that no name becomes known by it.
    public var isRehearsal = false
    /// The sites that keep it besides. Asked once for each site and month of a body.
    public var queryStringSites: Set<String> = []
    /// Derives visitors of events without one.
    public var anonymousVisitor: AnonymousVisitor
    /// Says where events may go; `nil` where they may go anywhere.
    public var admission: EventAdmission?

    /// Creates a context.
    ///
    /// - Parameters:
    ///   - now: the server's clock, Unix milliseconds.
    ///   - receivedAt: time of events that have none; `now` if absent.
    ///   - defaultSite: site of events that name none.
    ///   - backfill: whether both time limits are lifted.
    ///   - userAgent: the request's header.
    ///   - lateLimit: milliseconds; 7 days.
    ///   - futureLimit: milliseconds; 10 minutes.
    ///   - retention: how long a site's events are kept; for ever.
    ///   - keepQueryString: whether `query_string` is kept.
    ///   - anonymousVisitor: derives visitors of events without one.
    public init(
        now: Int64, receivedAt: Int64? = nil, defaultSite: String = "default", backfill: Bool = false,
        userAgent: [UInt8]? = nil, lateLimit: Int64 = 7 * CivilTime.millisecondsPerDay, futureLimit: Int64 = 600_000,
        keepQueryString: Bool = false, retention: (@Sendable (_ site: String) -> Int64?)? = nil,
        anonymousVisitor: @escaping AnonymousVisitor
    ) {
        self.now = now
        self.receivedAt = receivedAt ?? now
        self.defaultSite = defaultSite
        self.backfill = backfill
        self.userAgent = userAgent
        self.lateLimit = lateLimit
        self.retention = retention
        self.futureLimit = futureLimit
        self.keepQueryString = keepQueryString
        self.anonymousVisitor = anonymousVisitor
    }
}

/// What became of a body: `received` = rows of all batches + `duplicates` + number of `rejections`.
public struct DecodedBody {
    /// Events in the body.
    public var received = 0
    /// The accepted events, one batch for each site and calendar month (UTC); none is empty.
    public var batches: [ColumnBatch] = []
    /// Valid events whose site and id an earlier event of this body has.
    public var duplicates = 0
    /// All events that were not taken, in order.
    public var rejections: [Rejection] = []
    /// Top-level fields that no event has, over all events that are JSON objects; they were ignored.
    public var ignoredFields = 0
    /// Accepted events that break a rule of a schema that only warns, by the rule.
    public var schemaWarnings: [RejectionCode: Int] = [:]
    /// Properties whose names were more than their site may have; they are under ``EventDecoder/overflowProperty``.
    public var overflowedProperties = 0
    /// Accepted events whose names were more than their site may have; they are named ``EventDecoder/overflowEvent``.
    public var overflowedEvents = 0

    /// Creates the result of a body without events.
    public init() {}

    /// Events that became rows.
    public var accepted: Int { batches.reduce(0) { $0 + $1.rows } }
}
