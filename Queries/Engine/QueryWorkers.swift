import Dispatch
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Threads that help the threads queries run on.
///
/// They are the engine's own: on the threads of the system's pool, which also carry the server's asynchronous work,
/// every other request would wait behind a long query. A helper that is busy is not waited for: whoever asks for help
/// does all the work itself if need be, so that queries at once share the cores instead of multiplying threads.
final class QueryWorkers: Sendable {
    private let pool: Pool
    private let helpers: Int
    private let isStarted = Atomic<Bool>(false)

    /// - Parameter threads: threads that one query may use, its own among them.
    init(threads: Int) {
        helpers = max(0, threads - 1)
        pool = Pool()
    }

    deinit {
        pool.stop(threads: helpers)
    }

    /// Runs `body` with 0 on this thread, and with 1, 2, … on helpers that are free before that returns. All have
    /// returned when this does.
    ///
    /// - Parameter most: threads that may run it at once.
    func run(_ most: Int, _ body: @Sendable (_ worker: Int) -> Void) {
        let wanted = min(most - 1, helpers)
        guard wanted > 0 else { return body(0) }
        if !isStarted.exchange(true, ordering: .relaxed) {
            for _ in 0..<helpers { Thread.detachNewThread { [pool] in pool.work() } }
        }
        withoutActuallyEscaping(body) { body in
            let job = Job(body, places: wanted)
            pool.offer(job, places: wanted)
            body(0)
            job.closeAndWait()
        }
    }

    /// Jobs with places for helpers.
    private final class Pool: Sendable {
        private struct State {
            var jobs: [Job] = []
            var isOver = false
        }

        private let state = Mutex(State())
        private let signal = DispatchSemaphore(value: 0)

        func offer(_ job: Job, places: Int) {
            state.withLock { $0.jobs.append(job) }
            for _ in 0..<places { signal.signal() }
        }

        func stop(threads: Int) {
            state.withLock { $0.isOver = true }
            for _ in 0..<threads { signal.signal() }
        }

        /// What a helper's thread does until the pool is over.
        func work() {
            ThreadPriority.lower()
            while true {
                signal.wait()
                let (job, worker, isOver) = state.withLock { state -> (Job?, Int, Bool) in
                    while let job = state.jobs.first {
                        if let worker = job.enter() { return (job, worker, state.isOver) }
                        state.jobs.removeFirst()
                    }
                    return (nil, 0, state.isOver)
                }
                if let job {
                    job.perform(worker)
                    job.leave()
                } else if isOver {
                    return
                }
            }
        }
    }

    /// One call of ``run(_:_:)``.
    private final class Job: Sendable {
        private struct State {
            var next = 1
            var running = 0
            /// `nil` once no more helpers may begin: the closure must not outlive ``QueryWorkers/run(_:_:)``.
            var body: (@Sendable (Int) -> Void)?

            var isClosed: Bool { body == nil }
        }

        private let places: Int
        private let state: Mutex<State>
        private let idle = DispatchSemaphore(value: 0)

        init(_ body: @escaping @Sendable (Int) -> Void, places: Int) {
            state = Mutex(State(body: body))
            self.places = places
        }

        /// The number of the helper that may begin, `nil` if none may any more.
        func enter() -> Int? {
            state.withLock { state in
                guard !state.isClosed, state.next <= places else { return nil }
                state.running += 1
                defer { state.next += 1 }
                return state.next
            }
        }

        /// Runs the closure for a helper that has entered. Holds it no longer than that.
        @inline(never)
        func perform(_ worker: Int) {
            state.withLock { $0.body }?(worker)
        }

        func leave() {
            let isLast = state.withLock { state in
                state.running -= 1
                return state.isClosed && state.running == 0
            }
            if isLast { idle.signal() }
        }

        /// Lets no more helpers begin and waits for those that have.
        func closeAndWait() {
            let waits = state.withLock { state in
                state.body = nil
                return state.running > 0
            }
            if waits { idle.wait() }
        }
    }
}

/// How threads stand against each other.
public enum ThreadPriority {
    /// By how much queries stand back: about a third of the time of a thread that ingests, where both want a core.
    private static let niceness: Int32 = 5

    /// Lowers the calling thread's priority for good, so that ingest comes before queries.
    public static func lower() {
        // On Linux the priority is the thread's, not the process's, though POSIX says otherwise: setpriority(2).
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
    }
}
