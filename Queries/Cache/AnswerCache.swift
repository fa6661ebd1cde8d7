import Storage
import Synchronization

/// Answers kept for being asked again, one a query: the last. An answer is found only in the very state of the site
/// that it was computed in, so it is never out of date.
final class AnswerCache: CacheBudget.Member {
    /// What is kept of an answer.
    struct Kept: Sendable {
        let content: [UInt8]
        /// See ``Execution/relativeError``.
        let relativeError: Double
    }

    private struct Entry {
        var place: AnswerPlace
        var kept: Kept
        var bytes: Int
        /// When it was last used, see ``CacheBudget/tick()``.
        var used: UInt64
    }

    private struct State {
        var entries: [[UInt8]: Entry] = [:]
        var bytes = 0
        var hits = 0
        var misses = 0
    }

    private let state = Mutex(State())
    private let limit: Int
    private let budget: CacheBudget
    let weight: UInt64 = 8

    /// Answers kept at most, however small: looking for the least recently used goes through all of them.
    static let maxAnswers = 4_096
    /// Bytes an entry takes besides its key and its answer, about.
    private static let overhead = 256

    /// - Parameter limit: bytes of the budget that are kept at most; one answer may have an eighth of it.
    init(limit: Int, budget: CacheBudget) {
        self.limit = limit
        self.budget = budget
        budget.join(self)
    }

    deinit { budget.count(-statistics.bytes) }

    /// The answer to a query in a state, if it is the one that is kept.
    func find(_ key: [UInt8], at place: AnswerPlace) -> Kept? {
        let now = budget.tick()
        return state.withLock { state in
            guard let entry = state.entries[key], entry.place.covers(place) else {
                state.misses += 1
                return nil
            }
            state.entries[key]?.used = now
            state.hits += 1
            return entry.kept
        }
    }

    /// Whether an answer of so many bytes would be kept.
    func takes(_ bytes: Int) -> Bool { bytes <= min(limit, budget.limit) / 8 }

    /// Keeps an answer in place of the query's last one.
    ///
    /// - Complexity: O(1), O(answers) when others have to go.
    func keep(_ kept: Kept, of key: [UInt8], at place: AnswerPlace) {
        let bytes = key.count + kept.content.count + Self.overhead
        guard takes(bytes) else { return }
        let now = budget.tick()
        state.withLock { state in
            let before = state.bytes
            if let old = state.entries[key] { state.bytes -= old.bytes }
            state.entries[key] = Entry(place: place, kept: kept, bytes: bytes, used: now)
            state.bytes += bytes
            while state.bytes > limit || state.entries.count > Self.maxAnswers {
                guard let oldest = state.entries.min(by: { $0.value.used < $1.value.used }) else { break }
                state.bytes -= oldest.value.bytes
                state.entries[oldest.key] = nil
            }
            budget.count(state.bytes - before)
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
    var statistics: (answers: Int, bytes: Int, hits: Int, misses: Int) {
        state.withLock { ($0.entries.count, $0.bytes, $0.hits, $0.misses) }
    }
}
