import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Memory that was freed and that the C library keeps.
enum FreeMemory {
    /// Between two calls that do anything, milliseconds.
    private static let interval: Int64 = 2_000
    private static let last = Atomic<Int64>(0)

    /// Gives what the C library keeps of freed memory back to the system, at most once in a while.
    ///
    /// glibc returns only what is free at the end of its heaps. Runs and segments of all sizes come and go in several
    /// threads, so that without this the process keeps the most it ever had: after a load of twenty million events 713
    /// MiB, of which 40 were in use. A call takes 5 to 30 ms of the calling thread, which nobody waits for.
    static func giveBack() {
        guard let trim else { return }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        let before = last.load(ordering: .relaxed)
        guard now - before >= interval,
            last.compareExchange(expected: before, desired: now, ordering: .relaxed).exchanged
        else { return }
        _ = trim(0)
    }

    /// glibc's `malloc_trim`, which its module does not show; other C libraries have none.
    private static let trim: (@convention(c) (Int) -> Int32)? = dlsym(nil, "malloc_trim").map {
        unsafeBitCast($0, to: (@convention(c) (Int) -> Int32).self)
    }
}
