import Events
import Logging
import RocksDB
import Synchronization

/// A store: one directory with everything Weir keeps, in flight and sealed.
///
/// Commits are serialised by the writer's lock, maintenance (merging, sealing) by another; queries take a
/// ``Snapshot`` and hold no lock. All calls block on memory and disk: they belong on threads of their own, not on an
/// event loop.
public final class Store: Sendable {
    /// The format of `FORMAT.md` that this program writes.
    public static let formatVersion: UInt32 = 3

    /// The limits in force.
    public let options: StoreOptions
    /// The store's hash function.
    public let hash: EventHash
    /// The names of properties seen, by site; consulted by decoders.
    public let propertyNames: PropertyNames
    /// The names of events seen, by site.
    public let eventNames: PropertyNames
    /// What sites say their events must be; consulted by decoders.
    public let schemas: SchemaRegistry
    let database: Database
    let cache: PartCache
    /// The room on its disk.
    public let space: DiskSpace
    let clock: any WallClock
    let logger: Logger
    let state: Mutex<StoreState>
    let writer: Mutex<StoreWriter>
    let maintenance = Mutex<Void>(())
    /// Taken before ``maintenance`` where both are.
    let compaction = Mutex<Void>(())
    /// How many wait for a compaction under way to be given up.
    let compactionHolds = Atomic<Int>(0)
    let counters = StoreCounters()
    /// When sealing last deleted log rows that may still be in files, by the monotonic clock; 0 for never since.
    let deletedLogRowsAt = Atomic<Int64>(0)
    let graveyard: Mutex<Graveyard>
    let removals = Mutex(Removals())
    let retention: Mutex<RetentionState>
    let nextNumber: Atomic<UInt64>
    /// Whether a copy is being made.
    let isBackingUp = Atomic<Bool>(false)
    let bytesInFlight = Atomic<Int>(0)
    let rowsInFlight = Atomic<Int>(0)

    init(
        options: StoreOptions, database: Database, hash: EventHash, clock: any WallClock, logger: Logger,
        space: DiskSpace, cache: PartCache, recovered: consuming RecoveredStore
    ) {
        self.options = options
        self.database = database
        self.hash = hash
        self.space = space
        self.clock = clock
        self.logger = logger
        self.cache = cache
        propertyNames = recovered.propertyNames
        eventNames = recovered.eventNames
        schemas = recovered.schemas
        nextNumber = Atomic(recovered.nextNumber)
        bytesInFlight.store(recovered.state.residentBytes, ordering: .relaxed)
        rowsInFlight.store(recovered.state.rowsInFlight, ordering: .relaxed)
        state = Mutex(recovered.state)
        writer = Mutex(recovered.writer)
        graveyard = Mutex(recovered.graveyard)
        retention = Mutex(
            recovered.retention
                ?? RetentionState(
                    clock: TrustedClock(
                        wall: clock.milliseconds(), monotonic: options.monotonic.milliseconds())))
    }

    /// What a query reads: a consistent set of a site's segments, unaffected by anything that happens later.
    public struct Snapshot: Sendable {
        /// In the order of their first events.
        public let segments: [Segment]
        /// The highest event time seen, held back by the allowed lateness and never ahead of the clock; `nil` before
        /// the first event.
        public let watermark: Int64?
        /// Event times of the first and last event; `nil` without events.
        public let first: Int64?
        public let last: Int64?
        /// What of the site could not be read when the store was opened. Where there is anything, ``segments`` is not
        /// everything: see ``requireComplete()``.
        public let damaged: [DamagedBlock]
        /// Which state of the site this is, see ``Store/version(site:)``.
        public let version: UInt64
    }

    /// A number that a site has until anything of it changes that a query could see: what is in flight, the sealed
    /// segments, what is hidden in them. No two states of any sites have the same, whatever happened between them, but
    /// that all unknown sites have 0.
    public func version(site: String) -> UInt64 {
        state.withLock { state in state.numbers[site].flatMap { state.sites[$0]?.version } ?? 0 }
    }

    /// A number that grows whenever any site's ``version(site:)`` changes, read without a lock.
    public static var changes: UInt64 { SiteData.versions.load(ordering: .acquiring) }

    /// Everything acknowledged of a site so far. An unknown site has no segments.
    public func snapshot(site: String) -> Snapshot {
        let now = clock.milliseconds()
        let (data, unassigned) = state.withLock { state in
            (state.numbers[site].flatMap { state.sites[$0] }, state.unassigned)
        }
        guard let data else {
            // What cannot be assigned to a site might be an unknown one's.
            return Snapshot(segments: [], watermark: nil, first: nil, last: nil, damaged: unassigned, version: 0)
        }
        let segments = (data.sealed + data.partitions.values.flatMap { $0.runs.map(\.segment) })
            .sorted { ($0.header.first, $0.number) < ($1.header.first, $1.number) }
        return Snapshot(
            segments: segments, watermark: data.latest.map { min($0 - options.allowedLateness, now) },
            first: segments.map(\.header.first).min(), last: segments.map(\.header.last).max(), damaged: data.damaged,
            version: data.version)
    }

