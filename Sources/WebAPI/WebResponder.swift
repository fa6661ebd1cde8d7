import Access
import HTTPTypes
import Hummingbird
import Ingest
import Logging
import NIOCore
import NIOHTTP1

/// What a request brings along besides itself: its connection.
struct WebContext: InitializableFromSource {
    let channel: any Channel
    let logger: Logger

    init(channel: any Channel, logger: Logger) {
        self.channel = channel
        self.logger = logger
    }

    init(source: ApplicationRequestContextSource) {
        self.channel = source.channel
        self.logger = source.logger
    }

    /// Tells when the connection's client goes.
    func presence() async throws -> ClientPresence {
        try await channel.eventLoop.submit { [channel] in
            try channel.pipeline.syncOperations.handler(type: ConnectionHandler.self).presence
        }.get()
    }
}

/// Answers every request: finds the endpoint, runs it, and turns what it throws into a problem document.
struct WebResponder: HTTPResponder {
    typealias Context = WebContext

    let state: ServerState
    let access: AccessControl
    let keys: KeyService
    let gate: QueryGate
    let removals: QueryGate
    let live: LiveHub
    let reader: RequestBodyReader
    let counters: RequestCounters
    let front: FrontCounters
    let logger: Logger
    /// The header in which a proxy names the client's country; `nil` for none.
    var countryHeader: HTTPField.Name?
    private let reports = ReportLimiter()

    init(
        state: ServerState, access: AccessControl, keys: KeyService, gate: QueryGate, removals: QueryGate,
        live: LiveHub, reader: RequestBodyReader, counters: RequestCounters, front: FrontCounters, logger: Logger
    ) {
        self.state = state
        self.access = access
        self.keys = keys
        self.gate = gate
        self.removals = removals
        self.live = live
        self.reader = reader
        self.counters = counters
        self.front = front
        self.logger = logger
    }

    func respond(to request: Request, context: WebContext) async throws -> Response {
        let (endpoints, kind) = Endpoint.at(path: request.uri.path)
        let endpoint = Endpoint.select(request.method, among: endpoints)
        var response: Response
        do {
            if let field = HTTPField.Name(HeadRules.field), let rule = request.headers[field] {
                throw HeadRules.problem(rule)
            }
            response = try await answer(
                request, endpoint: endpoint, others: endpoints, kind: kind, context: context)
        } catch let problem as Problem {
            report(problem, endpoint: endpoint)
            response = problem.response()
        } catch let error as HTTPParserError {
            // The rest of the request is not HTTP; the connection is answered and closed by the server.
            throw error
        } catch {
            // A client that hangs up in the middle, for the most part.
            logger.debug("A request failed.", metadata: ["error": "\(error)"])
            response = Problem.internal.response()
        }
        finish(&response, request: request, endpoint: endpoint, among: endpoints, channel: context.channel)
        counters.countRequest(endpoint, status: response.status.code)
        return response
    }

    /// Logs what is the server's own fault. Why nothing at all can be stored is logged where it happens, once.
    private func report(_ problem: Problem, endpoint: Endpoint?) {
        guard problem.status == 500 || problem.code == Problem.storageCode, endpoint != .readiness else { return }
        guard reports.isDue(problem.detail) else { return }
        logger.error(
            "A request failed.",
            metadata: ["endpoint": "\(endpoint?.rawValue ?? "none")", "error": "\(problem.detail)"])
    }

