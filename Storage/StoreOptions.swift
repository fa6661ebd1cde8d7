/// The limits of a store. What happens at each is said with it.
public struct StoreOptions: Sendable {
    /// How far event time may lag behind the highest seen before its bucket is sealed, milliseconds. Later events
    /// still count.
    public var allowedLateness: Int64 = 600_000
    /// How long an idempotency id is remembered, milliseconds. Past it, a repeated event counts again.
    public var deduplicationHorizon: Int64 = 86_400_000
    /// How many idempotency ids are remembered. Above it the oldest are given up before their horizon, and counted.
    public var deduplicationEntries = 16_000_000
    /// Rows of one site and month in flight at which they are sealed although their buckets are open; as are they
    /// when they hold a quarter of ``inFlightBytes``, or when that is reached by all together.
    public var spillRows = 4_000_000
    /// Bytes in flight above which ingest is pushed back (429). Well below the largest payload of a block (3 GiB),
    /// since one log row may have to hold all of it.
    public var inFlightBytes = 1 << 30
    /// Late rows wait this long (milliseconds) or for this many before they are sealed into another segment of their
    /// bucket.
    public var lateSealDelay: Int64 = 60_000
    public var lateSealRows = 500_000
    /// Runs of one size before they are merged in memory.
    public var mergeFanIn = 8
    /// Bytes of decoded parts kept; least recently used go first.
    public var partCacheBytes = 512 << 20
    /// Bytes of blocks RocksDB keeps.
    public var blockCacheBytes = 32 << 20
    /// Dead letters kept a site; the oldest go first.
    public var deadLettersPerSite = 10_000
    /// Sites a store can hold; events of further ones are refused.
    public var sites = 10_000
    /// zstd level of sealed parts.
    public var sealLevel: Int32 = 3

    /// The defaults.
    public init() {}
}
