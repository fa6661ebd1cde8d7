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

/// The background thread that merges runs and seals buckets, at a lower priority than everything that someone waits
/// for.
final class MaintenanceThread: Sendable {
    /// How often it looks whether something is due, milliseconds.
    static let interval = 250

    private struct Orders {
        var flushes: [@Sendable (StorageError?) -> Void] = []
        var isStopping = false
    }

    private let orders = Mutex(Orders())
    private let wake = DispatchSemaphore(value: 0)
    private let stopped = DispatchSemaphore(value: 0)
    /// Given up when the thread ends, so that after ``stop()`` nothing here keeps the store open.
    private let store: Mutex<Store?>
    private let logger: Logger
    private let reports = ReportLimiter()
    private let failed: @Sendable (StorageError) -> Void

    /// Starts the thread.
    ///
    /// - Parameter failed: called when a step of maintenance failed.
    init(store: Store, logger: Logger, failed: @escaping @Sendable (StorageError) -> Void) {
        self.store = Mutex(store)
        self.logger = logger
        self.failed = failed
        let thread = Thread { [self] in run() }
        thread.name = "weir.maintain"
        // Merging a month in flight recurses nowhere, but Foundation's default for secondary threads is small.
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Seals everything in flight.
    func flush() async throws(StorageError) {
        let error: StorageError? = await withCheckedContinuation { continuation in
            let isTaken = orders.withLock { orders in
                guard !orders.isStopping else { return false }
                orders.flushes.append { continuation.resume(returning: $0) }
                return true
            }
            if isTaken {
                wake.signal()
            } else {
                continuation.resume(returning: .unusable("The server is stopping."))
            }
        }
        if let error { throw error }
    }

    /// Lets the step under way end and returns when the thread has ended. Blocks.
    func stop() {
        let isFirst = orders.withLock { orders in
            defer { orders.isStopping = true }
            return !orders.isStopping
        }
        guard isFirst else { return }
        wake.signal()
        stopped.wait()
    }

    private func run() {
        // On Linux this sets the priority of the calling thread alone.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 1)
        if let store = store.withLock({ $0 }) { maintain(store) }
        store.withLock { $0 = nil }
        stopped.signal()
    }

    private func maintain(_ store: Store) {
        var isBusy = false
        while true {
            if !isBusy { _ = wake.wait(timeout: .now() + .milliseconds(Self.interval)) }
            let (flushes, isStopping) = orders.withLock { orders in
                defer { orders.flushes = [] }
                return (orders.flushes, orders.isStopping)
            }
            if !flushes.isEmpty {
                let error = attempt { () throws(StorageError) in try store.flush() }
                for flush in flushes { flush(error) }
            }
            if isStopping { break }
            isBusy = false
            if attempt({ () throws(StorageError) in isBusy = try store.maintain() }) != nil { isBusy = false }
        }
    }

    /// Runs a step. A failure that goes on is logged once a minute, not at every attempt.
    private func attempt(_ step: () throws(StorageError) -> Void) -> StorageError? {
        do throws(StorageError) {
            try step()
            return nil
        } catch {
            if case .failed = error { return error }
            if reports.isDue(error.description) {
                logger.error("Maintenance failed.", metadata: ["error": "\(error)"])
            }
            failed(error)
            return error
        }
    }
}
