import ArgumentParser
import LoadgenCore

/// `loadgen generate`.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Writes a shop's click stream as NDJSON, in the order of time.",
        discussion: """
            The same options give the same bytes, on every machine and at any time. Visitors come back, \
            look at pages and items with Zipf's popularity, fill carts, search, sign up and buy, by day \
            more than by night.
            """)

    @Option(name: .long, help: ArgumentHelp("How many events to write.", valueName: "count"))
    var events: Int

    @Option(name: .long, help: ArgumentHelp("The size of the population that visitors come from.", valueName: "count"))
    var visitors = 100_000

    @Option(name: .long, help: ArgumentHelp("Over how many days the events are spread.", valueName: "count"))
    var days = 7

    @Option(name: .long, help: ArgumentHelp("Another seed gives another stream.", valueName: "number"))
    var seed: UInt64 = 1

    @Option(name: .long, help: "The site that every event names.")
    var site: String?

    @Option(name: .long, help: ArgumentHelp("The first day, in UTC.", valueName: "yyyy-mm-dd"))
    var start = GeneratorOptions.defaultStart

    @Flag(name: .long, help: "Leave the events' ids out.")
    var noIds = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Write a scenario's stream, as loadgen run sends it, instead of the shop's weeks.", valueName: "file"))
    var scenario: String?

    @Flag(
        name: .long,
        help: "Write the stream that loadgen run sends, in which events carry their number, as loadgen verify needs it."
    )
    var numbered = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "When a scenario's or numbered stream begins, in Unix milliseconds; --start if left out.", valueName: "time"
        ))
    var origin: Int64?

    @Option(name: [.long, .short], help: ArgumentHelp("Where to write to; - is standard output.", valueName: "file"))
    var output = "-"

    func run() throws {
        do {
            let file = try SystemFile.writing(output)
            if scenario != nil || numbered {
                try writeIndexed(to: file)
            } else {
                try writeWeeks(to: file)
            }
        } catch { throw fail(error) }
    }

    private func writeWeeks(to file: SystemFile) throws {
        let options = GeneratorOptions(
            events: events, visitors: visitors, days: days, seed: seed, site: site, start: start, includesIDs: !noIds)
        var generator = try ClickstreamGenerator(options)
        var buffer: [UInt8] = []
        buffer.reserveCapacity(1 << 20)
        while generator.appendBatch(1000, into: &buffer) > 0 {
            guard buffer.count >= 512 * 1024 else { continue }
            try file.write(buffer)
            buffer.removeAll(keepingCapacity: true)
        }
        try file.write(buffer)
    }

    private func writeIndexed(to file: SystemFile) throws {
        let scenario = try scenario.map { try Scenario.read($0) }
        var options = scenario?.stream ?? LoadRunner.stream(rate: 0, visitors: visitors, seed: seed, site: site)
        options.seed = seed
        options.site = site ?? options.site
        options.origin = origin ?? start.milliseconds
        options.isNumbered = numbered
        var stream = try IndexedStream(options, schedule: scenario?.schedule)
        var buffer: [UInt8] = []
        buffer.reserveCapacity(1 << 20)
        for position in 0..<max(0, events) {
            stream.append(position, into: &buffer)
            guard buffer.count >= 512 * 1024 else { continue }
            try file.write(buffer)
            buffer.removeAll(keepingCapacity: true)
        }
        try file.write(buffer)
    }
}
