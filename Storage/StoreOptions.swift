/// The limits of a store. What happens at each is said with it.
public struct StoreOptions: Sendable {
    /// How far event time may lag behind the highest seen before its bucket is sealed, milliseconds. Later events
    /// still count.
    public var allowedLateness: Int64 = 600_000
    /// How long an idempotency id is remembered, milliseconds. Past it, a repeated event counts again.
    public var deduplicationHorizon: Int64 = 86_400_000
    /// How many idempotency ids are remembered. Above it the site with the most gives up its oldest before their horizon,
    /// and they are counted.
    public var deduplicationEntries = 16_000_000
    /// How long the answer of a request that came with a key is remembered, milliseconds, and how many of all sites, and
    /// their bytes. Above it the site with the most bytes gives up its oldest, and they are counted.
    public var answerHorizon: Int64 = 86_400_000
    public var answers = 100_000
    public var answerBytes = 64 << 20
    /// Rows of one site and month in flight at which they are sealed although their buckets are open; as are they
    /// when they hold a quarter of ``inFlightBytes``, or when that is reached by all together.
    public var spillRows = 4_000_000
    /// Bytes in flight above which ingest is pushed back (429). Well below the largest payload of a block (3 GiB),
    /// since one log row may have to hold all of it.
    public var inFlightBytes = 1 << 30
    /// Late rows wait this long (milliseconds) or for this many before they are sealed into another segment of their
    /// bucket, since each seal writes the rows that stay open into a new log row as well: a quarter of an hour keeps
    /// that below a tenth of what ingest writes.
    /// bucket.
    public var lateSealDelay: Int64 = 900_000
    public var lateSealRows = 500_000
    /// Runs of one size before they are merged in memory.
    public var mergeFanIn = 8
    /// Rows that a compacted segment may have; larger buckets stay in several segments.
    public var maxSegmentRows = 32_000_000
    /// Bytes that one compaction may take in memory, about; what would take more is left as it is, and counted.
    public var compactionBytes = 512 << 20
    /// Bytes that all caches but RocksDB's keep together, see ``CacheBudget``.
    public var cacheBytes = 480 << 20
    /// Bytes of blocks RocksDB keeps.
    public var blockCacheBytes = 32 << 20
    /// Bytes of recent writes RocksDB keeps in memory before it writes them to a file of their own; its log holds as
    /// much, and up to three times as much while the disk is slow.
    public var writeBufferBytes = 32 << 20
    /// Dead letters kept a site, and their bytes as stored; the oldest go first, and are counted.
    public var deadLettersPerSite = 10_000
    public var deadLetterBytesPerSite = 64 << 20
    /// How long dead letters are kept, milliseconds.
    public var deadLetterRetention: Int64 = 30 * 86_400_000
    /// Erasures of a site's visitors that may wait for being carried out on disk; further ones are refused until then.
    public var erasuresPerSite = 10_000
    /// How long events are kept, milliseconds; `nil` for ever. Segments go when their last event is older.
    public var retention: Int64?
    /// The same for single sites, by name; `.some(nil)` keeps a site's events for ever.
    public var retentionOfSite: [String: Int64?] = [:]
    /// Segments that retention deletes in one pass; the rest follows in the next one.
    public var retentionSegmentsPerPass = 64
    /// Whether what is past its retention at the start is deleted however much it is, as if it had been confirmed.
    public var confirmsRetention = false
    /// Names of properties, and of events, a site can have. What has another name is kept under
    /// ``EventDecoder/overflowProperty`` and ``EventDecoder/overflowEvent``, and counted.
    public var propertyNamesPerSite = 2000
    public var eventNamesPerSite = 10_000
    /// Versions of its schema a site keeps; the oldest go first.
    public var schemaVersionsPerSite = 100
    /// Sites a store can hold; events of further ones are refused.
    public var sites = 10_000
    /// zstd level of sealed parts.
    public var sealLevel: Int32 = 3

    /// Bytes of the disk to keep free: below it commits are refused (``StorageError/diskFull(free:reserve:)``) and no
    /// compaction begins. `nil` for ``DiskSpace/defaultReserve`` or a twentieth of the disk if that is less, 0 for none.
    public var diskReserve: Int?
    /// Who says how much is free.
    public var diskProbe: any DiskProbe = SystemDisk()
    /// Says how much time passes.
    public var monotonic: any MonotonicClock = SystemMonotonicClock()
    /// Whether a store is opened whose log is damaged in the middle: as it was before the damage, without all that
    /// stands behind it. Otherwise it is refused.
    public var acceptsLogLoss = false
    /// Where tests let the store fail; off unless a test or `WEIR_FAULTS` says otherwise.
    public var faults = FaultPoints.off
    /// Deliberate mistakes, to prove that tests would notice such ones: erased visitors stay in sealed segments.
    package var forgetsMasks = false
    /// Another: retention believes whatever the clock says.
    package var believesAnyClock = false

    /// For tests: every compaction takes all segments of a month, however few and small.
    package var compactsEverything = false

    /// The defaults.
    public init() {}

    /// Divides one limit of bytes among RocksDB's blocks, which get an eighth and no more than 32 MiB, and all other
    /// caches.
    public mutating func limitCaches(to bytes: Int) {
        blockCacheBytes = min(32 << 20, bytes / 8)
        cacheBytes = bytes - blockCacheBytes
    }

    /// Whether any site's events are ever given up for their age.
    public var hasRetention: Bool { retention != nil || retentionOfSite.values.contains { $0 != nil } }

    /// How long a site's events are kept, milliseconds; `nil` for ever.
    public func retention(of site: String) -> Int64? { retentionOfSite[site] ?? retention }
}
