import HTTPTypes
import Hummingbird
import NIOCore
import Queries

extension WebResponder {
    /// `GET /v1/live/{kind}`: the answer to a query, and again whenever it has changed, as server-sent events.
    func watch(_ request: Request, kind: String, context: WebContext) async throws -> Response {
        let engine = try state.backend().engine
        let parameters = QueryString(request.uri.query ?? "").parameters
        let live: LiveQuery
        do throws(QueryError) {
            live = try LiveQuery(kind: kind, parameters: parameters)
        } catch {
            throw Problem(error)
        }
        let headers: HTTPFields = [
            .contentType: "text/event-stream", .cacheControl: "no-store",
            // A proxy that gathers answers before it passes them on would defeat the purpose.
            Self.accelBuffering: "no",
        ]
        if request.method == .head { return Response(status: .ok, headers: headers) }
        let presence = try await context.presence()
        let ticket = try self.live.enter(live, engine: engine) { [channel = context.channel] in
            channel.close(promise: nil)
        }
        let watch = presence.onLeaving { [hub = self.live] in hub.leave(ticket) }
        do {
            // What is wrong with the query is said before the stream begins.
            try await ticket.feed.greet(ticket.watcher)
        } catch {
            presence.forget(watch)
            self.live.leave(ticket)
            guard let error = error as? QueryError else { throw error }
            throw Problem(error)
        }
        let body = ResponseBody { [hub = self.live] writer in
            defer {
                presence.forget(watch)
                hub.leave(ticket)
            }
            for await message in ticket.watcher.messages { try await writer.write(message) }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private static let accelBuffering = HTTPField.Name("X-Accel-Buffering") ?? .cacheControl
}
