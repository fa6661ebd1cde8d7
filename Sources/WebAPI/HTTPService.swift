import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// Runs the HTTP side and marks the server as draining as soon as it is to stop.
struct HTTPService: Service {
    let front: ConnectionFront
    let state: ServerState
    let live: LiveHub
    let address: SocketAddress
    /// Is told the address that was bound.
    let bound: AsyncStream<SocketAddress>.Continuation

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await front.run(on: address) { address in
                bound.yield(address)
                bound.finish()
            }
        } onGracefulShutdown: {
            state.drain()
            // Streams end by themselves only when told to; everything else is answered.
            live.drain()
        }
    }

    /// The HTTP library's side of a connection: `responder` answers its requests one after the other.
    static func channel(_ responder: WebResponder, logger: Logger) -> HTTP1Channel {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: WebLimits.headerListBytes, maxHeaderListSize: WebLimits.headerListBytes,
            maxHeaderFieldCount: WebLimits.headerFields)
        let configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionHandler()], idleTimeout: WebLimits.idleTimeout,
            httpDecoderConfiguration: decoder)
        return HTTP1Channel(
            responder: { request, writer, channel in
                var response = try await responder.respond(
                    to: request, context: WebContext(channel: channel, logger: logger))
                response.headers[.date] = FrontAnswer.date()
                response.headers[.server] = "weir"
                do {
                    try await writer.write(response: response.head, body: response.body)
                } catch is HTTPParserError {
                    // An answer has begun, so this must not become another one.
                    throw BrokenWhileAnswering()
                }
            }, configuration: configuration)
    }

    /// The client sent what is no HTTP while it was being answered.
    private struct BrokenWhileAnswering: Error {}
}
