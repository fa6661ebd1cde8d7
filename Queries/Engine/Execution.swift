import Dispatch
import Events
import Storage
import Synchronization

/// One running query: what it reads, until when, on how many threads, and what it has read so far.
///
/// It sees one snapshot from start to end, so an answer never mixes two states.
final class Execution: Sendable {
    let snapshot: Store.Snapshot
    let hash: EventHash
    /// The clock when the query came, Unix milliseconds.
    let now: Int64
    let threads: Int
    /// What was worked out from sets of segments before.
    let derived: DerivedCache
    /// See ``TopHeads/leastEntries``.
    let leastHeadEntries: Int
    /// See ``EngineOptions/leastRunRows``.
    let leastRunRows: Int
    private let helpers: QueryWorkers
    private let deadline: UInt64
    private let timeoutMs: Int64
    private let scanned = Atomic<Int>(0)
    private let cancellation: QueryCancellation?
    /// What the query holds in memory.
    let memory: QueryMemory
    /// Partial results of other askings of the query; `nil` when it is to be computed afresh.
    let partials: PartialResults?
    private let estimateError = Atomic<UInt64>(0)

    init(
        snapshot: Store.Snapshot, hash: EventHash, now: Int64, threads: Int, helpers: QueryWorkers, timeoutMs: Int64,
        memory: QueryMemory, partials: PartialResults? = nil, cancellation: QueryCancellation? = nil,
        derived: DerivedCache, leastHeadEntries: Int = EngineOptions.defaultLeastHeadEntries,
        leastRunRows: Int = EngineOptions.defaultLeastRunRows
    ) {
        self.snapshot = snapshot
        self.hash = hash
        self.now = now
        self.threads = max(1, threads)
        self.helpers = helpers
        self.timeoutMs = timeoutMs
        self.derived = derived
        self.leastHeadEntries = leastHeadEntries
        self.leastRunRows = leastRunRows
        self.memory = memory
        self.partials = partials
        self.cancellation = cancellation
        deadline = DispatchTime.now().uptimeNanoseconds &+ UInt64(clamping: timeoutMs) &* 1_000_000
    }

    var segments: [Segment] { snapshot.segments }

    /// Rows looked at so far.
    var rowsScanned: Int { scanned.load(ordering: .relaxed) }

    func countRows(_ rows: Int) { scanned.add(rows, ordering: .relaxed) }

    /// The greatest bound of an estimate's relative error in the answer; 0 if all of it is exact.
    var relativeError: Double { Double(bitPattern: estimateError.load(ordering: .relaxed)) }

    /// Notes that the answer has an estimate.
    func noteEstimate(error: Double) {
        // Of doubles that are not negative the greater one has the greater bits.
        _ = estimateError.max(error.bitPattern, ordering: .relaxed)
    }

    /// Called once a piece of at most 65,536 rows: a query overshoots its time by one piece at the most.
    func check() throws(QueryError) {
        if let cancellation, cancellation.isCancelled {
            throw QueryError(.cancelled, "The query was stopped: its client has closed the connection.")
        }
        if DispatchTime.now().uptimeNanoseconds > deadline {
            throw QueryError(
                .timeout,
                "The query took longer than its limit of \(timeoutMs) ms (limit timeout). "
                    + "Ask for a shorter range or fewer dimensions.")
        }
    }

    /// Sorts what may be millions of elements, with a look at the clock now and then.
    func sort<C: MutableCollection & RandomAccessCollection>(
        _ elements: inout C, by precedes: (C.Element, C.Element) -> Bool
    ) throws(QueryError) {
        var comparisons = 0
        do {
            try elements.sort { left, right in
                comparisons &+= 1
                if comparisons & 0x3FFF == 0 { try check() }
                return precedes(left, right)
            }
        } catch {
            // Only the check throws.
            throw error as? QueryError ?? QueryError(.cancelled, "The query was stopped.")
        }
    }

    /// Runs `body` for every index, on this thread and up to ``threads`` in all that take the next index when they are
    /// free.
    ///
    /// - Parameter body: gets the number of its worker, for state of its own, and the index.
    /// - Throws: the first error; the other workers then stop at their next index.
    func parallel(_ count: Int, _ body: @Sendable (_ worker: Int, _ index: Int) throws(QueryError) -> Void)
        throws(QueryError)
    {
        let workers = min(threads, count)
        if workers <= 1 {
            for index in 0..<count {
                try check()
                try body(0, index)
            }
            return
        }
        let next = Atomic<Int>(0)
        let failure = Mutex<QueryError?>(nil)
        helpers.run(workers) { worker in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                if index >= count || failure.withLock({ $0 != nil }) { return }
                do throws(QueryError) {
                    try check()
                    try body(worker, index)
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                    return
                }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    /// The number of workers ``parallel(_:_:)`` uses at most.
    var workers: Int { threads }
}

/// Runs a storage call with its error as a ``QueryError``: what could not be read is named, never left out.
@inline(__always)
func stored<R>(_ body: () throws(StorageError) -> R) throws(QueryError) -> R {
    do throws(StorageError) {
        return try body()
    } catch {
        throw QueryError(.storageError, "The answer would be incomplete: \(error)")
    }
}

/// State of one worker, reached through its number; only that worker touches it while the workers run.
final class PerWorker<State>: @unchecked Sendable {
    // Unchecked: each element is used by one thread at a time, the worker with its index, and by the caller afterwards.
    private let states: UnsafeMutableBufferPointer<State>

    init(_ count: Int, _ make: () -> State) {
        states = .allocate(capacity: count)
        for index in 0..<count { states.initializeElement(at: index, to: make()) }
    }

    deinit {
        states.deinitialize()
        states.deallocate()
    }

    func with<R, E: Error>(_ worker: Int, _ body: (inout State) throws(E) -> R) throws(E) -> R {
        try body(&states[worker])
    }

    var all: [State] { Array(states) }
}
