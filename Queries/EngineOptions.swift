/// What the query engine may use.
public struct EngineOptions: Sendable {
    /// Bytes that the queries that run may hold together besides what is kept for others too (limit queryMemory): a
    /// query that needs more by itself is refused as `memory_limit`, one that other queries leave too little to as
    /// `query_memory_busy`.
    public var memoryBytes: Int
    /// Bytes of answers that are kept for being asked again (limit answerCache), within the store's budget of caches;
    /// the least recently used go. 0 keeps none.
    public var answerCacheBytes: Int
    /// Bytes of partial results of sealed segments that are kept; twice as much as of whole answers.
    public var partialCacheBytes: Int { min(answerCacheBytes, Int.max / 2) * 2 }
    /// The most time a query may take unless it asks for less, milliseconds.
    public var timeoutMs: Int64

    /// Bytes that queries may hold where nothing else is set: 512 MiB.
    public static let defaultMemoryBytes = 512 << 20
    /// Bytes of answers kept where nothing else is set: 64 MiB.
    public static let defaultAnswerCacheBytes = 64 << 20

    /// Entries of roll-ups above which a `top` walks their heads instead of adding all of them up.
    package var leastHeadEntries = EngineOptions.defaultLeastHeadEntries
    static let defaultLeastHeadEntries = 65_536
    /// Rows that a run in flight has at the least of which something is kept: smaller ones are soon merged, and counted
    /// as quickly as looked up.
    package var leastRunRows = EngineOptions.defaultLeastRunRows
    static let defaultLeastRunRows = 4_096

    /// Options; those that are not given have their defaults.
    public init(
        memoryBytes: Int = EngineOptions.defaultMemoryBytes,
        answerCacheBytes: Int = EngineOptions.defaultAnswerCacheBytes, timeoutMs: Int64 = QueryEngine.timeoutMs
    ) {
        self.memoryBytes = memoryBytes
        self.answerCacheBytes = answerCacheBytes
        self.timeoutMs = timeoutMs
    }
}
