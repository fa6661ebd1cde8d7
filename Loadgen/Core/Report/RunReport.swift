import Histogram

/// The result of a run.
public struct RunReport: Sendable, Codable {
    /// Whom the events were sent to.
    public var target: String
    /// The seed of the generated stream; nil for a file.
    public var seed: UInt64?
    /// Connections in use.
    public var connections: Int
    /// Events a request.
    public var batch: Int
    /// The wanted events a second in the mean, 0 for as fast as possible.
    public var rate: Double
    /// Requests due before so many seconds are neither among the latencies nor in ``eventsPerSecond``.
    public var warmupSeconds: Double
    /// From the start to the last answer, or to the last datagram sent.
    public var elapsedSeconds: Double
    /// Requests or datagrams.
    public var requests: Int
    /// Requests that were sent again.
    public var retries: Int
    /// Events sent: accepted, duplicate, rejected, failed and unanswered together.
    public var eventsSent: Int
    /// Events that the server took.
    public var accepted: Int
    /// Events that the server knew already.
    public var duplicate: Int
    /// Events that the server refused one by one.
    public var rejected: Int
    /// Events of requests that came back with an error, or were given up.
    public var failed: Int
    /// Events whose answer was not there when the run ended.
    public var unanswered: Int
    /// Events that were due by the end but could not be sent, since the server was slower than the rate.
    public var unsent: Int
    /// Bytes of bodies sent.
    public var bytesSent: Int
    /// Events answered a second; over UDP, where nothing is answered, events sent.
    public var eventsPerSecond: Double
    /// Millions of bytes sent a second.
    public var megabytesPerSecond: Double
    /// Errors by HTTP status, and `connection`, `unreadable` and `send`.
    public var errors: [String: Int]
    /// The first error that the server gave, shortened.
    public var firstError: String?
    /// Nil where nothing was answered.
    public var latencyMilliseconds: LatencySummary?
    /// All latencies in microseconds, in HdrHistogram's compressed form (V2, base64); nil where nothing was answered.
    public var histogram: String?
    /// What the queries beside the events came to.
    public var queries: QueryReport?
    /// Whether the server holds and answers what it has to, where that was asked for.
    public var verification: Verification?
    /// Why the run ended before its time, if it did.
    public var failure: String?

    private enum CodingKeys: String, CodingKey {
        case target, seed, connections, batch, rate, requests, retries, accepted, duplicate, rejected, failed,
            unanswered
        case unsent, errors, failure, histogram, queries, verification
        case warmupSeconds = "warmup_seconds"
        case elapsedSeconds = "elapsed_seconds"
        case eventsSent = "events_sent"
        case bytesSent = "bytes_sent"
        case eventsPerSecond = "events_per_second"
        case megabytesPerSecond = "megabytes_per_second"
        case firstError = "first_error"
        case latencyMilliseconds = "latency_ms"
    }

    init(
        options: RunOptions, traffic: Traffic, tally: Tally, latencies: Latencies,
        queries: (RunOptions.QueryLoad, Tally, Latencies)?, elapsedSeconds: Double, failure: String?
    ) throws {
        let isAnswered: Bool
        switch options.target {
        case .http(let url):
            target = url.description
            isAnswered = true
        case .pixel(let url):
            target = "\(url)/v1/pixel.gif"
            isAnswered = true
        case .udp(let address):
            target = "udp://\(address)"
            isAnswered = false
        }
        seed = traffic.stream?.seed
        connections = isAnswered ? options.connections : options.threads
        batch = traffic.batch
        rate = options.pace?.meanRate ?? 0
        warmupSeconds = options.warmup?.seconds ?? 0
        self.elapsedSeconds = elapsedSeconds
        requests = tally.requests
        retries = tally.retries
        eventsSent = tally.events
        accepted = tally.accepted
        duplicate = tally.duplicate
        rejected = tally.rejected
        failed = tally.failed
        unanswered = tally.unanswered
        unsent = tally.unsent
        bytesSent = tally.bytes
        let seconds = max(elapsedSeconds, 1e-9)
        let measuredSeconds = max(elapsedSeconds - warmupSeconds, 1e-9)
        eventsPerSecond = isAnswered ? Double(tally.measured) / measuredSeconds : Double(tally.events) / seconds
        megabytesPerSecond = Double(tally.bytes) / 1e6 / seconds
        errors = tally.errors
        firstError = tally.firstError
        latencyMilliseconds = LatencySummary(latencies)
        histogram = latencies.totalCount > 0 ? try HistogramCode.encode(latencies) : nil
        if let (load, tally, latencies) = queries {
            self.queries = QueryReport(
                rate: load.rate, requests: tally.requests, answered: tally.answered, failed: tally.failed,
                errors: tally.errors, firstError: tally.firstError, latencyMilliseconds: LatencySummary(latencies),
                histogram: latencies.totalCount > 0 ? try HistogramCode.encode(latencies) : nil)
        }
        self.failure = failure
    }
}
