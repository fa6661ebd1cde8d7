import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Says how much time has passed, whatever is done to the time of day meanwhile.
public protocol MonotonicClock: Sendable {
    /// Milliseconds since some moment in the past; never less than before.
    func milliseconds() -> Int64
}

/// The system's clock since it was started; it goes on while the machine is suspended.
public struct SystemMonotonicClock: MonotonicClock {
    /// Creates it.
    public init() {}

    public func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// A clock that stands until it is moved on.
public final class ManualMonotonicClock: MonotonicClock {
    private let now: Mutex<Int64>

    /// Creates a clock that shows `milliseconds`.
    public init(_ milliseconds: Int64 = 0) { now = Mutex(milliseconds) }

    public func milliseconds() -> Int64 { now.withLock { $0 } }

    /// Lets time pass; a negative number is ignored.
    public func advance(_ milliseconds: Int64) { now.withLock { $0 += max(0, milliseconds) } }
}
