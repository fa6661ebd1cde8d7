import Foundation
import Logging
import NIOCore
import ServiceLifecycle
import TestSupport
import WebAPI

/// The whole server within the test's process, on free ports and a folder of its own.
struct RunningServer: Sendable {
    let listening: WeirServer.Listening

    /// Runs a server, hands it to `body`, and shuts it down gracefully.
    static func with(
        _ purpose: String, dataDirectory: String? = nil,
        configure: (inout WeirServer.Configuration) -> Void = { _ in },
        _ body: @Sendable (RunningServer) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder(purpose)
        let loopback = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
        let (started, continuation) = AsyncStream<WeirServer.Listening>.makeStream()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var configuration = WeirServer.Configuration(
            http: loopback, udp: loopback, dataDirectory: dataDirectory ?? folder.path + "/data", threads: 2,
            ownsProcess: false)
        configure(&configuration)
        let server = WeirServer(
            configuration: configuration, logger: logger,
            onListening: { listening in
                continuation.yield(listening)
                continuation.finish()
            })
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [server], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                // A server that fails to start must not leave the test waiting for it.
                defer { continuation.finish() }
                try await group.run()
            }
            var iterator = started.makeAsyncIterator()
            if let listening = await iterator.next() {
                do {
                    try await body(RunningServer(listening: listening))
                } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// The port of the HTTP side.
    var port: UInt16 { UInt16(listening.http.port ?? 0) }

    /// Talks to the server over one connection, on a thread of its own: the client blocks, and the server needs the
    /// threads that tests run on.
    func talk<Result: Sendable>(_ body: @escaping @Sendable (HTTPConnection) throws -> Result) async throws -> Result {
        let port = port
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Swift.Result { try body(try HTTPConnection(port: port)) })
            }
        }
    }

    /// Sends one request on a connection of its own.
    func request(
        _ method: String, _ target: String, headers: [(String, String)] = [], body: String? = nil
    ) async throws -> HTTPResponse {
        try await talk { try $0.request(method, target, headers: headers, body: body.map { Array($0.utf8) }) }
    }
}