    private func answer(
        _ request: Request, endpoint: Endpoint?, others: [Endpoint], kind: String, context: WebContext
    ) async throws -> Response {
        guard !others.isEmpty else { throw Problem.notFound }
        if request.method == .options {
            return preflight(request, others)
        }
        guard let endpoint else {
            let allow = Endpoint.allow(others)
            throw Problem(
                405, code: "method_not_allowed", title: "The method is not allowed here",
                detail: "This path takes \(allow).", allow: allow)
        }
        switch endpoint {
        case .postEvents: return try await postEvents(request, context: context)
        case .pixel: return await pixel(request, context: context)
        case .getQuery: return try await getQuery(request, kind: kind, context: context)
        case .postQuery: return try await postQuery(request, kind: kind, context: context)
        case .live: return try await watch(request, kind: kind, context: context)
        case .deadLetters: return try await deadLetters(request, context: context)
        case .replayDeadLetters: return try await replayDeadLetters(request, context: context)
        case .getSchema: return try await getSchema(request, name: kind, context: context)
        case .putSchema: return try await putSchema(request, name: kind, context: context)
        case .flush: return try await flush(request, context: context)
        case .backup: return try await backup(request, context: context)
        case .confirmRetention: return try await confirmRetention(request, context: context)
        case .eraseVisitor: return try await eraseVisitor(request, name: kind, context: context)
        case .deleteSite: return try await deleteSite(request, name: kind, context: context)
        case .listKeys: return try await listKeys(request, context: context)
        case .createKey: return try await createKey(request, context: context)
        case .revokeKey: return try await revokeKey(request, name: kind, context: context)
        case .health: return .text("ok\n")
        case .readiness:
            try state.checkReady()
            return .text("ready\n")
        case .metrics: return try metrics(request, context: context)
        case .openAPI: return .fixed(OpenAPIDocument.bytes, type: "application/json")
        case .page: return page(request)
        case .beacon: return beacon(request)
        case .asset: return try asset(request, path: kind)
        }
    }

    /// The answer to OPTIONS: what the path takes, and what a page of another origin may send there.
    private func preflight(_ request: Request, _ endpoints: [Endpoint]) -> Response {
        var response = Response(status: .noContent, headers: [.allow: Endpoint.allow(endpoints)])
        guard endpoints.contains(where: \.takesEvents) else { return response }
        setOrigin(&response, request: request, grant: nil)
        guard response.headers[.accessControlAllowOrigin] != nil else { return response }
        response.headers[.accessControlAllowMethods] = Endpoint.allow(endpoints)
        response.headers[.accessControlAllowHeaders] =
            "content-type, content-encoding, idempotency-key, authorization, x-weir-key"
        response.headers[.accessControlMaxAge] = "86400"
        return response
    }

    /// Adds what every answer has, takes the body off an answer to HEAD, and sees to it that a refused request's
    /// connection ends.
    private func finish(
        _ response: inout Response, request: Request, endpoint: Endpoint?, among endpoints: [Endpoint],
        channel: any Channel
    ) {
        response.headers[.xContentTypeOptions] = "nosniff"
        if response.headers[.contentSecurityPolicy] == nil {
            response.headers[.contentSecurityPolicy] = Self.noContent
        }
        if request.method != .options, endpoints.contains(where: \.takesEvents) {
            setOrigin(&response, request: request, grant: nil)
            // Where the key's site does not allow the origin, it does not matter that another one does.
            if response.status == .forbidden { response.headers[.accessControlAllowOrigin] = nil }
        }
        if request.method == .head {
            // The length stays that of the answer to GET.
            response = response.createHeadResponse()
        }
        if response.headers[.connection] == "close" {
            Self.closeAfterAnswer(&response, channel: channel)
        }
    }

    /// What a browser that takes an answer for a page may do with it: nothing.
    private static let noContent = "default-src 'none'; frame-ancestors 'none'"

    /// Ends the connection after the answer, though a client may still be sending a body nobody wants.
    ///
    /// Our side is shut at once; the other is closed after a moment, since closing it while bytes come in would make
    /// the system throw away the answer before the client has read it.
    private static func closeAfterAnswer(_ response: inout Response, channel: any Channel) {
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(writer)
            channel.close(mode: .output, promise: nil)
            channel.eventLoop.scheduleTask(in: .seconds(Int64(WebLimits.lingerSeconds))) {
                channel.close(promise: nil)
            }
        }
    }
}

extension Response {
    /// An answer of bytes that are JSON.
    static func json(_ bytes: [UInt8]) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// An answer of plain text.
    static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> Response {
        Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// The API's description. Always asked for anew, since the next version may differ.
    static func fixed(_ bytes: [UInt8], type: String) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: type, .cacheControl: "no-cache",
                .contentSecurityPolicy: Site.contentSecurityPolicy,
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
