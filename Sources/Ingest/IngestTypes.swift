import Access
import Enrichment

/// How events came in.
public enum Transport: String, Sendable, CaseIterable {
    case http
    case pixel
    case udp
    /// From a site's dead letters, once more.
    case replay
}

/// Why an event was lost without an answer.
public enum DropReason: String, Sendable, CaseIterable {
    /// A datagram was larger than the buffer.
    case truncated
    /// A datagram or a line of it is no JSON object.
    case invalid
    /// Its key was missing or wrong, or its page of an origin that may not send.
    case unauthorized
    /// Its key or its sender's address had sent too much.
    case rateLimited = "rate_limited"
    /// The server had no room for it.
    case overload
    /// The operating system dropped it before the server saw it.
    case kernel
    /// The disk failed.
    case storage
    /// The disk has less space than is kept in reserve.
    case diskFull = "disk_full"
}

/// What ingest needs to know of a request besides its body.
public struct IngestContext: Sendable {
    /// Site of events that name none; `default` if `nil`.
    public var site: String?
    /// The request's `User-Agent`, empty if there was none.
    public var userAgent: [UInt8]
    /// The client's address, from which visitors are derived; never stored.
    public var clientAddress: String
    /// The request's `Accept-Language`, empty if there was none.
    public var acceptLanguage: [UInt8] = []
    /// The client's country as a trusted proxy names it, empty if none does.
    public var country: [UInt8] = []
    /// Whether events of any age are taken.
    public var backfill: Bool
    /// How it came.
    public var transport: Transport
    /// Whether the answer is all that is wanted: nothing is stored, remembered or counted among what was received.
    public var isRehearsal = false
    /// The key under which the answer is remembered; not for a rehearsal.
    public var key: RequestKey?
    /// Where its events may go; `nil` for anywhere.
    public var rule: EventRule?

    /// Creates a context.
    public init(
        site: String?, userAgent: [UInt8], clientAddress: String, backfill: Bool, transport: Transport,
        rule: EventRule? = nil
    ) {
        self.site = site
        self.userAgent = userAgent
        self.clientAddress = clientAddress
        self.backfill = backfill
        self.transport = transport
        self.rule = rule
    }
}

/// A key by which a client makes sending a whole request again harmless.
public struct RequestKey: Sendable {
    /// Bytes that a key may have.
    public static let maxBytes = 255

    /// The key, 1 to ``maxBytes`` bytes.
    public var text: String
    /// Makes the bytes that are remembered and answered again.
    public var render: @Sendable (IngestAnswer) -> [UInt8]

    /// Creates a key.
    public init(text: String, render: @escaping @Sendable (IngestAnswer) -> [UInt8]) {
        self.text = text
        self.render = render
    }
}

/// Why one event was refused.
public struct IngestProblem: Sendable, Equatable {
    /// Its position in the body, from 0.
    public var index: Int
    /// The stable code.
    public var code: String
    /// The reason in words.
    public var detail: String
}

/// What became of a request's events. When it is given, the accepted ones are durable and visible to every query.
public struct IngestAnswer: Sendable, Equatable {
    public var accepted = 0
    public var duplicate = 0
    public var rejected = 0
    /// The first ``IngestService/maxProblems`` refusals.
    public var errors: [IngestProblem] = []
    /// What the request's key is answered with, if it came with one: see ``RequestKey/render``.
    public var rendered: [UInt8]?
    /// Whether that is the answer to an earlier request, and nothing was stored now. The numbers above are then 0.
    public var isRepeated = false

    /// Creates an answer.
    public init(
        accepted: Int = 0, duplicate: Int = 0, rejected: Int = 0, errors: [IngestProblem] = [],
        rendered: [UInt8]? = nil, isRepeated: Bool = false
    ) {
        self.accepted = accepted
        self.duplicate = duplicate
        self.rejected = rejected
        self.errors = errors
        self.rendered = rendered
        self.isRepeated = isRepeated
    }
}

/// Why a request as a whole was not taken. Nothing of it was stored.
public enum IngestError: Error, Sendable, Equatable {
    /// The body cannot be read.
    case unreadable(code: String, detail: String)
    /// None of its events may go where they want to.
    case refused(AccessRefusal)
    /// The server is full; to be repeated later.
    case overloaded(retryAfterSeconds: Int, detail: String)
    /// The server is stopping.
    case draining
    /// The disk is almost full; to be repeated when there is space.
    case diskFull(retryAfterSeconds: Int, detail: String)
    /// The disk failed; to be repeated against a restarted server.
    case storage(detail: String)
    /// The request's key had come with another body.
    case keyReused
}

/// What the service is doing.
public enum ServiceState: Sendable, Equatable {
    case recovering
    case ready
    case draining
    /// It can no longer make anything durable; queries go on.
    case failed(String)
}

/// Why the service could not start, in words for the person who started it.
public struct StartError: Error, Sendable, CustomStringConvertible {
    public var description: String

    /// Creates an error.
    public init(description: String) { self.description = description }
}

/// How the service is set up.
public struct ServiceSettings: Sendable {
    /// The store's directory.
    public var dataDirectory: String
    /// Cores it may use.
    public var threads: Int
    /// How old an event may be that is not a backfill, milliseconds.
    public var lateLimit: Int64
    /// From what dimensions are derived.
    public var enrichment = EnrichmentOptions()
    /// The sites whose events keep the query strings of their URLs.
    public var queryStringSites: Set<String> = []

    /// The late limit unless one is set: seven days, in milliseconds.
    public static let defaultLateLimit: Int64 = 7 * 86_400_000

    /// Creates settings.
    public init(dataDirectory: String, threads: Int, lateLimit: Int64 = ServiceSettings.defaultLateLimit) {
        self.dataDirectory = dataDirectory
        self.threads = threads
        self.lateLimit = lateLimit
    }
}
