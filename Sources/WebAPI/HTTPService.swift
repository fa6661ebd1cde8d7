import Foundation
import Hummingbird
import NIOCore
import ServiceLifecycle

/// Runs the HTTP application and marks the server as draining as soon as it is to stop.
struct HTTPService: Service {
    let application: Application<WebResponder>
    let state: ServerState
    let live: LiveHub
    let address: SocketAddress

    func run() async throws {
        try await withGracefulShutdownHandler {
            do {
                try await application.run()
            } catch let error as IOError {
                throw ServerStartError("cannot listen for HTTP on \(address.listenAddress): \(Self.reason(error))")
            }
        } onGracefulShutdown: {
            state.drain()
            // Streams end by themselves only when told to; everything else is answered.
            live.drain()
        }
    }

    /// The system's own words for an error number, without the names of calls.
    private static func reason(_ error: IOError) -> String {
        String(cString: strerror(error.errnoCode))
    }
}
