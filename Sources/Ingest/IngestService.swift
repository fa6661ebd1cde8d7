import Access
import Dispatch
import Enrichment
import Events
import Logging
import Storage
import Synchronization

/// Takes events in: decodes, admits, commits, and answers when they are durable and visible.
public final class IngestService: Sendable {
    /// Readable bytes that must lie behind a body.
    public static let padding = EventDecoder.padding
    /// Refusals an answer lists; the others are counted.
    public static let maxProblems = 100
    /// Seconds after which a client should try again when the server is full.
    public static let retryAfterSeconds = 1
    /// Seconds after which a client should try again when the disk is almost full.
    public static let diskRetryAfterSeconds = 10

    /// The store behind it.
    public let store: Store
    let clock: any WallClock
    let lateLimit: Int64
    let logger: Logger
    let decoders: DecoderPool
    let enrichment: Enrichment
    let queryStringSites: Set<String>
    private let visitors: AnonymousVisitors
    let committer: GroupCommitter
    private let maintenance: MaintenanceThread
    private let compaction: CompactionThread
    let counters: IngestCounters
    private let currentState: Mutex<ServiceState>
    /// How long each site's events are kept; `nil` where all are for ever.
    let retention: (@Sendable (_ site: String) -> Int64?)?
    let reports = ReportLimiter()
    /// One replay of dead letters at a time.
    let replays = ReplayTurn()

    private init(
        store: Store, settings: ServiceSettings, enrichment: Enrichment, clock: any WallClock, logger: Logger
    ) {
        lateLimit = settings.lateLimit
        queryStringSites = settings.queryStringSites
        self.enrichment = enrichment
        self.store = store
        self.clock = clock
        self.logger = logger
        let options = store.options
        if options.hasRetention {
            retention = { (site: String) -> Int64? in options.retention(of: site) }
        } else {
            retention = nil
        }
        let counters = IngestCounters()
        self.counters = counters
        decoders = DecoderPool(
            hash: store.hash, propertyNames: store.propertyNames, eventNames: store.eventNames, schemas: store.schemas)
        visitors = AnonymousVisitors(store: store)
        committer = GroupCommitter(store: store) { requests in
            counters.add {
                $0.commits += 1
                $0.committedRequests += requests
            }
        }
        maintenance = MaintenanceThread(store: store, logger: logger) { _ in
            counters.add { $0.maintenanceFailures += 1 }
        }
        compaction = CompactionThread(store: store, logger: logger) {
            counters.add { $0.maintenanceFailures += 1 }
        }
        currentState = Mutex(.ready)
    }

    /// Opens the store and recovers it.
    public static func open(
        settings: ServiceSettings, options: StoreOptions = StoreOptions(), clock: any WallClock = SystemClock(),
        logger: Logger
    ) async throws(StartError) -> IngestService {
        let store: Store
        do throws(StorageError) {
            store = try Store.open(
                directory: settings.dataDirectory, options: options, clock: clock, logger: logger)
        } catch {
            throw StartError(description: error.description)
        }
        let enrichment = try enrichment(hash: store.hash, settings: settings, logger: logger)
        return IngestService(store: store, settings: settings, enrichment: enrichment, clock: clock, logger: logger)
    }

    /// What the service is doing.
    public var state: ServiceState {
        let state = currentState.withLock { $0 }
        if state == .ready, let failure = store.failure { return .failed(failure) }
        return state
    }

    // MARK: Taking events in

    /// Takes a body in and answers when its events are durable and visible.
    ///
    /// The body is read before the first suspension, so the buffer is needed no longer than until then.
    /// - Parameter body: followed by ``padding`` more readable bytes.
    public func ingest(
        _ body: UnsafeRawBufferPointer, context: IngestContext
    ) async throws(IngestError) -> IngestAnswer {
        try await finish(try prepare(body, context: context), bytes: body.count, context: context)
    }

