import ArgumentParser
import Foundation
import LoadgenCore
import Logging
import Storage

/// The storage benchmark's measurements; `Loadgen/storage-bench.sh` runs them one after the other.
@main
struct StorageBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storage-bench",
        abstract: "Measures the storage engine in process.",
        subcommands: [
            LoadCommand.self, OpenCommand.self, SizesCommand.self, IdsCommand.self, DecodeCommand.self,
            ReportCommand.self,
        ])
}

/// The stream, as options.
struct StreamArguments: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("How many events.", valueName: "count"))
    var events: Int

    @Option(name: .long, help: ArgumentHelp("The size of the population.", valueName: "count"))
    var visitors = 1_200_000

    @Option(name: .long, help: ArgumentHelp("Over how many days.", valueName: "count"))
    var days = 7

    @Option(name: .long, help: ArgumentHelp("Another seed gives another stream.", valueName: "number"))
    var seed: UInt64 = 1

    @Flag(name: .long, help: "Give the events ids.")
    var ids = false

    @Option(name: .long, help: ArgumentHelp("Events a body.", valueName: "count"))
    var body = 2000

    @Option(name: .long, help: ArgumentHelp("Hold one event in so many back by an hour to three days.", valueName: "n"))
    var lateEvery = 0

    /// What a loader reads.
    var source: StreamSource.Options {
        var options = StreamSource.Options(
            generator: GeneratorOptions(
                events: events, visitors: visitors, days: days, seed: seed, includesIDs: ids))
        options.linesPerBody = body
        options.lateEvery = lateEvery
        return options
    }
}

/// Prints a measurement's result as JSON.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// Opens a store that logs only what is critical.
func openStore(_ directory: String, _ options: StoreOptions = StoreOptions(), clock: any WallClock) throws -> Store {
    var logger = Logger(label: "storage-bench")
    logger.logLevel = .critical
    return try Store.open(directory: directory, options: options, clock: clock, logger: logger)
}
