import Dispatch
import Events
import Storage
import Synchronization

/// Answers queries over everything a store holds, in flight and sealed.
///
/// Calls block and use the processor: they belong on threads of their own.
public final class QueryEngine: Sendable {
    /// The most time a query may take unless it asks for less, milliseconds.
    public static let timeoutMs: Int64 = 30_000

    private let store: Store
    private let clock: any WallClock
    private let threads: Int
    private let derived: DerivedCache
    private let memory: QueryMemoryPool
    private let options: EngineOptions
    private let answers: AnswerCache
    private let partials: PartialCache
    private let helpers: QueryWorkers
    private let running = Atomic<Int>(0)

    /// Creates an engine.
    ///
    /// - Parameters:
    ///   - threads: how many threads one query may use.
    ///   - options: limits.
    public init(
        store: Store, threads: Int, options: EngineOptions = EngineOptions(), clock: any WallClock = SystemClock()
    ) {
        self.store = store
        self.threads = threads
        self.options = options
        self.clock = clock
        helpers = QueryWorkers(threads: threads)
        derived = DerivedCache(budget: store.cacheBudget)
        memory = QueryMemoryPool(limit: options.memoryBytes)
        answers = AnswerCache(limit: options.answerCacheBytes, budget: store.cacheBudget)
        partials = PartialCache(limit: options.partialCacheBytes, budget: store.cacheBudget)
    }

    /// Answers a query given as JSON.
    ///
    /// - Returns: the answer's JSON.
    public func answer(kind: String, json: [UInt8]) throws(QueryError) -> [UInt8] {
        try answer(try QueryRequest(kind: kind, json: json)).bytes
    }

    /// Answers a query given as the parameters of a URL.
    public func answer(kind: String, parameters: [(String, String)]) throws(QueryError) -> [UInt8] {
        try answer(try QueryRequest(kind: kind, parameters: parameters)).bytes
    }

    /// Answers a query, from the answers that are kept if it has been asked in the very same state of its site and does
    /// not say `"cache": false`.
    ///
    /// - Parameter cancellation: stops the query when it is used.
    public func answer(
        _ request: QueryRequest, cancellation: QueryCancellation? = nil
    ) throws(QueryError) -> QueryAnswer {
        let started = DispatchTime.now().uptimeNanoseconds
        running.add(1, ordering: .relaxed)
        defer { running.subtract(1, ordering: .relaxed) }
        let query = request.query
        let common = query.common
        let now = clock.milliseconds()
        let snapshot = store.snapshot(site: common.site)
        try stored { () throws(StorageError) in try snapshot.requireComplete() }
        let execution = Execution(
            snapshot: snapshot, hash: store.hash, now: now, threads: threads, helpers: helpers,
            timeoutMs: min(common.timeoutMs ?? options.timeoutMs, options.timeoutMs),
            memory: QueryMemory(pool: memory),
            partials: common.useCache && options.partialCacheBytes > 0
                ? PartialResults(cache: partials, query: request.key) : nil,
            cancellation: cancellation, derived: derived, leastHeadEntries: options.leastHeadEntries,
            leastRunRows: options.leastRunRows)
        try execution.check()
        let range = try common.range.resolve(
            now: now, firstEvent: snapshot.first, lastEvent: snapshot.last, timezone: common.timezone)
        let place = common.useCache ? try AnswerPlace(query, range: range, snapshot: snapshot, now: now) : nil
        if let place, let kept = answers.find(request.key, at: place) {
            return QueryAnswer(
                content: kept.content,
                meta: meta(execution, common, relativeError: kept.relativeError, since: started, isCached: true))
        }
        var writer = JSONWriter(reserving: 4096)
        writer.value(.object(try members(of: query, execution, range)))
        let relativeError = execution.relativeError
        if var place, answers.takes(request.key.count + writer.bytes.count) {
            try place.extend(query, range: range, execution: execution)
            answers.keep(
                AnswerCache.Kept(content: writer.bytes, relativeError: relativeError), of: request.key, at: place)
        }
        return QueryAnswer(
            content: writer.bytes,
            meta: meta(execution, common, relativeError: relativeError, since: started, isCached: false))
    }

