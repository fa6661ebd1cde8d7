import Storage
import Synchronization

/// A partial result that can be kept.
protocol PartialResult: Sendable {
    /// Bytes held, about.
    var bytes: Int { get }
}

/// Partial results of segments and of runs in flight, the least recently used out first.
///
/// A partial result is found by the bytes of the query, by which of its scans it belongs to, and by what it covers. It is
/// kept only of segments that lie wholly in the range, so that the range does not matter.
final class PartialCache: CacheBudget.Member {
    struct Key: Hashable, Sendable {
        /// The query's bytes, see ``QueryRequest/key``.
        let query: [UInt8]
        /// Which of the query's scans.
        let scan: UInt8
        let place: Place
    }

    /// What a partial result covers.
    enum Place: Hashable, Sendable {
        /// A part of one segment.
        case segment(SegmentIdentity, part: Int)
        /// Some segments whose visitors the union with this number has, and some groups, by hashes.
        case visitors(union: UInt64, segments: [SegmentIdentity], groups: [UInt64])
    }

    private struct Entry {
        var result: any PartialResult
        var bytes: Int
        var used: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var bytes = 0
        var hits = 0
        var misses = 0
    }

    private let state = Mutex(State())
    private let limit: Int
    private let budget: CacheBudget
    let weight: UInt64 = 8

    /// Parts kept at most, however small: looking for the least recently used goes through all of them.
    static let maxParts = 16_384
    /// Groups of a part that is kept at most.
    static let maxGroups = 65_536

    /// - Parameter limit: bytes of the budget that are kept at most.
    init(limit: Int, budget: CacheBudget) {
        self.limit = limit
        self.budget = budget
        budget.join(self)
    }

    deinit { budget.count(-statistics.bytes) }

    func find<R: PartialResult>(_ key: Key, as: R.Type = R.self) -> R? {
        let now = budget.tick()
        return state.withLock { state in
            guard let entry = state.entries[key] else {
                state.misses += 1
                return nil
            }
            state.entries[key]?.used = now
            state.hits += 1
            return entry.result as? R
        }
    }

    /// Whether a result of so many bytes would be kept.
    func takes(_ bytes: Int) -> Bool { bytes <= min(limit, budget.limit) / 16 }

    func keep(_ result: some PartialResult, as key: Key) {
        let bytes = result.bytes + key.query.count + key.place.bytes + 192
        guard takes(bytes) else { return }
        let now = budget.tick()
        state.withLock { state in
            let before = state.bytes
            if let old = state.entries[key] { state.bytes -= old.bytes }
            state.entries[key] = Entry(result: result, bytes: bytes, used: now)
            state.bytes += bytes
            defer { budget.count(state.bytes - before) }
            guard state.bytes > limit || state.entries.count > Self.maxParts else { return }
            // A tenth at once, so that looking for them is rarely done.
            let oldest = state.entries.sorted { $0.value.used < $1.value.used }
            for (key, entry) in oldest {
                if state.bytes <= limit / 10 * 9, state.entries.count <= Self.maxParts / 10 * 9 { break }
                state.bytes -= entry.bytes
                state.entries[key] = nil
            }
        }
        budget.makeRoom()
    }

    func forEachUse(_ body: (_ used: UInt64, _ bytes: Int) -> Void) {
        for entry in state.withLock({ Array($0.entries.values) }) { body(entry.used, entry.bytes) }
    }

    func forget(usedUpTo time: UInt64) {
        state.withLock { state in
            for (key, entry) in state.entries where entry.used <= time {
                state.entries[key] = nil
                state.bytes -= entry.bytes
                budget.count(-entry.bytes)
            }
        }
    }

    /// Figures for the metrics.
    var statistics: (parts: Int, bytes: Int, hits: Int, misses: Int) {
        state.withLock { ($0.entries.count, $0.bytes, $0.hits, $0.misses) }
    }
}

/// Where an execution finds its partial results.
struct PartialResults: Sendable {
    let cache: PartialCache
    let query: [UInt8]

    func key(_ segment: Segment, scan: UInt8, part: Int) -> PartialCache.Key {
        PartialCache.Key(query: query, scan: scan, place: .segment(SegmentIdentity(segment), part: part))
    }

    /// Where the result of some segments is that goes by the visitors of a union.
    func key(_ segments: [Segment], of union: VisitorUnion, groups: [UInt64] = [], scan: UInt8) -> PartialCache.Key {
        PartialCache.Key(
            query: query, scan: scan,
            place: .visitors(
                union: union.serial, segments: segments.map { SegmentIdentity($0) }, groups: groups))
    }
}

extension PartialCache.Place {
    fileprivate var bytes: Int {
        switch self {
        case .segment: 0
        case .visitors(_, let segments, let groups):
            segments.count * MemoryLayout<SegmentIdentity>.stride + groups.count * 8
        }
    }
}
