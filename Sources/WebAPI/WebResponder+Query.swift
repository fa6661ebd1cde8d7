import Hummingbird
import NIOCore
import Queries

extension WebResponder {
    /// `GET /v1/query/{kind}`: the query as flat parameters.
    func getQuery(_ request: Request, kind: String) async throws -> Response {
        let engine = try state.backend().engine
        let parameters = QueryString(request.uri.query ?? "").parameters
        return try await run { () throws(QueryError) in try engine.answer(kind: kind, parameters: parameters) }
    }

    /// `POST /v1/query/{kind}`: the query as JSON; an empty body asks for the defaults.
    func postQuery(_ request: Request, kind: String) async throws -> Response {
        let engine = try state.backend().engine
        let body = try await reader.query(request)
        let json = body.isEmpty ? Array("{}".utf8) : body
        return try await run { () throws(QueryError) in try engine.answer(kind: kind, json: json) }
    }

    private func run(_ work: @escaping @Sendable () throws(QueryError) -> [UInt8]) async throws -> Response {
        do {
            return .json(try await gate.run(work))
        } catch let error as QueryError {
            throw Problem(error)
        }
    }
}
