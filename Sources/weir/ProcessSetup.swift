import Foundation

/// What the process asks of the system before the server starts.
enum ProcessSetup {
    /// A write to a connection that is gone, or past a file size limit, is an error value and must not end the process.
    static func ignoreSignals() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }

    /// What the process writes is for its own user alone, as the directory is.
    static func keepFilesPrivate() {
        _ = umask(0o077)
    }

    /// Keeps the C library from holding on to memory that was freed.
    ///
    /// glibc has an arena for each of many threads and, once a large block was freed, takes blocks of up to 32 MiB from
    /// them, so that what queries gather and let go stays with the process: with a hundred million events and a cache of 256
    /// MiB 799 MiB under load. With few arenas, and blocks beyond those of a chunk's columns (512 KiB) straight from the system, it
    /// is a quarter less. Settings of its own (`MALLOC_…`) in the environment go before all of this.
    static func boundFreeMemory() {
        guard !ProcessInfo.processInfo.environment.keys.contains(where: { $0.hasPrefix("MALLOC_") }),
            let symbol = dlsym(nil, "mallopt")
        else { return }
        let set = unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)
        // The numbers of malloc.h: M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD.
        for (option, value) in [(-8, 2), (-3, 768 << 10), (-1, 2 << 20)] as [(Int32, Int32)] { _ = set(option, value) }
        FreeMemory.watch()
    }

    /// Raises the limit on open files to what the system lets this process have.
    static func raiseFileLimit() {
        var limit = rlimit()
        let files = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
        guard getrlimit(files, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(files, &limit)
    }

    /// Keeps the process to `count` of the cores it may use.
    ///
    /// The language's own thread pool has as many threads as there are cores and takes no setting, so the limit is the
    /// system's: the set of cores that threads may run on, which new threads inherit. Where that is refused nothing
    /// changes.
    static func limitCores(to count: Int) {
        guard let (get, set) = affinityFunctions() else { return }
        var mask = [UInt8](repeating: 0, count: 128)
        guard get(0, mask.count, &mask) >= 0 else { return }
        let allowed = (0..<mask.count * 8).filter { mask[$0 / 8] & 1 << ($0 % 8) != 0 }
        guard allowed.count > count else { return }
        for core in allowed.dropFirst(count) {
            mask[core / 8] &= ~(1 << (core % 8))
        }
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        for thread in threads.compactMap({ Int32($0) }) {
            _ = set(thread, mask.count, &mask)
        }
    }

    private typealias Affinity = @convention(c) (Int32, Int, UnsafeMutablePointer<UInt8>) -> Int32

    /// The C library's functions, looked up by name since the importer does not show GNU extensions.
    private static func affinityFunctions() -> (get: Affinity, set: Affinity)? {
        guard let get = dlsym(nil, "sched_getaffinity"), let set = dlsym(nil, "sched_setaffinity") else { return nil }
        return (unsafeBitCast(get, to: Affinity.self), unsafeBitCast(set, to: Affinity.self))
    }
}
