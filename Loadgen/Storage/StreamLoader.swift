import Dispatch
import Enrichment
import Events
import Foundation
import LoadgenCore
import Storage
import Synchronization

/// Loads a stream into a store in this process, the way the server does: bodies are decoded and sorted on one thread,
/// committed in groups on another, which also does what maintenance is due in between.
///
/// The store's clocks follow the latest event time, so that a stream of days seals, in minutes, exactly what a server seals
/// while it comes in live.
struct StreamLoader {
    /// A decoded body on its way to its commit.
    struct Prepared: Sendable {
        var runs: [PreparedRun]
        var events: Int
        /// The latest event time so far, Unix milliseconds.
        var latest: Int64
    }

    /// What a load took.
    struct Tally: Codable, Sendable {
        /// Events stored.
        var events = 0
        var commits = 0
        var wallSeconds = 0.0
        /// Processor time of decoding and preparing, of committing, and of what RocksDB and others did beside them.
        var prepareSeconds = 0.0
        var commitSeconds = 0.0
        var backgroundSeconds = 0.0
        var maintenance = MaintenanceTally()
    }

    let store: Store
    let clock: ManualClock
    let monotonic: ManualMonotonicClock
    var source: StreamSource.Options
    /// Bodies a commit.
    var group = 8
    /// Whether maintenance runs between commits.
    var maintains = true
    /// What derives dimensions, as in the server; `nil` for none.
    var enrichment: Enrichment?

    /// Loads everything.
    ///
    /// - Parameter committed: called after each commit and its maintenance.
    func run(committed: () throws -> Void = {}) throws -> Tally {
        let watch = Stopwatch()
        let queue = BodyQueue<Prepared>(capacity: group * 4)
        let outcome = Mutex<(seconds: Double, failure: String?)>((0, nil))
        let worker = Thread { [source, store, enrichment] in
            let watch = Stopwatch()
            var failure: String?
            do {
                try Self.prepare(
                    source, hash: store.hash, propertyNames: store.propertyNames, enrichment: enrichment, into: queue)
            } catch {
                failure = "\(error)"
            }
            outcome.withLock { $0 = (watch.thread, failure) }
            queue.finish()
        }
        worker.stackSize = 8 << 20
        worker.start()

        var tally = Tally()
        let own = Stopwatch()
        var items: [CommitItem] = []
        var latest = clock.milliseconds()
        while true {
            let prepared = queue.take()
            if let prepared {
                items.append(CommitItem(runs: prepared.runs, deadLetters: []))
                tally.events += prepared.events
                latest = max(latest, prepared.latest)
            }
            guard items.count >= group || prepared == nil, !items.isEmpty else {
                if prepared == nil { break }
                continue
            }
            // The first commit is where the stream begins, not where time does.
            monotonic.advance(tally.commits > 0 ? latest - clock.milliseconds() : 0)
            clock.set(latest)
            let watch = Stopwatch()
            for outcome in try store.commit(items) { _ = try outcome.get() }
            tally.commitSeconds += watch.thread
            tally.commits += 1
            items.removeAll(keepingCapacity: true)
            if maintains { try tally.maintenance.maintain(store) }
            try committed()
        }
        let (seconds, failure) = outcome.withLock { $0 }
        if let failure { throw BenchError(failure) }
        tally.prepareSeconds = seconds
        tally.wallSeconds = watch.wall
        tally.backgroundSeconds = watch.process - seconds - own.thread
        return tally
    }

    private static func prepare(
        _ options: StreamSource.Options, hash: EventHash, propertyNames: PropertyNames, enrichment: Enrichment?,
        into queue: BodyQueue<Prepared>
    ) throws {
        let decoder = EventDecoder(hash: hash, propertyNames: propertyNames)
        var source = try StreamSource(options)
        var body: [UInt8] = []
        var latest: Int64 = 0
        while true {
            let count = source.next(now: latest, into: &body)
            if count == 0 { break }
            let context = DecodeContext(now: latest, backfill: true) { _, _ in "" }
            let decoded = try body.withUnsafeBytes {
                try decoder.decode(UnsafeRawBufferPointer(rebasing: $0[..<count]), context: context)
            }
            if let rejection = decoded.rejections.first {
                throw BenchError("an event was refused: \(rejection.detail)")
            }
            enrichment?.apply(to: decoded.batches, isImport: true)
            for batch in decoded.batches { latest = max(latest, batch.month + Int64(batch.times.max() ?? 0)) }
            queue.put(
                Prepared(runs: decoded.batches.map { PreparedRun($0) }, events: decoded.accepted, latest: latest))
        }
    }
}

/// Why a measurement could not be made.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    /// Creates one with a sentence for people.
    init(_ description: String) { self.description = description }
}
