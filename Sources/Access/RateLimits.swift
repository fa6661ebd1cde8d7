/// How much one key or one address may ask for.
public struct RateLimits: Sendable, Equatable {
    /// More than any server of this kind answers; also what keeps the arithmetic exact.
    public static let most = 10_000_000

    /// Requests a second; 0 for any number.
    public var requestsPerSecond: Int
    /// Events a second; 0 for any number.
    public var eventsPerSecond: Int

    /// Creates limits.
    public init(requestsPerSecond: Int = 0, eventsPerSecond: Int = 0) {
        self.requestsPerSecond = min(max(requestsPerSecond, 0), Self.most)
        self.eventsPerSecond = min(max(eventsPerSecond, 0), Self.most)
    }

    /// Whether nothing is limited.
    public var isOff: Bool { requestsPerSecond == 0 && eventsPerSecond == 0 }
}

/// A token bucket that holds one second's worth, kept as one number: the time at which it will be full again (the
/// "theoretical arrival time" of the generic cell rate algorithm, ITU-T I.371). Times are nanoseconds of one clock.
struct TokenBucket: Equatable {
    /// What the bucket holds, as time.
    static let depth: Int64 = 1_000_000_000

    /// When it will be full; any time up to now for a full one.
    var fullAt: Int64 = .min

    /// Nanoseconds until there is room for one more; 0 if there is room now.
    ///
    /// - Parameter tokens: what has to fit at once: 1 for a request; 0 to ask whether the bucket is not overdrawn, as with
    ///   events, whose number is known only after they were read.
    func wait(now: Int64, rate: Int, tokens: Int64) -> Int64 {
        guard rate > 0 else { return 0 }
        let ahead = max(fullAt, now) - now
        return tokens > 0
            ? max(0, ahead + tokens * (Self.depth / Int64(rate)) - Self.depth) : max(0, ahead - Self.depth + 1)
    }

    /// Takes tokens out, more than there are if need be.
    mutating func take(_ tokens: Int, now: Int64, rate: Int) {
        guard rate > 0, tokens > 0 else { return }
        let (cost, overflow) = Int64(tokens).multipliedReportingOverflow(by: Self.depth / Int64(rate))
        let (full, isLate) = max(fullAt, now).addingReportingOverflow(overflow ? .max / 2 : cost)
        fullAt = isLate ? .max / 2 : full
    }
}

/// The buckets of one key or address.
struct Buckets: Equatable {
    var requests = TokenBucket()
    var events = TokenBucket()

    /// Whether nothing has been taken out that has not come back.
    func isFull(now: Int64) -> Bool { requests.fullAt <= now && events.fullAt <= now }

    /// Takes one request out, if there is room for it and the events are not overdrawn.
    ///
    /// - Returns: nanoseconds to wait; 0 if it was taken.
    mutating func admit(now: Int64, limits: RateLimits) -> Int64 {
        let wait = max(
            requests.wait(now: now, rate: limits.requestsPerSecond, tokens: 1),
            events.wait(now: now, rate: limits.eventsPerSecond, tokens: 0))
        if wait == 0 { requests.take(1, now: now, rate: limits.requestsPerSecond) }
        return wait
    }
}
