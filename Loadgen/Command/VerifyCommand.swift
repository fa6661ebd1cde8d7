import ArgumentParser
import Foundation
import LoadgenCore

/// `loadgen verify`.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Proves that a server holds what a run has sent, from the run's record or from the seed alone.",
        discussion: """
            Every acknowledged event must be visible, once; nothing may be visible that was not sent; and counts, \
            sums, distinct visitors and funnels must be exactly those of the events that are visible. The exit code is \
            1 when anything differs, and what differs is told. Events have to be the only ones of their sites.

            Without a record, the first --events events of the seed, from --origin on, are taken as sent and \
            acknowledged: what `loadgen generate --numbered` has written.
            """)

    @Option(name: .long, help: ArgumentHelp("The server.", valueName: "http://host:port"))
    var url = TargetURL.local

    @Option(name: .long, help: ArgumentHelp("What `loadgen run --record` has written.", valueName: "file"))
    var record: String?

    @OptionGroup var stream: StreamArguments

    @Option(name: .long, help: ArgumentHelp("How many events were sent, without a record.", valueName: "count"))
    var events: Int?

    @Option(
        name: .long, help: ArgumentHelp("A further header field; may be given again.", valueName: "name: value"))
    var header: [String] = []

    @Flag(name: .long, help: "Report as JSON.")
    var json = false

    func validate() throws {
        guard record != nil || events != nil && stream.seed != nil && stream.origin != nil else {
            throw ValidationError("--record is needed, or --events, --seed and --origin.")
        }
    }

    func run() throws {
        let verification: Verification
        do {
            let client = try ServerClient(url, headers: headerFields(header))
            verification = try Verifier(try readRecord(), client: client).verify()
        } catch { throw fail(error) }
        if json { try printJSON(verification) } else { print(verification.text, terminator: "") }
        if !verification.isProven { throw ExitCode.failure }
    }

    private func readRecord() throws -> RunRecord {
        if let record { return try RunRecord.read(record) }
        let (generated, schedule) = try indexedStream(stream)
        return RunRecord(stream: generated, schedule: schedule, events: events ?? 0)
    }
}

/// The stream and the schedule that the arguments name.
func indexedStream(_ arguments: StreamArguments) throws -> (StreamOptions, RateSchedule?) {
    let scenario = try arguments.readScenario()
    let schedule = try arguments.readSchedule() ?? scenario?.schedule
    var stream =
        scenario?.stream
        ?? LoadRunner.stream(
            rate: schedule?.meanRate ?? 0, visitors: arguments.visitors ?? 100_000, seed: 1, site: nil)
    stream.seed = arguments.chosenSeed
    arguments.apply(to: &stream)
    return (stream, schedule)
}
