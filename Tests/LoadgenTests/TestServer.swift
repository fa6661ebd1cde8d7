import LoadgenCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

/// A tiny HTTP server that counts lines, answers as a store would, and misbehaves where it is told to.
final class TestServer: Sendable {
    /// How to answer a request.
    enum Behaviour: Sendable {
        /// All events taken.
        case accept
        /// A status, perhaps with `Retry-After`, and no counts.
        case refuse(Int, retryAfter: String? = nil)
        /// All events taken, and the connection closed in good order.
        case acceptAndClose
        /// All events taken, after a while.
        case stall(milliseconds: Int64)
        /// No answer: the connection is cut.
        case cut
    }

    /// A request as it came.
    struct Request: Sendable {
        let uri: String
        let contentType: String?
        let authorization: String?
        let body: String
    }

    private let requests = Mutex<[Request]>([])
    private let behaviour: @Sendable (Int) -> Behaviour
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// Creates a server.
    ///
    /// - Parameter behaviour: What to do with the request of this number, from 0.
    init(_ behaviour: @escaping @Sendable (Int) -> Behaviour = { _ in .accept }) {
        self.behaviour = behaviour
    }

    /// All requests so far.
    var received: [Request] { requests.withLock { $0 } }

    /// Runs the body with the server's address.
    static func run<Value>(
        _ behaviour: @escaping @Sendable (Int) -> Behaviour = { _ in .accept },
        _ body: (TargetURL, TestServer) async throws -> Value
    ) async throws -> Value {
        let server = TestServer(behaviour)
        let channel = try await server.bind()
        let url = try #require(TargetURL("http://127.0.0.1:\(channel.localAddress?.port ?? 0)"))
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(url, server))
        } catch {
            result = .failure(error)
        }
        try await channel.close()
        try await server.group.shutdownGracefully()
        return try result.get()
    }

    private func bind() async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(server: self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let server: TestServer
        private var head: HTTPRequestHead?
        private var body = ""

        init(server: TestServer) {
            self.server = server
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = ""
            case .body(let part): body += String(buffer: part)
            case .end: answer(context)
            }
        }

        private func answer(_ context: ChannelHandlerContext) {
            guard let head else { return }
            let request = Request(
                uri: head.uri, contentType: head.headers.first(name: "content-type"),
                authorization: head.headers.first(name: "authorization"), body: body)
            let number = server.requests.withLock { requests in
                requests.append(request)
                return requests.count - 1
            }
            let events = body.split(separator: "\n").count
            let counts = #"{"accepted":\#(events),"duplicate":0,"rejected":0}"#
            switch server.behaviour(number) {
            case .accept: respond(context, .ok, counts)
            case .acceptAndClose: respond(context, .ok, counts, headers: ["connection": "close"])
            case .refuse(let status, let retryAfter):
                respond(
                    context, HTTPResponseStatus(statusCode: status), "refused",
                    headers: retryAfter.map { ["retry-after": $0] } ?? [:])
            case .stall(let milliseconds):
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                context.eventLoop.scheduleTask(in: .milliseconds(milliseconds)) {
                    bound.value.0.respond(bound.value.1, .ok, counts)
                }
            case .cut: context.close(promise: nil)
            }
        }

        private func respond(
            _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ text: String, headers: HTTPHeaders = [:]
        ) {
            var headers = headers
            headers.add(name: "content-length", value: String(text.utf8.count))
            let closes = headers.contains(name: "connection")
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            if closes { context.close(promise: nil) }
        }
    }
}
