import NIOCore
import NIOPosix
import Queries
import Synchronization

/// Runs blocking work on threads of its own, so that neither event loops nor ingest ever wait for a query.
///
/// As many run at once as there are threads; a bounded number waits, each for a bounded time; the rest is refused.
package final class QueryGate: Sendable {
    private let pool: NIOThreadPool
    private let limit: Int
    private let threads: Int
    private let longestWait: Duration?
    private let refusal: Problem
    private let standsBack: Bool
    private let admitted = Atomic<Int>(0)
    private let refusals = Atomic<Int>(0)
    private let timeouts = Atomic<Int>(0)
    private let total = Atomic<Int>(0)

    /// - Parameters:
    ///   - threads: queries that run at once, at least 1.
    ///   - waiting: queries that may wait for a thread.
    ///   - longestWait: how long each may wait for it, after which it is answered 503 `query_queue_timeout`; `nil` for
    ///     as long as it takes.
    ///   - standsBack: whether the threads leave the cores to ingest where both want them.
    ///   - refusal: the answer to those that may not.
    package init(
        threads: Int, waiting: Int, longestWait: Duration? = nil, standsBack: Bool = false,
        refusal: Problem = .tooManyQueries
    ) {
        self.pool = NIOThreadPool(numberOfThreads: threads)
        self.threads = threads
        self.longestWait = longestWait
        self.refusal = refusal
        self.standsBack = standsBack
        self.limit = threads + waiting
        pool.start()
    }

    /// Queries that have been admitted and not answered.
    package var inProgress: Int { admitted.load(ordering: .relaxed) }
    /// Queries that were refused since the start.
    package var refused: Int { refusals.load(ordering: .relaxed) }
    /// Queries that have waited too long since the start.
    package var timedOut: Int { timeouts.load(ordering: .relaxed) }
    /// Queries that were asked since the start.
    var asked: Int { total.load(ordering: .relaxed) }

    /// Runs `work` on one of the threads.
    ///
    /// - Throws: the refusal when too many wait already or this one has waited too long; what `work` throws.
    package func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await run(presence: nil, work)
    }

    /// Runs `work` on one of the threads, unless its client goes while it waits.
    ///
    /// - Throws: as ``run(_:)``, and a `CancellationError` when the client has gone before a thread was free.
    func run<Result: Sendable>(
        presence: ClientPresence?, _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        total.add(1, ordering: .relaxed)
        let (_, count) = admitted.add(1, ordering: .relaxed)
        defer { admitted.subtract(1, ordering: .relaxed) }
        guard count <= limit else {
            refusals.add(1, ordering: .relaxed)
            throw refusal
        }
        let place = WaitingPlace<Result>()
        let watch = presence?.onLeaving { place.giveUp(CancellationError()) }
        // Only who has to wait needs a clock.
        let alarm = count > threads ? longestWait.map { startAlarm(after: $0, for: place) } : nil
        defer {
            if let watch { presence?.forget(watch) }
            alarm?.cancel()
        }
        return try await withCheckedThrowingContinuation { continuation in
            guard place.take(continuation) else { return }
            pool.submit { [standsBack] state in
                guard state == .active else {
                    place.giveUp(CancellationError())
                    return
                }
                guard place.begin() else { return }
                if standsBack { ThreadPriority.lower() }
                place.finish(Swift.Result { try work() })
            }
        }
    }

    private func startAlarm<Result: Sendable>(
        after wait: Duration, for place: WaitingPlace<Result>
    ) -> Task<Void, any Error> {
        Task {
            try await Task.sleep(for: wait)
            if place.giveUp(Problem.queryQueueTimeout) { timeouts.add(1, ordering: .relaxed) }
        }
    }

    /// Lets what runs finish and ends the threads.
    package func close() async {
        try? await pool.shutdownGracefully()
    }
}

/// Who waits for a thread. It is answered once: by its work, or by what made it give up before that began.
private final class WaitingPlace<Result: Sendable>: Sendable {
    private enum State {
        case new
        case waiting(CheckedContinuation<Result, any Error>)
        case running(CheckedContinuation<Result, any Error>)
        case givenUp(any Error)
        case over
    }

    private let state = Mutex(State.new)

    /// Takes who is to be answered; answers at once, and returns `false`, if it has been given up already.
    func take(_ continuation: CheckedContinuation<Result, any Error>) -> Bool {
        let reason: (any Error)? = state.withLock { state in
            if case .givenUp(let error) = state {
                state = .over
                return error
            }
            state = .waiting(continuation)
            return nil
        }
        if let reason { continuation.resume(throwing: reason) }
        return reason == nil
    }

    /// Whether the work may begin.
    func begin() -> Bool {
        state.withLock { state in
            guard case .waiting(let continuation) = state else { return false }
            state = .running(continuation)
            return true
        }
    }

    /// Answers with what came of the work.
    func finish(_ result: Swift.Result<Result, any Error>) {
        let continuation: CheckedContinuation<Result, any Error>? = state.withLock { state in
            guard case .running(let continuation) = state else { return nil }
            state = .over
            return continuation
        }
        continuation?.resume(with: result)
    }

    /// Answers with an error unless the work has begun.
    ///
    /// - Returns: whether it had not.
    @discardableResult
    func giveUp(_ error: any Error) -> Bool {
        let (isGivenUp, continuation) = state.withLock {
            state -> (Bool, CheckedContinuation<Result, any Error>?) in
            switch state {
            case .new:
                state = .givenUp(error)
                return (true, nil)
            case .waiting(let continuation):
                state = .over
                return (true, continuation)
            case .running, .givenUp, .over: return (false, nil)
            }
        }
        continuation?.resume(throwing: error)
        return isGivenUp
    }
}