    /// The names of all sites, in byte order.
    public func siteNames() -> [String] {
        state.withLock { Array($0.numbers.keys) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Whether what is in flight has reached its limit, so that ingest must wait for sealing.
    public var isOverloaded: Bool { bytesInFlight.load(ordering: .relaxed) > options.inFlightBytes }

    /// What all caches of the store and of its queries keep together.
    public var cacheBudget: CacheBudget { cache.budget }

    /// Figures for the metrics.
    public struct Statistics: Sendable {
        public var rowsInFlight = 0
        public var bytesInFlight = 0
        public var runsInFlight = 0
        public var sealedSegments = 0
        public var sealedRows = 0
        /// Segments replaced or deleted whose parts are still on disk.
        public var retiredSegments = 0
        /// Segments that wait for being rewritten without visitors that were erased.
        public var maskedSegments = 0
        /// Erasures that are not yet carried out everywhere on disk.
        public var pendingErasures = 0
        /// Sites of which removed bytes may still be on disk.
        public var pendingPurges = 0
        /// Visitors erased, events and refused events removed by that since the store was opened.
        public var erasures = 0
        public var erasedEvents = 0
        public var erasedDeadLetters = 0
        /// Sites deleted since the store was opened.
        public var sitesDeleted = 0
        /// Segments, and their events, deleted by retention since the store was opened.
        public var expiredSegments = 0
        public var expiredEvents = 0
        /// Events past the retention whose deletion waits to be confirmed, of sites that have a retention.
        public var retentionHeld: [(site: String, events: Int)] = []
        /// What sealing and compaction have done since the store was opened, see ``StoreCounters``.
        public var rowsSealed = 0
        public var compactions = 0
        public var rowsCompacted = 0
        public var compactionsHeld = 0
        /// Bytes of decoded parts; those of all caches within the budget, its limit, and what had to go so far.
        public var cacheBytes = 0
        public var cachedBytes = 0
        public var cacheLimit = 0
        public var cacheEvictedBytes = 0
        public var cacheHits = 0
        public var cacheMisses = 0
        public var ids = 0
        public var idsEvicted = 0
        /// Answers kept for requests that came with a key, their bytes, and those given up before their horizon.
        public var answers = 0
        public var answerBytes = 0
        public var answersEvicted = 0
        /// Dead letters kept, of each site that has any.
        public var deadLetters: [(site: String, letters: Int, bytes: Int)] = []
        /// Dead letters dropped since the store was opened: for newer ones, and for their age.
        public var deadLettersPushedOut = 0
        public var deadLettersExpired = 0
        public var watermarks: [(site: String, milliseconds: Int64)] = []
        /// Blocks that could not be read at opening, a site; those of no known site under the empty name.
        public var damaged: [(site: String, blocks: Int)] = []
        /// Rows of idempotency ids that could not be read at opening.
        public var damagedIds = 0
    }

    /// The figures now.
    public func statistics() -> Statistics {
        let now = clock.milliseconds()
        var result = Statistics()
        state.withLock { state in
            for (name, number) in state.numbers {
                guard let site = state.sites[number] else { continue }
                result.sealedSegments += site.sealed.count
                result.sealedRows += site.sealed.reduce(0) { $0 + $1.header.rows }
                result.runsInFlight += site.partitions.values.reduce(0) { $0 + $1.runs.count }
                result.damaged.append((name, site.damaged.count))
                result.maskedSegments += site.sealed.count(where: \.isMasked)
                result.pendingErasures += site.erasures.count
                if let latest = site.latest {
                    result.watermarks.append((name, min(latest - options.allowedLateness, now)))
                }
            }
        }
        let (unassigned, damagedIds) = state.withLock { ($0.unassigned.count, $0.damagedIds.count) }
        if unassigned > 0 { result.damaged.append(("", unassigned)) }
        result.damagedIds = damagedIds
        result.damaged.sort { $0.site < $1.site }
        result.watermarks.sort { $0.site < $1.site }
        result.rowsSealed = counters.sealedRows.load(ordering: .relaxed)
        result.compactions = counters.compactions.load(ordering: .relaxed)
        result.rowsCompacted = counters.compactedRows.load(ordering: .relaxed)
        result.compactionsHeld = counters.compactionsHeld.load(ordering: .relaxed)
        result.rowsInFlight = rowsInFlight.load(ordering: .relaxed)
        result.bytesInFlight = bytesInFlight.load(ordering: .relaxed)
        (result.cacheBytes, result.cacheHits, result.cacheMisses) = cache.statistics
        (result.cachedBytes, result.cacheLimit) = (cacheBudget.bytes, cacheBudget.limit)
        result.cacheEvictedBytes = cacheBudget.evictedBytes
        (result.retiredSegments, result.pendingPurges) = graveyard.withLock { ($0.graves.count, $0.purges.count) }
        (result.erasures, result.erasedEvents, result.erasedDeadLetters) = removals.withLock {
            ($0.erasures, $0.erasedEvents, $0.erasedDeadLetters)
        }
        result.sitesDeleted = removals.withLock { $0.sites }
        let numbers = state.withLock { $0.numbers }
        retention.withLock { retention in
            (result.expiredSegments, result.expiredEvents) = (retention.deletedSegments, retention.deletedRows)
            result.retentionHeld = numbers.compactMap { name, number in
                retention.guards[number].map { (name, $0.held.rows) }
            }
        }
        result.retentionHeld.sort { $0.site < $1.site }
        result.read(writer: writer, names: numbers)
        result.deadLettersPushedOut = counters.deadLettersPushedOut.load(ordering: .relaxed)
        result.deadLettersExpired = counters.deadLettersExpired.load(ordering: .relaxed)
        return result
    }
}

/// What is in memory of all sites, replaced piece by piece under the store's lock.
struct StoreState: Sendable {
    var numbers: [String: UInt32] = [:]
    var sites: [UInt32: SiteData] = [:]
    /// Why the last write failed; after that nothing is accepted.
    var failure: String?
    /// Damaged blocks that belong to no known site. While there are any, no new site comes into being: it might be
    /// the one whose name is lost.
    var unassigned: [DamagedBlock] = []
    /// The highest number a site ever had.
    var highestSite: UInt32 = 0
    /// Damaged rows of idempotency ids: what they held may be counted again.
    var damagedIds: [DamagedBlock] = []

    var residentBytes: Int {
        sites.values.reduce(0) {
            $0 + $1.partitions.values.reduce(0) { $0 + $1.runs.reduce(0) { $0 + $1.segment.residentBytes } }
        }
    }
    var rowsInFlight: Int {
        sites.values.reduce(0) { $0 + $1.partitions.values.reduce(0) { $0 + $1.rows } }
    }
}

/// One site's segments.
struct SiteData: Sendable {
    // Observers rather than calls at every place that changes something: none can be forgotten.
    var sealed: [Segment] = [] { didSet { version = SiteData.newVersion() } }
    /// Runs in flight by calendar month.
    var partitions: [Int64: Partition] = [:] { didSet { version = SiteData.newVersion() } }
    /// See ``Store/version(site:)``.
    private(set) var version = SiteData.newVersion()
    /// The last version given out, of all stores of the process.
    static let versions = Atomic<UInt64>(0)

    private static func newVersion() -> UInt64 { versions.add(1, ordering: .acquiringAndReleasing).newValue }

    /// The highest event time seen.
    var latest: Int64?
    /// What could not be read when the store was opened.
    var damaged: [DamagedBlock] = []
    /// Erasures that are not yet carried out everywhere on disk, oldest first.
    var erasures: [Erasure] = []
}

/// One site's and month's runs in flight.
struct Partition: Sendable {
    var runs: [InFlightRun] = []
    /// Buckets that end up to here have been sealed; rows before it are late.
    var sealedThrough = Int64.min
    /// When rows last were sealed, or the partition began; clock of the store.
    var lastSeal: Int64

    var rows: Int { runs.reduce(0) { $0 + $1.segment.header.rows } }
    var bytes: Int { runs.reduce(0) { $0 + $1.segment.residentBytes } }
}

/// A run in memory with the log rows it came from, which are deleted when it is sealed.
struct InFlightRun: Sendable {
    var segment: Segment
    var sequences: [UInt64]
}

/// What only the writer touches.
struct StoreWriter: Sendable {
    var ids: SiteIds
    /// The stored id rows with their time of receipt, oldest first.
    var idRows: [(sequence: UInt64, time: Int64)] = []
    /// The stored dead letters of each site that has any.
    var deadLetters: [UInt32: DeadLetterIndex] = [:]
    /// The answers of requests that came with a key.
    var answers: KeyedAnswers
}

/// What is found in a directory when it is opened.
struct RecoveredStore {
    var state = StoreState()
    var writer: StoreWriter
    var nextNumber: UInt64 = 1
    /// What was deleted and is still in RocksDB's files.
    var graveyard = Graveyard()
    /// How far retention had come.
    var retention: RetentionState?
    /// The sites' names by number.
    var names: [UInt32: String] = [:]
    let propertyNames: PropertyNames
    let eventNames: PropertyNames
    let schemas: SchemaRegistry
}
