import ArgumentParser
import Enrichment
import Events
import Foundation
import Logging
import Storage

/// `storage-bench load`.
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Loads the stream into a store in process and tells what each part of it cost.")

    @OptionGroup var stream: StreamArguments

    @Option(name: .long, help: ArgumentHelp("The store's directory; created if it is missing.", valueName: "dir"))
    var data: String

    @Option(name: .long, help: ArgumentHelp("Bodies a commit.", valueName: "count"))
    var group = 8

    @Flag(name: .long, help: "Leave everything in flight, and end as a crash does, without closing the store.")
    var inFlight = false

    @Flag(name: .long, help: "At the end, let a month pass, so that the stream's last month is closed as well.")
    var closeMonth = false

    @Flag(name: .long, help: "Count the sorted runs of a name after each commit.")
    var census = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Derive dimensions as the server does, with these patterns of user agents; none are derived without it.",
            valueName: "file"))
    var userAgents: String?

    func run() throws {
        let monotonic = ManualMonotonicClock()
        var options = StoreOptions()
        options.monotonic = monotonic
        if inFlight {
            options.spillRows = .max
            options.inFlightBytes = 16 << 30
        }
        let clock = ManualClock(0)
        let store = try openStore(data, options, clock: clock)
        var runs = census ? RunCensus() : nil
        var loader = StreamLoader(
            store: store, clock: clock, monotonic: monotonic, source: stream.source, group: group,
            maintains: !inFlight)
        if let userAgents {
            var options = EnrichmentOptions()
            options.userAgentPatterns = userAgents
            loader.enrichment = try Enrichment(hash: store.hash, options: options, logger: Logger(label: "bench"))
        }
        let load = try loader.run { runs?.take(store, site: "default") }
        var end = MaintenanceTally()
        if !inFlight {
            if closeMonth { try Self.passMonth(store, clock) }
            try end.maintain(store)
            try end.flush(store)
            // What is deleted goes from the disk after a while.
            monotonic.advance(3_600_000)
            try end.maintain(store)
        }
        let figures = store.statistics()
        try printJSON(
            LoadResult(
                load: load, end: end, sealedSegments: figures.sealedSegments, sealedRows: figures.sealedRows,
                rowsInFlight: figures.rowsInFlight, runsInFlight: figures.runsInFlight,
                bytesInFlight: figures.bytesInFlight, runs: runs))
        if inFlight {
            fflush(nil)
            _exit(0)
        }
    }

    /// Commits one event of the month after the stream's last, which takes the watermark along.
    private static func passMonth(_ store: Store, _ clock: ManualClock) throws {
        let later = clock.milliseconds() + 31 * 86_400_000
        clock.set(later)
        let decoder = EventDecoder(hash: store.hash, propertyNames: store.propertyNames)
        let context = DecodeContext(now: later, backfill: true) { _, _ in "" }
        let event = Array(#"{"event":"page_view","visitor":"last","time":\#(later)}"#.utf8)
        let decoded = try decoder.decode(event, context: context)
        for outcome in try store.commit([
            CommitItem(runs: decoded.batches.map { PreparedRun($0) }, deadLetters: [])
        ]) {
            _ = try outcome.get()
        }
    }
}
