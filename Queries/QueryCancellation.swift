import Synchronization

/// Stops a query from outside, for example when nobody waits for its answer any more.
public final class QueryCancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Creates one that has not been used.
    public init() {}

    /// The query ends at its next check, with the error `cancelled`; one that has not begun does not begin.
    public func cancel() { flag.store(true, ordering: .relaxed) }

    /// Whether the query is to end.
    public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}
