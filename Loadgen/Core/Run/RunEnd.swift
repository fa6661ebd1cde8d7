import Synchronization

/// Tells those who send beside the events when all events are done with.
final class RunEnd: Sendable {
    private let senders = Atomic<Int>(0)

    /// So many senders of events are there.
    func enter(_ count: Int) { senders.add(count, ordering: .relaxed) }

    /// A sender of events is done.
    func leave() { senders.subtract(1, ordering: .relaxed) }

    /// Whether all are done.
    var isReached: Bool { senders.load(ordering: .relaxed) <= 0 }
}
