import Synchronization

/// Stops a query from outside, for example when nobody waits for its answer any more.
public final class QueryCancellation: Sendable {
    private let flag = Atomic<Bool>(false)
    private let looked = Atomic<Int>(0)
    private let most: Int

    /// Creates one that has not been used.
    public init() { most = .max }

    /// Creates one that uses itself when it has been looked at so often: for tests, which stop a query at each of its
    /// checks in turn.
    package init(afterLooks looks: Int) { most = looks }

    /// The query ends at its next check, with the error `cancelled`; one that has not begun does not begin.
    public func cancel() { flag.store(true, ordering: .relaxed) }

    /// Whether the query is to end.
    public var isCancelled: Bool {
        looked.add(1, ordering: .relaxed).newValue > most || flag.load(ordering: .relaxed)
    }

    /// How often the query has looked.
    package var looks: Int { looked.load(ordering: .relaxed) }
}
