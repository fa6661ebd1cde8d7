import ArgumentParser
import Events
import LoadgenCore
import Storage

/// `storage-bench ids`.
struct IdsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ids",
        abstract: "Tells what idempotency ids cost, and that they are gone after their horizon.")

    @OptionGroup var stream: StreamArguments

    @Option(name: .long, help: ArgumentHelp("The store's directory; must not exist.", valueName: "dir"))
    var data: String

    /// Commits after the horizon within which every row of ids must have been deleted.
    private static let maxCommits = 100

    func run() throws {
        let options = StoreOptions()
        var source = stream.source
        source.generator.includesIDs = true
        let clock = ManualClock(0)
        let (events, idsBefore, end) = try load(source, options, clock)
        let before = try Self.bytes(data)

        clock.set(end + options.deduplicationHorizon * 2)
        var after = before
        for _ in 0..<Self.maxCommits where after > 0 {
            try commitOne(options, clock)
            after = try Self.bytes(data)
        }
        let idsAfter = try openStore(data, options, clock: clock).statistics().ids
        try printJSON(
            IdsResult(
                events: events, bytesPerEvent: Double(before) / Double(max(1, events)), idsBefore: idsBefore,
                idsAfter: idsAfter, bytesAfter: after))
    }

    // Each of these opens the store and closes it again, so that its rows can be looked at in between.

    private func load(
        _ source: StreamSource.Options, _ options: StoreOptions, _ clock: ManualClock
    ) throws -> (events: Int, ids: Int, end: Int64) {
        let store = try openStore(data, options, clock: clock)
        let loader = StreamLoader(store: store, clock: clock, monotonic: ManualMonotonicClock(), source: source)
        let tally = try loader.run()
        try store.flush()
        return (tally.events, store.statistics().ids, clock.milliseconds())
    }

    /// Commits an event without an id, which clears away rows whose horizon has passed.
    private func commitOne(_ options: StoreOptions, _ clock: ManualClock) throws {
        let store = try openStore(data, options, clock: clock)
        let decoder = EventDecoder(hash: store.hash, propertyNames: store.propertyNames)
        let context = DecodeContext(now: clock.milliseconds(), backfill: true) { _, _ in "" }
        let decoded = try decoder.decode(Array(#"{"event":"page_view","visitor":"last"}"#.utf8), context: context)
        for outcome in try store.commit([
            CommitItem(runs: decoded.batches.map { PreparedRun($0) }, deadLetters: [])
        ]) {
            _ = try outcome.get()
        }
        while try store.maintain() {}
    }

    private static func bytes(_ directory: String) throws -> Int {
        try StoreStats.read(directory: directory).ids.stored
    }
}
