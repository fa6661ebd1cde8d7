import Synchronization

/// Answers kept for being asked again, one a query: the last. An answer is found only in the very state of the site
/// that it was computed in, so it is never out of date.
final class AnswerCache: Sendable {
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
        /// When it was last used, in steps of ``State/time``.
        var used: UInt64
    }

    private struct State {
        var entries: [[UInt8]: Entry] = [:]
        var bytes = 0
        var time: UInt64 = 0
        var hits = 0
        var misses = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    /// Answers kept at most, however small: looking for the least recently used goes through all of them.
    static let maxAnswers = 4_096
    /// Bytes an entry takes besides its key and its answer, about.
    private static let overhead = 256

    /// - Parameter limit: bytes that are kept at most; one answer may have an eighth of it.
    init(limit: Int) {
        self.limit = limit
    }

    /// The answer to a query in a state, if it is the one that is kept.
    func find(_ key: [UInt8], at place: AnswerPlace) -> Kept? {
        state.withLock { state in
            guard let entry = state.entries[key], entry.place == place else {
                state.misses += 1
                return nil
            }
            state.time += 1
            state.entries[key]?.used = state.time
            state.hits += 1
            return entry.kept
        }
    }

    /// Keeps an answer in place of the query's last one.
    ///
    /// - Complexity: O(1), O(answers) when others have to go.
    func keep(_ kept: Kept, of key: [UInt8], at place: AnswerPlace) {
        let bytes = key.count + kept.content.count + Self.overhead
        guard bytes <= limit / 8 else { return }
        state.withLock { state in
            state.time += 1
            if let before = state.entries[key] { state.bytes -= before.bytes }
            state.entries[key] = Entry(place: place, kept: kept, bytes: bytes, used: state.time)
            state.bytes += bytes
            while state.bytes > limit || state.entries.count > Self.maxAnswers {
                guard let oldest = state.entries.min(by: { $0.value.used < $1.value.used }) else { break }
                state.bytes -= oldest.value.bytes
                state.entries[oldest.key] = nil
            }
        }
    }

    /// Figures for the metrics.
    var statistics: (answers: Int, bytes: Int, hits: Int, misses: Int) {
        state.withLock { ($0.entries.count, $0.bytes, $0.hits, $0.misses) }
    }
}
