#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Holds reading back to a number of bytes a second.
final class ReadingPace {
    private let bytesPerSecond: Int?
    private let began = ContinuousClock.now
    private var bytes = 0

    /// - Parameter bytesPerSecond: `nil` for no limit.
    init(bytesPerSecond: Int?) { self.bytesPerSecond = bytesPerSecond.map { max(1, $0) } }

    /// Says that bytes were read, and waits if that was too early.
    func passed(_ count: Int) {
        guard let bytesPerSecond else { return }
        bytes += count
        let due = Duration.seconds(Double(bytes) / Double(bytesPerSecond))
        let wait = due - (ContinuousClock.now - began)
        // Short waits add up to longer ones that the system keeps better.
        guard wait > .milliseconds(10) else { return }
        let (seconds, attoseconds) = wait.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }
}
