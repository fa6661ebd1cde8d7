import ArgumentParser
import Storage

/// `storage-bench open`.
struct OpenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "Opens a store, telling how long it takes, and optionally seals what is in flight.")

    @Option(name: .long, help: ArgumentHelp("The store's directory.", valueName: "dir"))
    var data: String

    @Flag(name: .long, help: "Seal everything in flight afterwards.")
    var flush = false

    func run() throws {
        var options = StoreOptions()
        options.spillRows = .max
        options.inFlightBytes = 16 << 30
        let watch = Stopwatch()
        let store = try openStore(data, options, clock: SystemClock())
        let (wall, thread, process) = (watch.wall, watch.thread, watch.process)
        let figures = store.statistics()
        var maintenance: MaintenanceTally?
        if flush {
            var tally = MaintenanceTally()
            try tally.flush(store)
            try tally.maintain(store)
            maintenance = tally
        }
        try printJSON(
            OpenResult(
                wallSeconds: wall, threadSeconds: thread, processSeconds: process, rowsInFlight: figures.rowsInFlight,
                sealedRows: figures.sealedRows, sealedSegments: figures.sealedSegments, maintenance: maintenance))
    }
}
