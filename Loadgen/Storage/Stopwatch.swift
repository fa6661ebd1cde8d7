#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Seconds gone by on the wall and spent by processors.
///
/// What a step costs is told by the calling thread's own processor time: on a machine that others use as well, the wall
/// says how much of it was left.
struct Stopwatch: Sendable {
    /// Seconds of a clock of the system.
    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private let wallStart = Stopwatch.seconds(CLOCK_MONOTONIC)
    private let threadStart = Stopwatch.seconds(CLOCK_THREAD_CPUTIME_ID)
    private let processStart = Stopwatch.seconds(CLOCK_PROCESS_CPUTIME_ID)

    /// Starts it, on the thread whose time is to be told.
    init() {}

    /// Seconds since it was started.
    var wall: Double { Stopwatch.seconds(CLOCK_MONOTONIC) - wallStart }

    /// Processor time of the calling thread since it was started, seconds.
    var thread: Double { Stopwatch.seconds(CLOCK_THREAD_CPUTIME_ID) - threadStart }

    /// Processor time of all threads since it was started, seconds.
    var process: Double { Stopwatch.seconds(CLOCK_PROCESS_CPUTIME_ID) - processStart }
}

extension Array where Element: Comparable {
    /// The middle element of an odd number of them, the lower of the two in the middle otherwise; `nil` of none.
    var median: Element? {
        isEmpty ? nil : sorted()[(count - 1) / 2]
    }
}
