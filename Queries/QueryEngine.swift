import Dispatch
import Events
import Storage

/// Answers queries over everything a store holds, in flight and sealed.
///
/// Calls block and use the processor: they belong on threads of their own.
public final class QueryEngine: Sendable {
    /// The most time a query may take unless it asks for less, milliseconds.
    public static let timeoutMs: Int64 = 30_000

    private let store: Store
    private let clock: any WallClock
    private let threads: Int
    private let derived = DerivedCache()

    /// Creates an engine.
    ///
    /// - Parameters:
    ///   - threads: how many threads one query may use.
    public init(store: Store, threads: Int, clock: any WallClock = SystemClock()) {
        self.store = store
        self.threads = threads
        self.clock = clock
    }

    /// Answers a query given as JSON.
    ///
    /// - Returns: the answer's JSON.
    public func answer(kind: String, json: [UInt8]) throws(QueryError) -> [UInt8] {
        try answer(try Query.parse(kind: kind, json: json))
    }

    /// Answers a query given as the parameters of a URL.
    public func answer(kind: String, parameters: [(String, String)]) throws(QueryError) -> [UInt8] {
        try answer(try Query.parse(kind: kind, parameters: parameters))
    }

    /// Answers a query.
    public func answer(_ query: Query) throws(QueryError) -> [UInt8] {
        let started = DispatchTime.now().uptimeNanoseconds
        let common = query.common
        let now = clock.milliseconds()
        let snapshot = store.snapshot(site: common.site)
        try stored { () throws(StorageError) in try snapshot.requireComplete() }
        let execution = Execution(
            snapshot: snapshot, hash: store.hash, now: now, threads: threads,
            timeoutMs: min(common.timeoutMs ?? QueryEngine.timeoutMs, QueryEngine.timeoutMs), derived: derived)
        let range = try common.range.resolve(
            now: now, firstEvent: snapshot.first, lastEvent: snapshot.last, timezone: common.timezone)
        var members: [(key: String, value: JSONValue)]
        switch query {
        case .aggregate(let query): members = try query.answer(execution, range)
        case .timeseries(let query): members = try query.answer(execution, query.seriesRange(range, snapshot))
        case .top(let query): members = try query.answer(execution, range)
        case .funnel(let query):
            try query.requireSupported()
            members = try query.answer(execution, range)
        case .events(let query): members = try query.answer(execution, range)
        case .values(let query): members = try query.answer(execution, range)
        case .schema(let query): members = try query.answer(execution, range)
        }
        let took = Double(DispatchTime.now().uptimeNanoseconds - started) / 1_000_000
        members.append(("meta", meta(execution, common, took: took)))
        var writer = JSONWriter(reserving: 4096)
        writer.value(.object(members))
        return writer.bytes
    }

    private func meta(_ execution: Execution, _ common: CommonQuery, took: Double) -> JSONValue {
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
            ("exact", .bool(execution.relativeError == 0)),
        ]
        if execution.relativeError > 0 { members.append(("relative_error", .number(execution.relativeError))) }
        return .object(members)
    }
}

extension TimeseriesQuery {
    /// The range that intervals are laid over: `all` ends with the last event, not with the clock, so that an import
    /// of old data does not trail years of empty rows.
    func seriesRange(_ range: ResolvedRange, _ snapshot: Store.Snapshot) -> ResolvedRange {
        guard common.range == .all, let last = snapshot.last else { return range }
        return ResolvedRange(from: range.from, to: last + 1)
    }
}
