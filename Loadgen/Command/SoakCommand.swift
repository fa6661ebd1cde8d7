import ArgumentParser
import Foundation
import LoadgenCore

/// `loadgen soak`.
struct SoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Keeps a server of this machine busy for long, and watches whether it grows or errs.",
        discussion: """
            Rounds of mixed load with faults, each on a site of its own and verified at its end, while memory, open \
            descriptors, disk and the 99th percentile are looked at once a second. The exit code is 1 when an answer \
            is wrong, a request fails, or one of them grows by more than it may: a line is laid through the samples \
            after the first quarter, and its slope counts.
            """)

    @Option(name: .long, help: ArgumentHelp("The server.", valueName: "http://host:port"))
    var url = TargetURL.local

    @Option(name: .long, help: ArgumentHelp("Its process.", valueName: "pid"))
    var pid: Int32

    @Option(name: .long, help: ArgumentHelp("Where it keeps its data.", valueName: "directory"))
    var data: String

    @Option(name: .long, help: ArgumentHelp("How long in all.", valueName: "time"))
    var duration: DurationText

    @Option(name: .long, help: ArgumentHelp("How long a round is (1m).", valueName: "time"))
    var round: DurationText?

    @Option(name: .long, help: ArgumentHelp("Events a second.", valueName: "number"))
    var rate = 2000.0

    @Option(name: .long, help: ArgumentHelp("Queries a second.", valueName: "number"))
    var queries = 4.0

    @Option(name: .long, help: ArgumentHelp("The first round's seed.", valueName: "number"))
    var seed: UInt64?

    @Flag(name: .long, help: "Report as JSON, with all samples.")
    var json = false

    func run() async throws {
        var options = Soak.Options(
            url: url, processID: pid, directory: data, seconds: duration.seconds,
            seed: seed ?? UInt64.random(in: 1...999_999_999))
        options.round = round?.seconds ?? options.round
        options.rate = rate
        options.queries = queries
        let outcome: Soak.Outcome
        do {
            outcome = try await Soak(options).run { round, report, findings in
                let p99 = report.latencyMilliseconds.map { String(format: "%.1f ms", $0.p99) } ?? "-"
                printToStandardError(
                    "round \(round): seed \(report.seed ?? 0), \(report.accepted) accepted, p99 \(p99), "
                        + "\(findings.count) findings\n")
            }
        } catch { throw fail(error) }
        if json {
            try printJSON(outcome)
        } else {
            print(
                "\(outcome.rounds) rounds from seed \(outcome.seed), \(outcome.events) events, \(outcome.queries) queries"
            )
            for (name, sample) in [("first", outcome.samples.first), ("last", outcome.samples.last)] {
                guard let sample else { continue }
                print(
                    "\(name): \(sample.residentBytes >> 20) MiB of memory, \(sample.descriptors) descriptors, "
                        + "\(sample.diskBytes >> 20) MiB on disk")
            }
            for finding in outcome.findings { print("found: \(finding)") }
            if outcome.findings.isEmpty { print("nothing found") }
        }
        if !outcome.findings.isEmpty { throw ExitCode.failure }
    }
}
