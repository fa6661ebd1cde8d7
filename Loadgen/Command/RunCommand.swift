import ArgumentParser
import Foundation
import LoadgenCore

/// `loadgen run`.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Sends events to a server and reports throughput, errors and latencies.",
        discussion: """
            With a rate, requests are sent when they are due, whether or not the server keeps up, and \
            latency counts from that time, so that waiting behind a slow answer is part of it. Without a \
            rate, each connection sends its next request as soon as it has an answer.

            Answers 429 and 503 are counted, and the events sent again after the time that the server \
            asks for. The exit code is 1 when the server cannot be reached, goes away, or not one \
            request succeeds.
            """)

    @Option(name: .long, help: ArgumentHelp("The server.", valueName: "http://host:port"))
    var url = TargetURL.local

    @Option(name: .long, help: ArgumentHelp("Send datagrams to this address instead of HTTP.", valueName: "host:port"))
    var udp: HostPort?

    @Option(name: .long, help: ArgumentHelp("Events a second; 0 is as fast as possible.", valueName: "number"))
    var rate = 0.0

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How long to send: 30s, 5m, 1h. Without it: until the events or the file end, or 10s.", valueName: "time"))
    var duration: DurationText?

    @Option(name: .long, help: ArgumentHelp("End after this many events.", valueName: "count"))
    var events: Int?

    @Option(
        name: [.long, .short], help: ArgumentHelp("Connections, each with one request at a time.", valueName: "count"))
    var connections = 4

    @Option(
        name: [.long, .short],
        help: ArgumentHelp("Events a request or datagram; 1 sends single JSON objects.", valueName: "count"))
    var batch = 100

    @Option(name: .long, help: ArgumentHelp("Threads that send.", valueName: "count"))
    var threads = 1

    @Option(
        name: .long,
        help: ArgumentHelp("Send the lines of this NDJSON file as they are; - is standard input.", valueName: "file"))
    var file: String?

    @Flag(name: .long, help: "Have events of any age taken (adds ?backfill=true).")
    var backfill = false

    @Option(
        name: .long,
        help: ArgumentHelp("The seed of the generated events; another one each time if left out.", valueName: "number"))
    var seed: UInt64?

    @Option(name: .long, help: ArgumentHelp("The population of the generated events.", valueName: "count"))
    var visitors = 100_000

    @Option(name: .long, help: "The site of the events; for a file, of those that name none.")
    var site: String?

    @Option(
        name: .long, help: ArgumentHelp("A further header field; may be given again.", valueName: "name: value"))
    var header: [String] = []

    @Flag(name: .long, help: "Report as JSON.")
    var json = false

    func validate() throws {
        for header in header where !header.contains(":") {
            throw ValidationError("A header field is written 'Name: value', not '\(header)'.")
        }
        if backfill, udp != nil { throw ValidationError("--backfill goes with HTTP, not with --udp.") }
    }

    func run() async throws {
        let report: RunReport
        do {
            let runner = try LoadRunner(try options())
            report = try await runner.run(progress: isatty(2) == 1 ? ProgressPrinter().show : nil)
        } catch let error as GeneratorError {
            throw ValidationError("\(error).")
        } catch RunError.invalidOption(let reason) {
            throw ValidationError("\(reason).")
        } catch {
            printToStandardError("loadgen: \(error)\n")
            throw ExitCode.failure
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            print(report.table, terminator: "")
        }
        if let failure = report.failure { printToStandardError("loadgen: \(failure)\n") }
        let isUseless = report.eventsSent > 0 && report.eventsSent == report.failed + report.unanswered
        if report.failure != nil || isUseless || report.eventsSent == 0 && !report.errors.isEmpty {
            throw ExitCode.failure
        }
    }

    private func options() throws -> RunOptions {
        let target: RunOptions.Target
        if let udp {
            target = .udp(udp)
        } else {
            target = .http(url)
        }
        let source: RunOptions.Source =
            if let file {
                .file(file)
            } else {
                .generated(
                    LoadRunner.stream(
                        rate: rate, events: events, visitors: visitors,
                        seed: seed ?? UInt64.random(in: 1...999_999_999),
                        site: site))
            }
        var options = RunOptions(target: target, source: source)
        options.rate = rate
        options.duration = duration ?? (file == nil && events == nil ? DurationText("10s") : nil)
        options.events = events
        options.connections = connections
        options.batch = batch
        options.threads = threads
        options.backfill = backfill
        options.site = file == nil ? nil : site
        options.headers = header.compactMap { header in
            guard let colon = header.firstIndex(of: ":") else { return nil }
            let value = header[header.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            return (name: String(header[..<colon]), value: value)
        }
        return options
    }
}
