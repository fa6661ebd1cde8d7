import Dispatch
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A thread of ordinary priority that writes for threads of a lower one.
///
/// RocksDB has one thread at a time write for all that wait: whoever came first leads, and writes the batches of the others with
/// its own. A thread that seals or compacts yields to everybody else by its priority; if it led, commits would wait for a
/// processor as long as it does.
final class WriteThread: Sendable {
    static let shared = WriteThread()

    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let wake = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            while true {
                wake.wait()
                let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                job?()
            }
        }
        thread.name = "weir.write"
        thread.start()
    }

    /// Whether the calling thread has a lower priority than ordinary.
    static var isNeeded: Bool { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) > 0 }

    /// Runs `body` on the thread and returns when it has ended. One call waits for another.
    func run(_ body: @escaping @Sendable () -> Void) {
        let done = DispatchSemaphore(value: 0)
        jobs.withLock {
            $0.append {
                body()
                done.signal()
            }
        }
        wake.signal()
        done.wait()
    }
}
