import Access
import Enrichment
import Foundation
import HTTPTypes
import Ingest
import Logging
import NIOCore
import NIOPosix
import Queries
import ServiceLifecycle
import Storage
import UnixSignals

/// Why the server could not start. The description is meant for the person at the terminal.
public struct ServerStartError: Error, Sendable, CustomStringConvertible {
    /// What failed and why.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// The whole server: the store, HTTP and UDP, started and stopped in the right order.
///
/// HTTP listens first, so that `/healthz` and `/readyz` answer during a long recovery; then the store is opened and
/// recovered, and UDP begins. On a graceful shutdown HTTP stops accepting and answers what is in flight, UDP takes what
/// is queued, and the store is closed when everything is durable.
public struct WeirServer: Service {
    /// What to run and where.
    public struct Configuration: Sendable {
        /// Where HTTP listens.
        public var http: SocketAddress
        /// Where UDP listens; `nil` for not at all.
        public var udp: SocketAddress?
        /// The store's directory; created when it is missing.
        public var dataDirectory: String
        /// Event loops, and threads for queries; at least 1.
        public var threads: Int
        /// How old an event may be that is not a backfill, milliseconds.
        public var lateLimit: Int64
        /// The store's limits.
        public var store: StoreOptions
        /// The query engine's limits.
        public var queries: EngineOptions
        /// The limits of live queries.
        public var live = LiveLimits()
        /// Who may do what, besides what keys say.
        public var access = AccessPolicy()
        /// The clock of the rate limits.
        public var accessClock: any MonotonicClock = SystemMonotonicClock()
        /// From what dimensions are derived.
        public var enrichment = EnrichmentOptions()
        /// The sites whose events keep the query strings of their URLs.
        public var queryStringSites: Set<String> = []
        /// The header in which a trusted proxy names the client's country; `nil` for none.
        public var countryHeader: String?
        /// Whether the process is the server's own: SIGTERM and SIGINT shut it down, and clients that do not let go do
        /// not keep it alive once the store is closed.
        public var ownsProcess: Bool
        /// How long a graceful shutdown may wait for clients.
        public var shutdownLimit: Duration

        /// Creates a configuration.
        public init(
            http: SocketAddress, udp: SocketAddress?, dataDirectory: String, threads: Int,
            lateLimit: Int64 = ServiceSettings.defaultLateLimit, store: StoreOptions = StoreOptions(),
            queries: EngineOptions = EngineOptions(), ownsProcess: Bool = true, shutdownLimit: Duration = .seconds(25)
        ) {
            self.http = http
            self.udp = udp
            self.dataDirectory = dataDirectory
            self.threads = threads
            self.lateLimit = lateLimit
            self.store = store
            self.queries = queries
            self.ownsProcess = ownsProcess
            self.shutdownLimit = shutdownLimit
        }
    }

    /// The addresses the server listens on, with their real ports.
    public struct Listening: Sendable {
        /// Where HTTP is answered.
        public var http: SocketAddress
        /// Where datagrams are received, if anywhere.
        public var udp: SocketAddress?

        /// The one line that tells a supervisor or a script that the server accepts traffic.
        public var line: String {
            "listening http=\(http.listenAddress) udp=\(udp.map { "\($0.listenAddress)" } ?? "off")"
        }
    }

    private let configuration: Configuration
    private let logger: Logger
    private let onListening: @Sendable (Listening) -> Void

    /// - Parameters:
    ///   - configuration: what to run and where.
    ///   - logger: for everything that happens at run time.
    ///   - onListening: called once, when events and queries are accepted.
    public init(
        configuration: Configuration, logger: Logger, onListening: @escaping @Sendable (Listening) -> Void
    ) {
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
    }

    /// Runs until a signal, a graceful shutdown of the surrounding task, or a failure.
    ///
    /// - Throws: ``ServerStartError`` when an address or the directory cannot be used.
    public func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.threads)
        let gate = QueryGate(
            threads: configuration.threads, waiting: WebLimits.waitingQueries,
            longestWait: .seconds(WebLimits.queryWaitSeconds), standsBack: true)
        // Removals wait for maintenance, one after the other; queries must not wait behind them.
        let removals = QueryGate(threads: 1, waiting: WebLimits.waitingRemovals, refusal: .tooManyRemovals)
        let outcome: Result<Void, any Error>
        do {
            try await run(on: group, gate: gate, removals: removals)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await gate.close()
        await removals.close()
        try? await group.shutdownGracefully()
        try outcome.get()
    }

    private func run(
        on group: MultiThreadedEventLoopGroup, gate: QueryGate, removals: QueryGate
    ) async throws {
        let state = ServerState()
        let access = AccessControl(
            policy: configuration.effectiveAccess, clock: configuration.accessClock,
            environment: ProcessInfo.processInfo.environment)
        let keys = KeyService(access: access)
        let live = LiveHub(gate: gate, limits: configuration.live)
        let (bound, continuation) = AsyncStream<SocketAddress>.makeStream()
        let store = StoreService(
            configuration: configuration, state: state, access: access, keys: keys, httpBound: bound, logger: logger,
            onListening: onListening)
        let counters = RequestCounters()
        let frontCounters = FrontCounters()
        var responder = WebResponder(
            state: state, access: access, keys: keys, gate: gate, removals: removals, live: live,
            reader: RequestBodyReader(budget: ByteBudget(limit: WebLimits.bodyBytesInFlight)), counters: counters,
            front: frontCounters, logger: logger)
        responder.countryHeader = configuration.countryHeader.flatMap { HTTPField.Name($0) }
        let front = ConnectionFront(
            http: HTTPService.channel(responder, logger: logger), group: group, threads: configuration.threads,
            state: state, access: access, requests: counters, counters: frontCounters,
            readsCountry: responder.countryHeader != nil, logger: logger)
        let http = HTTPService(
            front: front, state: state, live: live, address: configuration.http, bound: continuation)
        var services = ServiceGroupConfiguration(
            // Shut down from the last to the first: clients are answered before the store goes.
            services: [
                .init(
                    service: store, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup),
                .init(
                    service: http, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup),
            ],
            gracefulShutdownSignals: configuration.ownsProcess ? [.sigterm, .sigint] : [],
            logger: logger)
        services.maximumGracefulShutdownDuration = configuration.shutdownLimit
        do {
            try await ServiceGroup(configuration: services).run()
        } catch is CancellationError {
            // The limit for a graceful shutdown has passed; the store has been closed nevertheless.
            logger.warning("some clients were cut off: the time for a graceful shutdown has passed")
        }
    }
}
