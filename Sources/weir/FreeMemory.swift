import Foundation

/// Memory that was freed and that the C library keeps.
///
/// glibc returns only what is free at the end of its heaps. Runs and segments of all sizes come and go in several threads,
/// so that without this the process keeps the most it ever had: after a load of twenty million events 713 MiB, of which
/// 40 were in use.
enum FreeMemory {
    /// Growth of resident memory after which what is free goes back, bytes.
    private static let growth = 48 << 20
    /// Seconds between two looks, and looks after which it goes back in any case.
    private static let interval: UInt32 = 1
    private static let looks = 60

    /// Starts the thread that gives whole free pages back to the system whenever the process has grown.
    ///
    /// That takes the lock of one arena at a time, for milliseconds, so the thread has everybody's priority: one that is
    /// made to wait with such a lock makes all wait who need memory.
    static func watch() {
        guard let symbol = dlsym(nil, "malloc_trim") else { return }
        let trim = unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)
        let thread = Thread {
            var least = resident()
            var look = 0
            while true {
                sleep(interval)
                look += 1
                least = min(least, resident())
                guard resident() > least + growth || look >= looks else { continue }
                _ = trim(0)
                least = resident()
                look = 0
            }
        }
        thread.name = "weir.trim"
        thread.stackSize = 256 << 10
        thread.start()
    }

    /// Bytes of the process that are in memory; 0 where the system does not say.
    private static func resident() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
