/// How long to wait before a batch that the server pushed back is sent again.
public struct RetryPolicy: Sendable, Equatable {
    /// How often a batch is sent at most.
    public var attempts = 12
    /// The longest wait, in seconds, whatever the server asks for.
    public var longest = 60.0

    /// Creates the policy with its defaults.
    public init() {}

    /// Whether an answer says that the batch was not taken and may be sent again.
    public static func isRetryable(status: Int) -> Bool {
        status == 429 || status == 503
    }

    /// The wait before the next attempt, `nil` if there is to be none.
    ///
    /// At least what the server asks for, and up to half as much again, so that senders do not come back together.
    ///
    /// - Parameters:
    ///   - attempt: how often it has been sent, from 1.
    ///   - retryAfter: the server's `Retry-After`, in seconds; dates are not understood and count as absent.
    ///   - jitter: a random number of 0..<1.
    public func delay(attempt: Int, retryAfter: String?, jitter: Double) -> Duration? {
        guard attempt < attempts else { return nil }
        let asked = retryAfter.flatMap { Double($0) }.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
        let backoff = 0.25 * Double(1 << min(max(attempt, 1), 8))
        let seconds = min(max(asked ?? backoff, 0.1), longest)
        return .milliseconds(Int64(seconds * (1 + jitter / 2) * 1000))
    }
}
