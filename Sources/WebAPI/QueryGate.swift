import NIOCore
import NIOPosix
import Synchronization

/// Runs blocking work on threads of its own, so that neither event loops nor ingest ever wait for a query.
///
/// As many run at once as there are threads; a bounded number waits; the rest is refused.
package final class QueryGate: Sendable {
    private let pool: NIOThreadPool
    private let limit: Int
    private let threads: Int
    private let refusal: Problem
    private let admitted = Atomic<Int>(0)
    private let refusals = Atomic<Int>(0)
    private let total = Atomic<Int>(0)

    /// - Parameters:
    ///   - threads: queries that run at once, at least 1.
    ///   - waiting: queries that may wait for a thread.
    ///   - refusal: the answer to those that may not.
    package init(threads: Int, waiting: Int, refusal: Problem = .tooManyQueries) {
        self.pool = NIOThreadPool(numberOfThreads: threads)
        self.threads = threads
        self.refusal = refusal
        self.limit = threads + waiting
        pool.start()
    }

    /// Queries that have been admitted and not answered.
    package var inProgress: Int { admitted.load(ordering: .relaxed) }
    /// Queries that were refused since the start.
    package var refused: Int { refusals.load(ordering: .relaxed) }
    /// Queries that were asked since the start.
    var asked: Int { total.load(ordering: .relaxed) }

    /// Runs `work` on one of the threads.
    ///
    /// - Throws: the refusal when too many wait already; what `work` throws.
    package func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        total.add(1, ordering: .relaxed)
        let (_, count) = admitted.add(1, ordering: .relaxed)
        defer { admitted.subtract(1, ordering: .relaxed) }
        guard count <= limit else {
            refusals.add(1, ordering: .relaxed)
            throw refusal
        }
        return try await pool.runIfActive(work)
    }

    /// Lets what runs finish and ends the threads.
    package func close() async {
        try? await pool.shutdownGracefully()
    }
}
