/// What the query engine may use.
public struct EngineOptions: Sendable {
    /// Bytes that one query may hold besides what it reads (limit queryMemory); more is refused as `memory_limit`.
    public var memoryBytes: Int
    /// Bytes of answers that are kept for being asked again (limit answerCache); the least recently used go. 0 keeps
    /// none.
    public var answerCacheBytes: Int
    /// Bytes of partial results of sealed segments that are kept; twice as much as of whole answers.
    public var partialCacheBytes: Int { min(answerCacheBytes, Int.max / 2) * 2 }
    /// The most time a query may take unless it asks for less, milliseconds.
    public var timeoutMs: Int64

    /// Bytes that one query may hold where nothing else is set: 1 GiB.
    public static let defaultMemoryBytes = 1 << 30
    /// Bytes of answers kept where nothing else is set: 64 MiB.
    public static let defaultAnswerCacheBytes = 64 << 20

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
