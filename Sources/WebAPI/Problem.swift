import HTTPTypes
import Hummingbird
import Ingest
import NIOCore
import Queries

/// What went wrong with a request, answered as `application/problem+json` (RFC 9457).
public struct Problem: Error, Sendable, Equatable {
    /// The HTTP status.
    public var status: Int
    /// Stable, in snake case: what a program looks at.
    public var code: String
    /// The kind of problem in a few words, the same for every occurrence.
    public var title: String
    /// This occurrence: what, why, and what to do about it.
    public var detail: String
    /// The part of the request that is meant, where there is one.
    public var field: String?
    /// Seconds after which it is worth trying again.
    public var retryAfterSeconds: Int?
    /// The methods that are allowed, for 405.
    public var allow: String?
    /// Whether the connection must be closed since the rest of the request will not be read.
    public var closesConnection: Bool

    /// Creates a problem.
    public init(
        _ status: Int, code: String, title: String, detail: String, field: String? = nil,
        retryAfterSeconds: Int? = nil, allow: String? = nil, closesConnection: Bool = false
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.field = field
        self.retryAfterSeconds = retryAfterSeconds
        self.allow = allow
        self.closesConnection = closesConnection
    }

    /// The problem as a JSON document; everything in it is escaped.
    public var json: [UInt8] {
        var text = JSONText()
        text.raw(#"{"type":"about:blank","title":"#)
        text.string(title)
        text.raw(#","status":"#)
        text.integer(status)
        text.raw(#","code":"#)
        text.string(code)
        text.raw(#","detail":"#)
        text.string(detail)
        if let field {
            text.raw(#","field":"#)
            text.string(field)
        }
        text.raw("}")
        return text.bytes
    }

    /// The HTTP answer.
    func response() -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        if let retryAfterSeconds {
            headers[.retryAfter] = String(retryAfterSeconds)
        }
        if let allow {
            headers[.allow] = allow
        }
        if status == 401 {
            headers[.wwwAuthenticate] = "Bearer realm=\"weir\""
        }
        if closesConnection {
            headers[.connection] = "close"
        }
        let body = ResponseBody(byteBuffer: ByteBuffer(bytes: json))
        return Response(status: HTTPResponse.Status(code: status), headers: headers, body: body)
    }
}

extension Problem {
    /// The ingest service's answer to a body as a whole.
    init(_ error: IngestError) {
        switch error {
        case .unreadable(let code, let detail):
            self.init(400, code: code, title: "The body cannot be read", detail: detail)
        case .refused(let refusal): self.init(refusal)
        case .overloaded(let seconds, let detail):
            self.init(
                429, code: "overloaded", title: "Too much at once", detail: detail,
                retryAfterSeconds: Self.spread(seconds))
        case .draining:
            self = .draining
        case .diskFull(let seconds, let detail):
            self.init(
                503, code: "disk_full", title: "The disk is almost full", detail: detail,
                retryAfterSeconds: Self.spread(seconds))
        case .keyReused:
            self.init(
                422, code: "idempotency_key_reused", title: "The key was used for another request",
                detail: "Another body, or the same with other parameters, came under this Idempotency-Key before. Give "
                    + "every batch a key of its own, and send it again only as it was.", field: "Idempotency-Key")
        case .storage(let detail):
            self.init(
                503, code: Self.storageCode, title: "The store cannot take events", detail: detail,
                retryAfterSeconds: WebLimits.retryAfterSeconds)
        }
    }

    /// The query engine's answer to a query it does not take or could not finish.
    init(_ error: QueryError) {
        self.init(error.status, code: error.code, title: error.title, detail: error.detail, field: error.field)
        if error.status == 429 || error.status == 503 {
            retryAfterSeconds = WebLimits.retryAfterSeconds
        }
    }

    /// Seconds to wait, up to twice as many as asked for, so that clients refused together do not come back together.
    static func spread(_ seconds: Int) -> Int {
        let least = max(seconds, 1)
        return Int.random(in: least...(least * 2))
    }

    /// The code of everything that the disk is to blame for.
    static let storageCode = "storage_unavailable"

    static let draining = Problem(
        503, code: "draining", title: "The server is shutting down",
        detail: "The server is shutting down and takes no further requests; send it again in a moment.",
        retryAfterSeconds: WebLimits.retryAfterSeconds)

    static let recovering = Problem(
        503, code: "recovering", title: "The server is starting",
        detail: "The server is still recovering its store; send it again in a moment.",
        retryAfterSeconds: WebLimits.retryAfterSeconds)

    static let slowHead = Problem(
        408, code: "request_timeout", title: "The request came too slowly",
        detail: "The head of a request must have arrived within \(WebLimits.headSeconds) s.", closesConnection: true)

    static let slowBody = Problem(
        408, code: "request_timeout", title: "The body came too slowly",
        detail: "A body must have arrived within \(WebLimits.frontBodySeconds) s.", closesConnection: true)

    static let `internal` = Problem(
        500, code: "internal_error", title: "The server failed",
        detail: "The request could not be answered because of an error in the server; its log has the details.")

    package static let tooManyQueries = Problem(
        429, code: "too_many_queries", title: "Too many queries at once",
        detail: "\(WebLimits.waitingQueries) queries are waiting already; ask again in a moment.",
        retryAfterSeconds: WebLimits.retryAfterSeconds)

    package static let queryQueueTimeout = Problem(
        503, code: "query_queue_timeout", title: "The query waited too long",
        detail: "Other queries kept all threads busy for \(WebLimits.queryWaitSeconds) s; ask again in a moment.",
        retryAfterSeconds: WebLimits.retryAfterSeconds)

    static let tooManyRemovals = Problem(
        429, code: "too_many_removals", title: "Too many removals at once",
        detail: "\(WebLimits.waitingRemovals) erasures and deletions are waiting already; send it again in a moment.",
        retryAfterSeconds: WebLimits.retryAfterSeconds)

    static let notFound = Problem(
        404, code: "not_found", title: "There is nothing here",
        detail: "No resource has this path; GET /openapi.json lists all there are.")

    static func invalidParameter(_ name: String, _ detail: String) -> Problem {
        Problem(
            400, code: "invalid_parameter", title: "A parameter cannot be used", detail: "\(name): \(detail)",
            field: name)
    }
}