    /// Takes a body in, given with its padding.
    ///
    /// - Parameter count: the body's bytes, ``padding`` less than the array has at least.
    public func ingest(
        padded: [UInt8], count: Int, context: IngestContext
    ) async throws(IngestError) -> IngestAnswer {
        precondition(padded.count >= count + IngestService.padding, "the caller pads the body")
        let prepared = try padded.withUnsafeBufferPointer { (bytes) throws(IngestError) in
            try prepare(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<count]), context: context)
        }
        return try await finish(prepared, bytes: count, context: context)
    }

    /// Takes datagrams in, without an answer; what cannot be taken is counted.
    ///
    /// - Parameters:
    ///   - padded: datagrams, one or more lines each, joined by line feeds, and the padding.
    ///   - datagrams: how many.
    /// - Returns: events in them; 0 where they could not be read.
    @discardableResult
    public func offer(padded: [UInt8], count: Int, datagrams: Int, context: IngestContext) -> Int {
        let prepared: Prepared
        do throws(IngestError) {
            prepared = try padded.withUnsafeBufferPointer { (bytes) throws(IngestError) in
                try prepare(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<count]), context: context)
            }
        } catch {
            let reason: DropReason =
                switch error {
                case .unreadable: .invalid
                case .refused: .unauthorized
                case .overloaded, .draining: .overload
                case .diskFull: .diskFull
                case .storage, .keyReused: .storage
                }
            countDropped(reason: reason, datagrams, transport: context.transport)
            return 0
        }
        do throws(StorageError) {
            try store.options.faults.hit(.ingestParsed)
        } catch {
            settle(prepared, .failure(error), transport: context.transport)
            return prepared.received
        }
        let isTaken = committer.submit(prepared.item, bytes: count) { [self] outcome in
            settle(prepared, outcome, transport: context.transport)
        }
        if !isTaken { countDropped(reason: .overload, prepared.received, transport: context.transport) }
        return prepared.received
    }

    /// Counts events (or datagrams, where their events are unknown) that were lost before they could be read.
    public func countDropped(reason: DropReason, _ count: Int, transport: Transport) {
        guard count > 0 else { return }
        counters.add {
            $0.received[transport, default: 0] += count
            $0.dropped[reason, default: 0] += count
        }
    }

    /// A decoded request, or a group of them, on its way to its commit.
    struct Prepared: Sendable {
        var received: Int
        var item: CommitItem
        /// Ids that came twice within the body.
        var duplicates: Int
        var rejections: [(index: Int, code: RejectionCode, detail: String)]
        var ignoredFields: Int
        var schemaWarnings: [RejectionCode: Int]
        var overflowedProperties: Int
        var overflowedEvents: Int
    }

    /// Throws unless events are taken at the moment.
    func checkAccepting() throws(IngestError) {
        switch state {
        case .draining, .recovering: throw .draining
        case .failed(let detail): throw .storage(detail: detail)
        case .ready: break
        }
        if store.isOverloaded {
            counters.add { $0.overloaded += 1 }
            throw .overloaded(
                retryAfterSeconds: Self.retryAfterSeconds,
                detail: "Too much is in flight (limit inFlightBytes); it is being sealed. Send the same again.")
        }
    }

    /// What decoding needs to know of a request.
    func decodeContext(_ context: IngestContext, now: Int64) throws(IngestError) -> DecodeContext {
        let visitor: DecodeContext.AnonymousVisitor
        do throws(StorageError) {
            visitor = try visitors.deriver(now: now, clientAddress: context.clientAddress)
        } catch {
            throw .storage(detail: "\(error)")
        }
        var decodeContext = DecodeContext(
            now: now, defaultSite: context.site ?? "default", backfill: context.backfill,
            userAgent: context.userAgent.isEmpty ? nil : context.userAgent, lateLimit: lateLimit,
            retention: retention, anonymousVisitor: visitor)
        decodeContext.transport = context.transport.rawValue
        decodeContext.isRehearsal = context.isRehearsal
        decodeContext.admission = context.rule?.admission
        addDefaults(of: context, to: &decodeContext)
        return decodeContext
    }

    func prepare(
        _ body: UnsafeRawBufferPointer, context: IngestContext
    ) throws(IngestError) -> Prepared {
        try checkAccepting()
        let now = clock.milliseconds()
        let decodeContext = try decodeContext(context, now: now)
        let decoded: DecodedBody
        do throws(DecodeError) {
            decoded = try decoders.decode(body, context: decodeContext)
        } catch {
            throw .unreadable(code: error.code.rawValue, detail: error.detail)
        }
        if context.rule != nil, context.transport != .udp { try Self.refuse(decoded) }
        enrichment.apply(to: decoded.batches, isImport: context.backfill)
        var prepared = prepared(decoded, at: now)
        prepared.item.claim = claim(of: context, body: body, prepared)
        return prepared
    }

    /// Makes what was decoded ready for its commit.
    func prepared(_ decoded: DecodedBody, at now: Int64, isGroup: Bool = false) -> Prepared {
        let item = CommitItem(
            runs: decoded.batches.map { PreparedRun($0) },
            // More than a site keeps would only push each other out.
            deadLetters: Self.letters(of: decoded).suffix(store.options.deadLettersPerSite).map {
                ($0.site, DeadLetter($0, at: now))
            }, isGroup: isGroup)
        return Prepared(
            received: decoded.received, item: item, duplicates: decoded.duplicates,
            rejections: decoded.rejections.map { ($0.index, $0.code, $0.detail) },
            ignoredFields: decoded.ignoredFields, schemaWarnings: decoded.schemaWarnings,
            overflowedProperties: decoded.overflowedProperties, overflowedEvents: decoded.overflowedEvents)
    }

    private func finish(
        _ prepared: Prepared, bytes: Int, context: IngestContext
    ) async throws(IngestError) -> IngestAnswer {
        if context.isRehearsal { return try await rehearse(prepared) }
        let transport = context.transport
        do throws(StorageError) {
            try store.options.faults.hit(.ingestParsed)
        } catch {
            settle(prepared, .failure(error), transport: transport)
            throw .storage(detail: error.description)
        }
        let outcome: GroupCommitter.Outcome? = await withCheckedContinuation { continuation in
            let isTaken = committer.submit(prepared.item, bytes: bytes) { continuation.resume(returning: $0) }
            if !isTaken { continuation.resume(returning: nil) }
        }
        guard let outcome else { throw refusedByQueue() }
        settle(prepared, outcome, transport: transport)
        return try prepared.answer(outcome).get()
    }

    /// Why the committer did not take an item.
    func refusedByQueue() -> IngestError {
        if state == .draining { return .draining }
        counters.add { $0.overloaded += 1 }
        return .overloaded(
            retryAfterSeconds: Self.retryAfterSeconds,
            detail: "Too many requests wait for their commit (limit maxQueuedBytes). Send the same again.")
    }

    // MARK: Operation

    /// Seals everything in flight.
    public func flush() async throws(StorageError) {
        try await maintenance.flush()
    }

    /// Copies the store into a new directory; see ``Store/backup(to:)``.
    public func backup(to path: String) async throws(BackupError) -> CopyOutcome {
        let store = store
        let outcome: Result<CopyOutcome, BackupError> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    returning: Result { () throws(BackupError) in try store.backup(to: path) })
            }
        }
        counters.add {
            if case .success = outcome { $0.backups[true, default: 0] += 1 } else { $0.backups[false, default: 0] += 1 }
        }
        return try outcome.get()
    }

    /// Refuses new events from now on.
    public func stopAccepting() async {
        currentState.withLock { $0 = .draining }
    }

    /// Commits what has been taken in and ends the threads. Everything acknowledged is durable already.
    ///
    /// When it returns, the store is held by nobody but the owners of this service and of its ``store``.
    public func close() async {
        await stopAccepting()
        let (committer, maintenance, compaction) = (committer, maintenance, compaction)
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [store, logger] in
                do throws(StorageError) {
                    try store.options.faults.hit(.shutdownDrain)
                } catch {
                    logger.error("Shutting down reported an error.", metadata: ["error": "\(error)"])
                }
                committer.stop()
                maintenance.stop()
                compaction.stop()
                continuation.resume()
            }
        }
    }
}
