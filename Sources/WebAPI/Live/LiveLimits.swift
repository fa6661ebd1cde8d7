/// What live queries may use.
public struct LiveLimits: Sendable {
    /// Watchers of all live queries together (limit liveWatchers): 429 `too_many_watchers`.
    public var watchers = 1_000
    /// Different live queries (limit liveQueries): 429 `too_many_live_queries`.
    public var queries = 100
    /// Messages that wait for one watcher (limit liveQueue): a watcher that does not read them is dropped.
    public var queue = 8
    /// Time after which a watcher hears that the stream is alive.
    public var heartbeat = Duration.seconds(15)
    /// How often it is looked at whether anything has changed.
    public var tick = Duration.milliseconds(100)
    /// The longest time in which an answer that changes with the clock alone is not computed again.
    public var clockSteps = Duration.seconds(10)
    /// An answer is computed again no sooner than after this many times the time it took.
    public var rest = 4

    /// The defaults.
    public init() {}
}
