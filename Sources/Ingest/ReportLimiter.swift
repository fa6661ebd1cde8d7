import Synchronization

/// Sees to it that what happens again and again is logged once a minute, not each time.
package final class ReportLimiter: Sendable {
    /// Texts that are remembered; when there are more, all are forgotten.
    private static let texts = 64

    private let interval: Duration
    private let last = Mutex<[String: ContinuousClock.Instant]>([:])

    /// - Parameter interval: how long the same text is not reported again.
    package init(interval: Duration = .seconds(60)) { self.interval = interval }

    /// Whether this text is to be logged now.
    package func isDue(_ text: String) -> Bool {
        let now = ContinuousClock.now
        return last.withLock { last in
            if let reported = last[text], now - reported < interval { return false }
            if last.count >= Self.texts { last = [:] }
            last[text] = now
            return true
        }
    }
}
