import ArgumentParser
import Foundation
import LoadgenCore

/// `loadgen run`.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Sends events to a server and reports throughput, errors and latencies.",
        discussion: """
            With a rate or a schedule, requests are sent when they are due, whether or not the server keeps \
            up, and latency counts from that time, so that waiting behind a slow answer is part of it. Without \
            one, each connection sends its next request as soon as it has an answer.

            Answers 429 and 503 are counted, and the events sent again after the time that the server \
            asks for. The exit code is 1 when the server cannot be reached, goes away, or not one \
            request succeeds, and with --verify when the server does not hold what it should.
            """)

    @Option(name: .long, help: ArgumentHelp("The server.", valueName: "http://host:port"))
    var url = TargetURL.local

    @Option(name: .long, help: ArgumentHelp("Send datagrams to this address instead of HTTP.", valueName: "host:port"))
    var udp: HostPort?

    @Flag(name: .long, help: "Send single events as requests for the pixel.")
    var pixel = false

    @Option(name: .long, help: ArgumentHelp("Events a second; 0 is as fast as possible.", valueName: "number"))
    var rate = 0.0

    @OptionGroup var stream: StreamArguments

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How long to send: 30s, 5m, 1h. Without it: until the events, the file or the schedule end, or 10s.",
            valueName: "time"))
    var duration: DurationText?

    @Option(name: .long, help: ArgumentHelp("Do not measure what is due before this time.", valueName: "time"))
    var warmup: DurationText?

    @Option(name: .long, help: ArgumentHelp("End after this many events.", valueName: "count"))
    var events: Int?

    @Option(
        name: [.long, .short],
        help: ArgumentHelp("Connections, each with one request at a time (4).", valueName: "count"))
    var connections: Int?

    @Option(
        name: [.long, .short],
        help: ArgumentHelp("Events a request or datagram (100); 1 sends single JSON objects.", valueName: "count"))
    var batch: Int?

    @Option(name: .long, help: ArgumentHelp("Threads that send.", valueName: "count"))
    var threads = 1

    @Option(
        name: .long,
        help: ArgumentHelp("Ask a dashboard's queries beside the events, so many a second.", valueName: "number"))
    var queries: Double?

    @Option(
        name: .long,
        help: ArgumentHelp("Send the lines of this NDJSON file as they are; - is standard input.", valueName: "file"))
    var file: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Send a file's events at the distances of their times; - is standard input.", valueName: "file"))
    var replay: String?

    @Option(name: .long, help: "The form of what is replayed: ndjson, or combined for an access log.")
    var format = ReplayFormat.ndjson

    @Option(name: .long, help: ArgumentHelp("How many times as fast as it was to replay.", valueName: "number"))
    var speed = 1.0

    @Flag(name: .long, help: "Have events of any age taken (adds ?backfill=true).")
    var backfill = false

    @Option(
        name: .long, help: ArgumentHelp("A further header field; may be given again.", valueName: "name: value"))
    var header: [String] = []

    @Flag(name: .long, help: "Afterwards ask the server, and prove from the seed what it has to hold and to answer.")
    var verify = false

    @Option(
        name: .long,
        help: ArgumentHelp("Write what was sent and acknowledged, for loadgen verify.", valueName: "file"))
    var record: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Write a histogram a second in HdrHistogram's log format.", valueName: "file"))
    var hdrLog: String?

    @Flag(name: .long, help: "Report as JSON.")
    var json = false

    func validate() throws {
        for header in header where !header.contains(":") {
            throw ValidationError("A header field is written 'Name: value', not '\(header)'.")
        }
        if backfill, udp != nil { throw ValidationError("--backfill goes with HTTP, not with --udp.") }
        if file != nil, replay != nil { throw ValidationError("--file and --replay do not go together.") }
        if stream.scenario != nil, file != nil || replay != nil || pixel {
            throw ValidationError("--scenario says what is sent: it goes without --file, --replay and --pixel.")
        }
    }

    func run() async throws {
        let outcome: LoadRunner.Outcome
        do {
            let runner = try LoadRunner(try options())
            let printer = isatty(2) == 1 ? ProgressPrinter(duration: duration?.seconds) : nil
            outcome = try await runner.runAndRecord(progress: printer?.show)
            printer?.end()
        } catch { throw fail(error) }
        var report = outcome.report
        do {
            if let record { try outcome.record?.write(record) }
            if verify, let run = outcome.record { report.verification = try verification(run) }
        } catch { throw fail(error) }
        if json {
            try printJSON(report)
        } else {
            print(report.table, terminator: "")
            if let verification = report.verification { print(verification.text, terminator: "") }
        }
        if let failure = report.failure { printToStandardError("loadgen: \(failure)\n") }
        let isUseless = report.eventsSent > 0 && report.eventsSent == report.failed + report.unanswered
        if report.failure != nil || isUseless || report.eventsSent == 0 && !report.errors.isEmpty
            || report.verification?.isProven == false
        {
            throw ExitCode.failure
        }
    }

    private func verification(_ record: RunRecord) throws -> Verification {
        // What came as datagrams was not acknowledged; a moment later it is there.
        if udp != nil { Thread.sleep(forTimeInterval: 1) }
        return try Verifier(record, client: try ServerClient(url, headers: headerFields(header))).verify()
    }

    private func options() throws -> RunOptions {
        let schedule = try stream.readSchedule()
        var options: RunOptions
        if let scenario = try stream.readScenario() {
            options = try scenario.options(url: url, udp: udp, seed: stream.chosenSeed, site: stream.site)
            if case .generated(var generated) = options.source {
                stream.apply(to: &generated)
                options.source = .generated(generated)
            }
            if let schedule { options.schedule = schedule }
            if rate > 0 { options.schedule = RateSchedule(constant: rate) }
        } else {
            options = RunOptions(
                target: udp.map { .udp($0) } ?? (pixel ? .pixel(url) : .http(url)), source: source(schedule))
            options.schedule = schedule
        }
        options.rate = rate
        let length = options.schedule.flatMap {
            $0.segments.count == 1 && $0.meanRate == $0.segments[0].from ? nil : $0.seconds
        }
        options.duration =
            duration ?? (file == nil && replay == nil && events == nil ? DurationText(seconds: length ?? 10) : nil)
        options.events = events
        if let connections { options.connections = connections }
        if let batch { options.batch = batch }
        options.threads = threads
        options.warmup = warmup
        options.backfill = backfill
        options.site = file == nil && replay == nil ? nil : stream.site
        options.headers = headerFields(header)
        options.keepsRecord = verify || record != nil
        options.histogramLog = hdrLog
        if let queries {
            options.queries =
                queries > 0 ? RunOptions.QueryLoad(url: url, rate: queries, site: stream.site) : nil
        }
        return options
    }

    private func source(_ schedule: RateSchedule?) -> RunOptions.Source {
        if let file { return .file(file) }
        if let replay { return .replay(replay, format, speed: speed) }
        var generated = LoadRunner.stream(
            rate: schedule?.meanRate ?? rate, visitors: stream.visitors ?? 100_000, seed: stream.chosenSeed,
            site: stream.site)
        stream.apply(to: &generated)
        return .generated(generated)
    }
}
