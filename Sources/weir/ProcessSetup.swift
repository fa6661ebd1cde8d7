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
