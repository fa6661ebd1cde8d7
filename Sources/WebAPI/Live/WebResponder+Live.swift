import Access
import HTTPTypes
import Hummingbird
import NIOCore
import Queries
import Storage

extension WebResponder {
    /// `GET /v1/live/{kind}`: the answer to a query, and again whenever it has changed, as server-sent events.
    func watch(_ request: Request, kind: String, context: WebContext) async throws -> Response {
        let engine = try state.backend().engine
        let grant = try admit(request, .read, context: context)
        let parameters = QueryString(request.uri.query ?? "").parametersWithoutKey
        let live: LiveQuery
        do throws(QueryError) {
            live = try LiveQuery(kind: kind, parameters: parameters, site: grant.boundSite)
        } catch {
            throw Problem(error)
        }
        let site = live.request.query.common.site
        do {
            try grant.check(site: site)
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
        // A key that is revoked ends what was begun with it.
        let lease = access.watch(grant, site: site) { ticket.watcher.drop() }
        do {
            // What is wrong with the query is said before the stream begins.
            try await ticket.feed.greet(ticket.watcher)
        } catch {
            presence.forget(watch)
            access.forget(lease)
            self.live.leave(ticket)
            guard let error = error as? QueryError else { throw error }
            throw Problem(error)
        }
        let body = ResponseBody { [hub = self.live, access] writer in
            defer {
                presence.forget(watch)
                access.forget(lease)
                hub.leave(ticket)
            }
            for await message in ticket.watcher.messages { try await writer.write(message) }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private static let accelBuffering = HTTPField.Name("X-Accel-Buffering") ?? .cacheControl
}
