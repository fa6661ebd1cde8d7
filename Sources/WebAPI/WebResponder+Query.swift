import Access
import Hummingbird
import NIOCore
import Queries
import Storage

extension WebResponder {
    /// `GET /v1/query/{kind}`: the query as flat parameters.
    func getQuery(_ request: Request, kind: String, context: WebContext) async throws -> Response {
        let engine = try state.backend().engine
        let grant = try admit(request, .read, context: context)
        let parameters = QueryString(request.uri.query ?? "").parametersWithoutKey
        return try await run(engine, grant, context) { () throws(QueryError) in
            try QueryRequest(kind: kind, parameters: parameters, site: grant.boundSite)
        }
    }

    /// `POST /v1/query/{kind}`: the query as JSON; an empty body asks for the defaults.
    func postQuery(_ request: Request, kind: String, context: WebContext) async throws -> Response {
        let engine = try state.backend().engine
        let grant = try admit(request, .read, context: context)
        // A site in the body goes before that of the URL, as it does for events.
        let site = try QueryString(request.uri.query ?? "").site() ?? grant.boundSite
        let body = try await reader.query(request)
        return try await run(engine, grant, context) { () throws(QueryError) in
            try QueryRequest(kind: kind, json: body, site: site)
        }
    }

    /// Answers a query on a thread of its own, for as long as its client is there.
    private func run(
        _ engine: QueryEngine, _ grant: AccessGrant, _ context: WebContext,
        _ parse: @escaping @Sendable () throws(QueryError) -> QueryRequest
    ) async throws -> Response {
        let cancellation = QueryCancellation()
        let presence = try await context.presence()
        let watch = presence.onLeaving { cancellation.cancel() }
        defer { presence.forget(watch) }
        do {
            return .json(
                try await gate.run(presence: presence) {
                    let request = try parse()
                    try grant.check(site: request.query.common.site)
                    return try engine.answer(request, cancellation: cancellation).bytes
                })
        } catch let refusal as AccessRefusal {
            throw Problem(refusal)
        } catch let error as QueryError {
            throw Problem(error)
        } catch is CancellationError {
            throw Problem(QueryError(.cancelled, "The client has gone, or the server is shutting down."))
        }
    }
}
