import Foundation
import Histogram
import LoadgenSystem
import NIOCore
import Synchronization

/// Runs a load against a server and reports how it went.
public struct LoadRunner: Sendable {
    /// How long the last answers are waited for when nothing more is to be sent, in nanoseconds.
    static let patience: Int64 = 30_000_000_000
    /// How long a visitor looks at a page in the mean, in seconds, which makes the visits under way at one time.
    private static let secondsPerEvent = 15.0

    let options: RunOptions

    /// Prepares a run.
    ///
    /// - Throws: ``RunError`` when an option is out of bounds.
    public init(_ options: RunOptions) throws(RunError) {
        try options.validate()
        self.options = options
    }

    /// Options of a stream for a run, with as many visits under way as the run's rate makes in real time.
    ///
    /// - Parameters:
    ///   - rate: Events a second, 0 for as fast as possible.
    ///   - visitors: The size of the population.
    ///   - seed: The stream's seed.
    ///   - site: The site that events name.
    public static func stream(rate: Double, visitors: Int, seed: UInt64, site: String?) -> StreamOptions {
        var options = StreamOptions(seed: seed)
        options.visitors = visitors
        options.site = site
        // Not so many that most of the population would be there at once.
        let most = Double(min(1 << 17, max(1, visitors / 8)))
        options.concurrency = Int(max(1, min((rate > 0 ? rate : 5000) * secondsPerEvent, most)))
        return options
    }

    /// The result of a run.
    public struct Outcome: Sendable {
        /// The figures.
        public var report: RunReport
        /// What was sent and acknowledged, where the options ask for that.
        public var record: RunRecord?
    }

    /// Sends the events and waits for the answers.
    ///
    /// - Parameter progress: Called about once a second from another task.
    /// - Returns: The report; when the run had to end early, with the reason in ``RunReport/failure``.
    /// - Throws: ``RunError`` or ``GeneratorError`` when nothing could be sent at all.
    public func run(progress: (@Sendable (RunProgress) -> Void)? = nil) async throws -> RunReport {
        try await runAndRecord(progress: progress).report
    }

    /// As ``run(progress:)``, with the record that a ``Verifier`` takes.
    public func runAndRecord(progress: (@Sendable (RunProgress) -> Void)? = nil) async throws -> Outcome {
        let traffic = try Traffic(options)
        let log: HistogramLog?
        do {
            log = try options.histogramLog.map { path throws(FileError) in
                try HistogramLog(path: path, startTime: Date.now.timeIntervalSince1970)
            }
        } catch { throw RunError.cannotRead(path: error.path, reason: error.reason) }
        let events = SharedTally()
        let queries = SharedTally()
        let senders = traffic.senders(options, events: events, queries: queries)
        let gate = StartGate(senders: senders.count)
        let watch = Task {
            try await Self.watch(gate, events: events, queries: queries, log: log, progress: progress)
        }
        var outcomes: [SenderOutcome] = []
        await withTaskGroup(of: SenderOutcome.self) { group in
            for sender in senders { group.addTask { await onThread { sender(gate) } } }
            for await outcome in group { outcomes.append(outcome) }
        }
        watch.cancel()
        _ = await watch.result
        let error = outcomes.lazy.compactMap(\.error).first
        guard let start = gate.start, outcomes.contains(where: { $0.end > 0 }) else {
            throw error ?? RunError.system(reason: "no thread could send")
        }
        let end = outcomes.map(\.end).max() ?? start
        var tally = events.tally
        tally.unsent = traffic.unsent(options, elapsed: end - start, begun: tally.requests + tally.sendErrors)
        let report = try RunReport(
            options: options, traffic: traffic, tally: tally, latencies: events.latencies,
            queries: options.queries.map { ($0, queries.tally, queries.latencies) },
            elapsedSeconds: Double(end - start) / 1e9, failure: error?.description)
        try log?.append(Self.intervals(events, queries), end: Double(end - start) / 1e9)
        guard options.keepsRecord, let stream = traffic.stream else { return Outcome(report: report) }
        var ledger = Ledger()
        for outcome in outcomes { ledger.add(outcome.ledger) }
        return Outcome(
            report: report,
            record: RunRecord(
                stream: stream, schedule: options.pace, batch: traffic.batch, events: options.events, ledger: ledger,
                unexpectedlyRejected: tally.unexpectedlyRejected))
    }

    private static func intervals(_ events: SharedTally, _ queries: SharedTally) -> [(String, Latencies)] {
        [("events", events.takeInterval()), ("queries", queries.takeInterval())].filter {
            $0.0 == "events" || $0.1.totalCount > 0
        }
    }

    /// Reports once a second until it is cancelled.
    private static func watch(
        _ gate: StartGate, events: SharedTally, queries: SharedTally, log: HistogramLog?,
        progress: (@Sendable (RunProgress) -> Void)?
    ) async throws {
        guard progress != nil || log != nil else { return }
        while true {
            try await Task.sleep(for: .seconds(1))
            guard let start = gate.start else { continue }
            let elapsed = Double(loadgen_now() - start) / 1e9
            let intervals = intervals(events, queries)
            try log?.append(intervals, end: elapsed)
            let tally = events.tally
            let latest = intervals[0].1
            progress?(
                RunProgress(
                    elapsedSeconds: elapsed, sent: tally.events, answered: tally.answered, failed: tally.failed,
                    retries: tally.retries,
                    p50: latest.totalCount > 0 ? Double(latest.valueAtPercentile(50)) / 1000 : nil,
                    p99: latest.totalCount > 0 ? Double(latest.valueAtPercentile(99)) / 1000 : nil))
        }
    }

    /// Any error of a run as one that can be shown.
    static func runError(_ error: any Error) -> RunError {
        switch error {
        case let error as RunError: error
        case let error as FileError: .cannotRead(path: error.path, reason: error.reason)
        default: .invalidOption("\(error)")
        }
    }
}
