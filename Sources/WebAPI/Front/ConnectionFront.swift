import Access
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypesHTTP1
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Serves one listening socket: the front's loops read and answer events, and whatever else a connection asks for goes,
/// with the connection, to the HTTP library behind them.
struct ConnectionFront: Sendable {
    let http: HTTP1Channel
    let group: MultiThreadedEventLoopGroup
    /// Loops, at least 1.
    let threads: Int
    let state: ServerState
    let access: AccessControl
    let requests: RequestCounters
    let counters: FrontCounters
    /// Whether a proxy's header names the country of clients.
    let readsCountry: Bool
    let logger: Logger

    /// Listens, and serves until a graceful shutdown or cancellation; then answers what is in flight and returns.
    ///
    /// - Parameter onListening: called once with the address that was bound.
    /// - Throws: ``ServerStartError`` when the address cannot be used.
    func run(on address: SocketAddress, onListening: (SocketAddress) -> Void) async throws {
        let (handed, continuation) = AsyncStream<HandedConnection>.makeStream()
        let table = ConnectionTable(
            limit: Self.connectionLimit(), limitPerAddress: WebLimits.connectionsPerAddress, counters: requests)
        let shared = FrontShared(
            listening: try ListenSocket(address, backlog: WebLimits.listenBacklog), table: table, state: state,
            access: access,
            requests: requests, counters: counters, readsCountry: readsCountry,
            handOver: {
                if case .enqueued = continuation.yield($0) { true } else { false }
            })
        var mailboxes: [FrontMailbox] = []
        var loops: [LoopBox] = []
        for _ in 0..<threads {
            let mailbox = try FrontMailbox()
            loops.append(LoopBox(try FrontLoop(shared, mailbox: mailbox)))
            mailboxes.append(mailbox)
        }
        onListening(shared.listening.address)
        let channels = HandedChannels()
        await withTaskCancellationOrGracefulShutdownHandler { [mailboxes, loops] in
            await withDiscardingTaskGroup { tasks in
                tasks.addTask {
                    await Self.run(loops)
                    // With the loops nobody hands anything over any more.
                    continuation.finish()
                }
                for await connection in handed {
                    tasks.addTask {
                        await serve(connection, channels)
                        table.leave(connection.address)
                    }
                }
            }
            _ = mailboxes
        } onCancelOrGracefulShutdown: { [mailboxes] in
            shared.listening.stop()
            for mailbox in mailboxes { mailbox.stop() }
            channels.quiesce()
        }
    }

    /// Runs every loop on a thread of its own.
    private static func run(_ loops: [LoopBox]) async {
        await withDiscardingTaskGroup { tasks in
            for (number, box) in loops.enumerated() {
                tasks.addTask {
                    await withCheckedContinuation { continuation in
                        let thread = Thread {
                            box.run()
                            continuation.resume()
                        }
                        thread.name = "weir.front.\(number)"
                        thread.stackSize = 4 << 20
                        thread.start()
                    }
                }
            }
        }
    }

    /// Serves a connection with the HTTP library until it ends.
    private func serve(_ connection: HandedConnection, _ channels: HandedChannels) async {
        do {
            let channel = try await ClientBootstrap(group: group)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .withConnectedSocket(connection.descriptor) { [http, logger] channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(HandedChannel(bytes: connection.bytes))
                    }.flatMap { http.setup(channel: channel, logger: logger) }.flatMapThrowing { wrapped in
                        let operations = channel.pipeline.syncOperations
                        let codec = try operations.handler(type: HTTP1ToHTTPServerCodec.self)
                        try operations.addHandler(HeadRules(), position: .before(codec))
                        return wrapped
                    }
                }
            let number = channels.enter(channel.channel)
            await http.handle(value: channel, logger: logger)
            channels.leave(number)
        } catch {
            // The client was gone before it was served.
            logger.debug("A connection could not be taken over.", metadata: ["error": "\(error)"])
        }
    }

    /// Connections that may be open: as many as the limit says, and no more than leave the store the files it needs.
    private static func connectionLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else {
            return WebLimits.connections
        }
        let files = Int(clamping: limit.rlim_cur)
        return min(WebLimits.connections, max(files - WebLimits.filesInReserve, files / 4))
    }
}

/// Carries a loop to its thread. Unchecked: only that one thread ever uses it.
private final class LoopBox: @unchecked Sendable {
    private var loop: FrontLoop?

    init(_ loop: FrontLoop) { self.loop = loop }

    func run() {
        loop?.run()
        // With it goes its hold on the store.
        loop = nil
    }
}

/// The connections that the HTTP library has, so that the idle ones can be told to end.
private final class HandedChannels: Sendable {
    private struct State {
        var channels: [Int: any Channel] = [:]
        var next = 0
        var isQuiescing = false
    }

    private let state = Mutex(State())

    func enter(_ channel: any Channel) -> Int {
        let (number, isQuiescing) = state.withLock { state in
            state.next += 1
            state.channels[state.next] = channel
            return (state.next, state.isQuiescing)
        }
        if isQuiescing { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        return number
    }

    func leave(_ number: Int) {
        state.withLock { _ = $0.channels.removeValue(forKey: number) }
    }

    /// Closes what is idle now, and everything else after its answer.
    func quiesce() {
        let channels = state.withLock { state in
            state.isQuiescing = true
            return Array(state.channels.values)
        }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }
}
