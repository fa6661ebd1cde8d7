/// How far a run has come.
public struct RunProgress: Sendable {
    /// Seconds since the start.
    public var elapsedSeconds: Double
    /// Events sent so far.
    public var sent: Int
    /// Events answered so far.
    public var answered: Int
    /// Events that failed so far.
    public var failed: Int
    /// Requests sent again so far.
    public var retries: Int
    /// The median latency of the last second in milliseconds; nil where nothing was answered.
    public var p50: Double?
    /// The 99th percentile of the last second in milliseconds.
    public var p99: Double?

    /// The state of a run at one moment.
    public init(
        elapsedSeconds: Double, sent: Int, answered: Int, failed: Int = 0, retries: Int = 0, p50: Double? = nil,
        p99: Double? = nil
    ) {
        self.elapsedSeconds = elapsedSeconds
        self.sent = sent
        self.answered = answered
        self.failed = failed
        self.retries = retries
        self.p50 = p50
        self.p99 = p99
    }

    /// One line for a terminal.
    ///
    /// - Parameter previous: The state from which on the events a second are counted; nil for the start.
    public func line(since previous: RunProgress?) -> String {
        let count = max(answered, sent)
        let before = previous.map { max($0.answered, $0.sent) } ?? 0
        let seconds = max(elapsedSeconds - (previous?.elapsedSeconds ?? 0), 1e-9)
        return RunReport.decimal(elapsedSeconds, digits: 0) + " s  "
            + "\(RunReport.grouped(count)) events sent, \(RunReport.grouped(answered)) answered, "
            + "\(RunReport.grouped(Int(Double(count - before) / seconds)))/s"
            + (p99.map {
                ", p50 \(RunReport.decimal(p50 ?? 0, digits: 1)) ms, p99 \(RunReport.decimal($0, digits: 1)) ms"
            } ?? "")
            + (failed > 0 ? ", \(RunReport.grouped(failed)) failed" : "")
            + (retries > 0 ? ", \(RunReport.grouped(retries)) sent again" : "")
    }
}
