import Dispatch
import Foundation
import Storage
import Synchronization

/// Group commit: a thread that takes whatever requests have gathered, commits them as one synced batch, and then
/// answers all of them.
///
/// While one group is being synced, the next one gathers; the disk sets the pace, and the more requests wait, the
/// more share a sync.
final class GroupCommitter: Sendable {
    typealias Outcome = Result<CommitOutcome, StorageError>

    private struct Request: Sendable {
        var item: CommitItem
        var bytes: Int
        var answer: @Sendable (Outcome) -> Void
    }

    private struct Queue {
        var requests: [Request] = []
        var bytes = 0
        var isStopping = false
        var isStopped = false
    }

    /// Bytes of bodies that may wait for their commit. Above it requests are refused (429).
    static let maxQueuedBytes = 256 << 20
    /// Requests that may wait for their commit. Above it requests are refused (429).
    static let maxQueuedRequests = 50_000
    /// Bytes of bodies one batch takes.
    static let maxGroupBytes = 32 << 20

    private let queue = Mutex(Queue())
    private let wake = DispatchSemaphore(value: 0)
    private let stopped = DispatchSemaphore(value: 0)
    /// Given up when the thread ends, so that after ``stop()`` nothing here keeps the store open.
    private let store: Mutex<Store?>
    private let committed: @Sendable (_ requests: Int) -> Void

    /// Starts the thread.
    ///
    /// - Parameter committed: called after each group with its size.
    init(store: Store, committed: @escaping @Sendable (_ requests: Int) -> Void) {
        self.store = Mutex(store)
        self.committed = committed
        let thread = Thread { [self] in run() }
        thread.name = "weir.commit"
        thread.start()
    }

    /// Hands an item over.
    ///
    /// - Parameters:
    ///   - bytes: the size of its body.
    ///   - answer: called once, on the committer's thread, when the item is durable and visible, or has failed.
    /// - Returns: `false` if the queue is full or the committer is stopping; `answer` is then never called.
    func submit(_ item: CommitItem, bytes: Int, answer: @escaping @Sendable (Outcome) -> Void) -> Bool {
        let isTaken = queue.withLock { queue in
            guard !queue.isStopping, queue.bytes + bytes <= Self.maxQueuedBytes,
                queue.requests.count < Self.maxQueuedRequests
            else { return false }
            queue.requests.append(Request(item: item, bytes: bytes, answer: answer))
            queue.bytes += bytes
            return true
        }
        if isTaken { wake.signal() }
        return isTaken
    }

    /// Commits what has been handed over, refuses more, and returns when the thread has ended. Blocks.
    func stop() {
        let isFirst = queue.withLock { queue in
            defer { queue.isStopping = true }
            return !queue.isStopping
        }
        guard isFirst else { return }
        wake.signal()
        stopped.wait()
    }

    private func run() {
        if let store = store.withLock({ $0 }) { commitGroups(to: store) }
        store.withLock { $0 = nil }
        stopped.signal()
    }

    private func commitGroups(to store: Store) {
        while true {
            wake.wait()
            let (group, isStopping) = takeGroup()
            if group.isEmpty {
                if isStopping { break }
                continue
            }
            let outcome: Result<[Outcome], StorageError> = Result { () throws(StorageError) in
                try store.commit(group.map(\.item))
            }
            committed(group.count)
            switch outcome {
            case .success(let outcomes):
                for (request, outcome) in zip(group, outcomes) { request.answer(outcome) }
            case .failure(let error):
                for request in group { request.answer(.failure(error)) }
            }
            // The answers are on their way and cannot be taken back, so there is nothing here that could fail.
            _ = try? store.options.faults.hit(.ackSent)
        }
    }

    private func takeGroup() -> (group: [Request], isStopping: Bool) {
        queue.withLock { queue in
            var bytes = 0
            var count = 0
            for request in queue.requests {
                if count > 0, bytes + request.bytes > Self.maxGroupBytes { break }
                bytes += request.bytes
                count += 1
            }
            let group = Array(queue.requests.prefix(count))
            queue.requests.removeFirst(count)
            queue.bytes -= bytes
            // What is left, or the stop itself, needs another round.
            if !queue.requests.isEmpty || (queue.isStopping && count > 0) { wake.signal() }
            return (group, queue.isStopping)
        }
    }
}
