import LoadgenSystem
import Synchronization

/// A long run against a server of this machine: rounds of mixed load, each with faults of its own and verified at its
/// end, while memory, descriptors, disk and latencies are watched.
public struct Soak: Sendable {
    /// What is run.
    public struct Options: Sendable {
        /// The server.
        public var url: TargetURL
        /// Its process.
        public var processID: Int32
        /// Where it keeps its data.
        public var directory: String
        /// How long in all, in seconds.
        public var seconds: Double
        /// How long a round is, in seconds.
        public var round = 60.0
        /// Events a second.
        public var rate = 2000.0
        /// Queries a second.
        public var queries = 4.0
        /// The first round's seed; those after have the numbers after it.
        public var seed: UInt64
        /// What it may grow by.
        public var limits = SoakLimits()

        /// A soak of a server.
        public init(url: TargetURL, processID: Int32, directory: String, seconds: Double, seed: UInt64) {
            self.url = url
            self.processID = processID
            self.directory = directory
            self.seconds = seconds
            self.seed = seed
        }
    }

    /// What it came to.
    public struct Outcome: Sendable, Codable {
        /// The first round's seed.
        public var seed: UInt64
        /// Rounds that were run.
        public var rounds = 0
        /// Events that the server has acknowledged.
        public var events = 0
        /// Queries that were answered.
        public var queries = 0
        /// What was seen, about once a second.
        public var samples: [ProcessSample] = []
        /// What is wrong, in words.
        public var findings: [String] = []
    }

    /// The most samples that are kept; from then on every other one is dropped.
    private static let sampleLimit = 8192

    private let options: Options

    /// Prepares a soak.
    public init(_ options: Options) {
        self.options = options
    }

    /// Runs the rounds.
    ///
    /// - Parameter report: Called after each round with its number, its report and the findings so far.
    /// - Throws: ``RunError`` when the server cannot be reached, or its process is gone.
    public func run(report: (@Sendable (Int, RunReport, [String]) -> Void)? = nil) async throws -> Outcome {
        var outcome = Outcome(seed: options.seed)
        let probe = ProcessProbe(processID: options.processID, directory: options.directory)
        let start = loadgen_now()
        func elapsed() -> Double { Double(loadgen_now() - start) / 1e9 }
        repeat {
            let samples = Mutex<[ProcessSample]>([])
            let before = outcome.events
            let result = try await LoadRunner(try roundOptions(outcome.rounds, left: options.seconds - elapsed()))
                .runAndRecord { progress in
                    // A process that is gone shows in the round's own failure.
                    let sample = try? probe.sample(
                        seconds: Double(loadgen_now() - start) / 1e9, events: before + progress.answered,
                        p99: progress.p99)
                    if let sample { samples.withLock { $0.append(sample) } }
                }
            outcome.events += result.report.accepted
            outcome.queries += result.report.queries?.answered ?? 0
            outcome.samples += samples.withLock { $0 }
            outcome.samples.append(try probe.sample(seconds: elapsed(), events: outcome.events, p99: nil))
            if outcome.samples.count > Self.sampleLimit {
                outcome.samples = outcome.samples.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
            }
            try check(result, round: outcome.rounds, &outcome)
            outcome.rounds += 1
            report?(outcome.rounds, result.report, outcome.findings + options.limits.excesses(outcome.samples))
        } while elapsed() < options.seconds
        outcome.findings += options.limits.excesses(outcome.samples)
        return outcome
    }

    private func check(_ result: LoadRunner.Outcome, round: Int, _ outcome: inout Outcome) throws {
        let report = result.report
        let place = "round \(round + 1), seed \(report.seed ?? 0)"
        if let failure = report.failure { outcome.findings.append("\(place): \(failure)") }
        if report.failed + report.unanswered > 0 {
            outcome.findings.append(
                "\(place): \(report.failed) events failed and \(report.unanswered) were not answered: "
                    + (report.firstError ?? ""))
        }
        if let queries = report.queries, queries.failed > 0 {
            outcome.findings.append("\(place): \(queries.failed) queries failed: \(queries.firstError ?? "")")
        }
        guard let record = result.record else { return }
        let verification = try Verifier(record, client: try ServerClient(options.url)).verify()
        outcome.findings += verification.differences.map { "\(place): \($0)" }
    }

    /// The load of a round: each has a site of its own, and the kinds of faults and of sending take turns.
    private func roundOptions(_ round: Int, left: Double) throws -> RunOptions {
        let seed = options.seed &+ UInt64(round)
        var stream = LoadRunner.stream(
            rate: options.rate, visitors: 20_000, seed: seed, site: "soak-\(options.seed)-\(round)")
        stream.bots = 0.05
        stream.faults.duplicates = 0.02
        stream.faults.bad = round % 2 == 0 ? 0.01 : 0
        stream.faults.reorder = round % 3 == 0 ? 1024 : 0
        stream.faults.late = round % 3 == 1 ? 0.05 : 0
        stream.faults.lateBy = 3_600_000
        stream.faults.skewed = round % 3 == 2 ? 0.1 : 0
        stream.faults.skewedBy = 120_000
        let isPixel = round % 5 == 4
        var run = RunOptions(target: isPixel ? .pixel(options.url) : .http(options.url), source: .generated(stream))
        run.schedule = .spikes(
            base: options.rate * 0.8, peak: options.rate * 2.8, every: max(1, options.round / 4),
            length: max(0.1, options.round / 40))
        run.duration = DurationText(seconds: max(0.5, min(options.round, left)))
        run.batch = [1, 20, 100, 1, 500][round % 5]
        run.connections = [32, 8, 4, 64, 16][round % 5]
        run.slowClients = round % 4 == 3 ? 0.1 : 0
        run.queries = RunOptions.QueryLoad(url: options.url, rate: options.queries, site: stream.site)
        run.keepsRecord = true
        return run
    }
}
