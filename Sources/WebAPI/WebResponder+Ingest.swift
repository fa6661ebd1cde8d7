import Access
import HTTPTypes
import Hummingbird
import Ingest
import NIOCore
import Storage

extension HTTPField.Name {
    /// Both names are legal as header fields, which is all that this initialiser asks.
    static let idempotencyKey = HTTPField.Name("Idempotency-Key") ?? .ifMatch
    static let idempotentReplayed = HTTPField.Name("Idempotent-Replayed") ?? .ifNoneMatch
}

extension WebResponder {
    /// `POST /v1/events`: answers once the events are durable.
    func postEvents(_ request: Request, context: WebContext) async throws -> Response {
        // Before the body is read: a server that will refuse the request need not receive it.
        let service = try state.backend().service
        let query = QueryString(request.uri.query ?? "")
        let grant = try admit(request, .write, context: context, withOrigin: true)
        var ingest = IngestContext(
            site: try query.site() ?? grant.site, userAgent: Self.userAgent(request), clientAddress: grant.clientText,
            backfill: try query.flag("backfill"), transport: .http, rule: grant.rule)
        ingest.isRehearsal = try query.flag("dry_run")
        ingest.key = try Self.key(request)
        add(request, context: context, to: &ingest)
        var claim = ByteClaim(reader.budget)
        let body = try await reader.events(request, claim: &claim)
        let answer: IngestAnswer
        do {
            answer = try await service.ingest(padded: body.bytes, count: body.count, context: ingest)
        } catch {
            throw Problem(error)
        }
        access.charge(grant, events: answer.accepted + answer.duplicate + answer.rejected)
        var response = Response.json(answer.rendered ?? Self.json(answer))
        // The bytes are those of the first answer; that it is not the first is said beside them.
        if answer.isRepeated { response.headers[.idempotentReplayed] = "true" }
        return response
    }

    /// The key of a whole request, if it has one.
    private static func key(_ request: Request) throws(Problem) -> RequestKey? {
        let values = request.headers[values: .idempotencyKey]
        guard let text = values.first else { return nil }
        guard values.count == 1, (1...RequestKey.maxBytes).contains(text.utf8.count) else {
            throw Problem(
                400, code: "invalid_idempotency_key", title: "The key of the request cannot be used",
                detail: "Idempotency-Key stands once and has 1 to \(RequestKey.maxBytes) bytes, such as a UUID.",
                field: "Idempotency-Key")
        }
        return RequestKey(text: text) { Self.json($0) }
    }

    /// `GET /v1/pixel.gif`: takes one event from the URL and answers the picture whatever becomes of it.
    func pixel(_ request: Request, context: WebContext) async -> Response {
        // What only asks what would become of an event is not one.
        let isRehearsal = (try? QueryString(request.uri.query ?? "").flag("dry_run")) ?? false
        if request.method == .get, !isRehearsal, let service = state.backendIfAny?.service,
            let grant = admitPixel(request, context: context, service: service)
        {
            let event = PixelEvent.json(QueryString(request.uri.query ?? ""))
            let body = RequestBodyReader.pad([ByteBuffer(bytes: event)])
            var ingest = IngestContext(
                site: grant.site, userAgent: Self.userAgent(request), clientAddress: grant.clientText, backfill: false,
                transport: .pixel, rule: grant.rule)
            add(request, context: context, to: &ingest)
            do {
                _ = try await service.ingest(padded: body.bytes, count: body.count, context: ingest)
                access.charge(grant, events: 1)
            } catch {
                service.countLostPixel(error)
            }
        }
        let headers: HTTPFields = [
            .contentType: "image/gif", .cacheControl: "no-store, no-cache, must-revalidate, private",
        ]
        let body = ResponseBody(byteBuffer: ByteBuffer(bytes: PixelEvent.gif))
        return Response(status: .ok, headers: headers, body: body)
    }

    /// Admits a pixel's event; what is not admitted is counted, and told nobody.
    private func admitPixel(_ request: Request, context: WebContext, service: IngestService) -> AccessGrant? {
        do throws(Problem) {
            return try admit(request, .write, context: context, withOrigin: true)
        } catch {
            service.countDropped(
                reason: error.status == 429 ? .rateLimited : .unauthorized, 1, transport: .pixel)
            return nil
        }
    }

    private static func userAgent(_ request: Request) -> [UInt8] {
        request.headers[.userAgent].map { Array($0.utf8) } ?? []
    }

    /// Adds what the headers say of a visitor besides the user agent.
    private func add(_ request: Request, context: WebContext, to ingest: inout IngestContext) {
        ingest.acceptLanguage = request.headers[.acceptLanguage].map { Array($0.utf8) } ?? []
        // Of a trusted proxy; anybody else could say what they like.
        guard let countryHeader, let peer = context.channel.remoteAddress?.clientAddress, access.trusts(peer),
            let country = request.headers[countryHeader]
        else { return }
        ingest.country = Array(country.utf8)
    }

    /// The answer's JSON, in the order of the contract.
    static func json(_ answer: IngestAnswer) -> [UInt8] {
        var text = JSONText()
        text.raw(#"{"accepted":"#)
        text.integer(answer.accepted)
        text.raw(#","duplicate":"#)
        text.integer(answer.duplicate)
        text.raw(#","rejected":"#)
        text.integer(answer.rejected)
        text.raw(#","errors":["#)
        for (position, problem) in answer.errors.enumerated() {
            text.raw(position > 0 ? #",{"index":"# : #"{"index":"#)
            text.integer(problem.index)
            text.raw(#","code":"#)
            text.string(problem.code)
            text.raw(#","detail":"#)
            text.string(problem.detail)
            text.raw("}")
        }
        text.raw("]}")
        return text.bytes
    }
}
