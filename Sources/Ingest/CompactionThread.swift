import Dispatch
import Foundation
import Logging
import Storage
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The background thread that merges sealed segments into larger ones, at the lowest priority: nobody waits for it, and one
/// core's idle time is all it takes.
final class CompactionThread: Sendable {
    /// How often it looks whether something is due when nothing was, milliseconds.
    static let interval = 1_000
    /// Between attempts after a failure, milliseconds: a damaged segment does not mend itself.
    static let pauseAfterFailure = 60_000

    private let isStopping = Atomic<Bool>(false)
    private let wake = DispatchSemaphore(value: 0)
    private let stopped = DispatchSemaphore(value: 0)
    /// Given up when the thread ends, so that after ``stop()`` nothing here keeps the store open.
    private let store: Mutex<Store?>
    private let logger: Logger
    private let failed: @Sendable () -> Void

    /// Starts the thread.
    ///
    /// - Parameter failed: called when a compaction failed.
    init(store: Store, logger: Logger, failed: @escaping @Sendable () -> Void) {
        self.store = Mutex(store)
        self.logger = logger
        self.failed = failed
        let thread = Thread { [self] in run() }
        thread.name = "weir.compact"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Gives a merge under way up and returns when the thread has ended. Blocks.
    func stop() {
        guard !isStopping.exchange(true, ordering: .relaxed) else { return }
        store.withLock { $0 }?.holdCompaction()
        wake.signal()
        stopped.wait()
    }

    private func run() {
        // On Linux this sets the priority of the calling thread alone. 19 is the lowest.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
        if let store = store.withLock({ $0 }) { compact(store) }
        store.withLock { $0 = nil }
        stopped.signal()
    }

    private func compact(_ store: Store) {
        var pause = Self.interval
        while !isStopping.load(ordering: .relaxed) {
            if pause > 0 { _ = wake.wait(timeout: .now() + .milliseconds(pause)) }
            if isStopping.load(ordering: .relaxed) { return }
            do throws(StorageError) {
                pause = try store.compact() ? 0 : Self.interval
            } catch {
                if case .failed = error {
                } else {
                    logger.error("Compaction failed.", metadata: ["error": "\(error)"])
                    failed()
                }
                pause = Self.pauseAfterFailure
            }
        }
    }
}
