import Histogram

/// The result of a run.
public struct RunReport: Sendable, Codable {
    /// Latencies of answered requests in milliseconds, from the time at which each was due.
    public struct Latencies: Sendable, Codable {
        /// The least.
        public var min: Double
        /// The mean.
        public var mean: Double
        /// Half are not above this.
        public var p50: Double
        /// Nine in ten are not above this.
        public var p90: Double
        /// 99 in a hundred are not above this.
        public var p99: Double
        /// 999 in a thousand are not above this.
        public var p999: Double
        /// The greatest.
        public var max: Double

        private enum CodingKeys: String, CodingKey {
            case min, mean, p50, p90, p99
            case p999 = "p99.9"
            case max
        }
    }

    /// Whom the events were sent to.
    public var target: String
    /// The seed of the generated stream; nil for a file.
    public var seed: UInt64?
    /// Connections in use.
    public var connections: Int
    /// Events a request.
    public var batch: Int
    /// The wanted events a second, 0 for as fast as possible.
    public var rate: Double
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
    public var latencyMilliseconds: Latencies?
    /// Why the run ended before its time, if it did.
    public var failure: String?

    private enum CodingKeys: String, CodingKey {
        case target, seed, connections, batch, rate, requests, retries, accepted, duplicate, rejected, failed,
            unanswered
        case unsent, errors, failure
        case elapsedSeconds = "elapsed_seconds"
        case eventsSent = "events_sent"
        case bytesSent = "bytes_sent"
        case eventsPerSecond = "events_per_second"
        case megabytesPerSecond = "megabytes_per_second"
        case firstError = "first_error"
        case latencyMilliseconds = "latency_ms"
    }

    init(options: RunOptions, tally: Tally, latencies: SharedTally.Latencies, elapsedSeconds: Double, failure: String?)
    {
        let isHTTP: Bool
        switch options.target {
        case .http(let url):
            target = url.description
            isHTTP = true
        case .udp(let address):
            target = "udp://\(address)"
            isHTTP = false
        }
        if case .generated(let stream) = options.source { seed = stream.seed }
        connections = isHTTP ? options.connections : options.threads
        batch = options.batch
        rate = options.rate
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
        let answered = tally.accepted + tally.duplicate + tally.rejected
        let seconds = max(elapsedSeconds, 1e-9)
        eventsPerSecond = Double(isHTTP ? answered : tally.events) / seconds
        megabytesPerSecond = Double(tally.bytes) / 1e6 / seconds
        errors = [:]
        for (status, count) in tally.statuses where !(200..<300).contains(status) { errors["\(status)"] = count }
        if tally.brokenConnections > 0 { errors["connection"] = tally.brokenConnections }
        if tally.unreadableAnswers > 0 { errors["unreadable"] = tally.unreadableAnswers }
        if tally.sendErrors > 0 { errors["send"] = tally.sendErrors }
        firstError = tally.firstError
        if latencies.totalCount > 0 {
            func milliseconds(_ percentile: Double) -> Double {
                Double(latencies.valueAtPercentile(percentile)) / 1000
            }
            latencyMilliseconds = Latencies(
                min: Double(latencies.min) / 1000, mean: latencies.mean / 1000, p50: milliseconds(50),
                p90: milliseconds(90), p99: milliseconds(99), p999: milliseconds(99.9),
                max: Double(latencies.max) / 1000)
        }
        self.failure = failure
    }

    /// The report as a table for people, with a newline at its end.
    public var table: String {
        var rows: [(String, String)] = [("target", target)]
        if let seed { rows.append(("seed", "\(seed)")) }
        rows.append(("elapsed", Self.decimal(elapsedSeconds, digits: 2) + " s"))
        rows.append(
            ("requests", Self.grouped(requests) + (retries > 0 ? " (\(Self.grouped(retries)) sent again)" : "")))
        rows.append(("events sent", Self.grouped(eventsSent)))
        if !target.hasPrefix("udp:") {
            rows.append(("  accepted", Self.grouped(accepted)))
            rows.append(("  duplicate", Self.grouped(duplicate)))
            rows.append(("  rejected", Self.grouped(rejected)))
            if failed > 0 { rows.append(("  failed", Self.grouped(failed))) }
            if unanswered > 0 { rows.append(("  unanswered", Self.grouped(unanswered))) }
        }
        if unsent > 0 { rows.append(("events not sent in time", Self.grouped(unsent))) }
        for (kind, count) in errors.sorted(by: { $0.key < $1.key }) {
            rows.append((Int(kind) == nil ? "\(kind) errors" : "HTTP \(kind)", Self.grouped(count)))
        }
        if let firstError { rows.append(("first error", firstError)) }
        rows.append(("events/s", Self.grouped(Int(eventsPerSecond))))
        rows.append(("MB/s", Self.decimal(megabytesPerSecond, digits: 1)))
        if let latency = latencyMilliseconds {
            for (name, value) in [
                ("latency p50", latency.p50), ("latency p90", latency.p90), ("latency p99", latency.p99),
                ("latency p99.9", latency.p999), ("latency max", latency.max),
            ] {
                rows.append((name, Self.decimal(value, digits: 2) + " ms"))
            }
        }
        if let failure { rows.append(("ended early", failure)) }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, value in
            name + String(repeating: " ", count: width - name.count + 2) + value + "\n"
        }.joined()
    }

    /// A number with its digits in groups of three.
    static func grouped(_ number: Int) -> String {
        var digits = String(number)
        var index = digits.count - 3
        while index > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: index))
            index -= 3
        }
        return digits
    }

    /// A number, not negative, with so many decimals.
    static func decimal(_ number: Double, digits: Int) -> String {
        let scale = (0..<digits).reduce(1) { product, _ in product * 10 }
        let scaled = Int((number * Double(scale)).rounded())
        guard digits > 0 else { return String(scaled) }
        let fraction = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}

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

    /// The state of a run at one moment.
    public init(elapsedSeconds: Double, sent: Int, answered: Int, failed: Int = 0, retries: Int = 0) {
        self.elapsedSeconds = elapsedSeconds
        self.sent = sent
        self.answered = answered
        self.failed = failed
        self.retries = retries
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
            + (failed > 0 ? ", \(RunReport.grouped(failed)) failed" : "")
            + (retries > 0 ? ", \(RunReport.grouped(retries)) sent again" : "")
    }
}
