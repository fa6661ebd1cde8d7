import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Where the time of day comes from. Chosen at `main`, so that tests can play the clock.
public protocol WallClock: Sendable {
    /// Now, Unix milliseconds. May step back.
    func milliseconds() -> Int64
}

/// The system's clock.
public struct SystemClock: WallClock {
    /// Creates it.
    public init() {}

    public func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// A clock that stands until it is set.
public final class ManualClock: WallClock {
    private let now: Mutex<Int64>

    /// Creates a clock that shows `milliseconds`.
    public init(_ milliseconds: Int64) { now = Mutex(milliseconds) }

    public func milliseconds() -> Int64 { now.withLock { $0 } }

    /// Sets the clock.
    public func set(_ milliseconds: Int64) { now.withLock { $0 = milliseconds } }
}