    private func members(
        of query: Query, _ execution: Execution, _ range: ResolvedRange
    ) throws(QueryError) -> [(key: String, value: JSONValue)] {
        switch query {
        case .aggregate(let query): try query.answer(execution, range)
        case .timeseries(let query):
            try query.answer(execution, query.common.seriesRange(range, execution.snapshot))
        case .top(let query): try query.answer(execution, range)
        case .funnel(let query): try funnel(query, execution, range)
        case .funnelVisitors(let query): try visitors(query, execution, range)
        case .retention(let query): try query.answer(execution, range)
        case .paths(let query): try query.answer(execution, range)
        case .sessions(let query): try query.answer(execution, range)
        case .events(let query): try query.answer(execution, range)
        case .values(let query): try query.answer(execution, range)
        case .schema(let query): try query.answer(execution, range)
        }
    }

    private func funnel(
        _ query: FunnelQuery, _ execution: Execution, _ range: ResolvedRange
    ) throws(QueryError) -> [(key: String, value: JSONValue)] {
        try query.requirePossible()
        return try query.answer(
            execution, range, intervalRange: query.common.seriesRange(range, execution.snapshot))
    }

    private func visitors(
        _ query: FunnelVisitorsQuery, _ execution: Execution, _ range: ResolvedRange
    ) throws(QueryError) -> [(key: String, value: JSONValue)] {
        try query.funnel.requirePossible()
        return try query.answer(execution, range)
    }

    /// A number that changes whenever the answer to a query of this site may have changed for another reason than the
    /// clock.
    public func version(site: String) -> UInt64 { store.version(site: site) }

    /// Figures for the metrics.
    public struct Statistics: Sendable {
        /// Queries that are being computed.
        public var running = 0
        /// Answers kept, their bytes, and how often one was found and not.
        public var keptAnswers = 0
        public var keptBytes = 0
        public var hits = 0
        public var misses = 0
        /// Partial results kept, their bytes, and how often one was found and not.
        public var keptParts = 0
        public var partBytes = 0
        public var partHits = 0
        public var partMisses = 0
        /// What was worked out from sets of segments, such as lined-up visitors, and its bytes.
        public var derivedEntries = 0
        public var derivedBytes = 0
        /// Bytes that queries hold, the most they held at once, their limit, and queries refused for want of them.
        public var memoryBytes = 0
        public var memoryPeakBytes = 0
        public var memoryLimit = 0
        public var memoryRefusals = 0

        /// Figures of an engine that has done nothing.
        public init() {}
    }

    /// The figures now.
    public var statistics: Statistics {
        let (kept, bytes, hits, misses) = answers.statistics
        var statistics = Statistics()
        statistics.running = running.load(ordering: .relaxed)
        (statistics.keptAnswers, statistics.keptBytes) = (kept, bytes)
        (statistics.hits, statistics.misses) = (hits, misses)
        (statistics.keptParts, statistics.partBytes, statistics.partHits, statistics.partMisses) = partials.statistics
        (statistics.derivedEntries, statistics.derivedBytes) = derived.statistics
        (statistics.memoryBytes, statistics.memoryPeakBytes, statistics.memoryRefusals) = memory.statistics
        statistics.memoryLimit = memory.limit
        return statistics
    }

    private func meta(
        _ execution: Execution, _ common: CommonQuery, relativeError: Double, since started: UInt64, isCached: Bool
    ) -> [UInt8] {
        let took = Double(DispatchTime.now().uptimeNanoseconds - started) / 1_000_000
        let sealed = execution.segments.count(where: \.isSealed)
        let formatter = TimeFormatter(common.timezone)
        var members: [(key: String, value: JSONValue)] = [
            ("took_ms", .number((took * 1000).rounded() / 1000)),
            ("rows_scanned", .integer(Int64(execution.rowsScanned))),
            (
                "segments",
                .object([
                    ("sealed", .integer(Int64(sealed))),
                    ("in_flight", .integer(Int64(execution.segments.count - sealed))),
                ])
            ),
            ("watermark", execution.snapshot.watermark.map { .string(formatter.string($0)) } ?? .null),
            ("exact", .bool(relativeError == 0)),
        ]
        if relativeError > 0 { members.append(("relative_error", .number(relativeError))) }
        if isCached { members.append(("cached", .bool(true))) }
        var writer = JSONWriter(reserving: 256)
        writer.value(.object(members))
        return writer.bytes
    }
}
