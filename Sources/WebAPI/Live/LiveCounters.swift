import Synchronization

/// What live queries have done, for the metrics.
final class LiveCounters: Sendable {
    /// Answers computed; they are shared by all who watch the same query.
    let computations = Atomic<Int>(0)
    /// Answers sent.
    let answers = Atomic<Int>(0)
    /// Watchers dropped because they did not read.
    let dropped = Atomic<Int>(0)
}
