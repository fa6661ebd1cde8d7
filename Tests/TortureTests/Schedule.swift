import Events
import Foundation
import Logging
import Queries
import Storage
import TestSupport

/// One store with everything that can happen to it, one step after the other and inside of each other, as a seed says;
/// after each step every answer is compared with a model.
///
/// What runs in the background of a server runs here when the schedule says so, and at the fault points within it
/// further steps are made: events come in the middle of a seal, queries between the write of a compaction and its
/// becoming visible, an erasure while a compaction is under way.
final class Schedule: @unchecked Sendable {
    // `@unchecked`: one thread runs it; where a second one does something, the first waits for it.
    private let folder: TemporaryFolder
    private let options: StoreOptions
    private let faults: FaultPoints
    /// 2026-03-20: late events lie in February too.
    private let wall = ManualClock(1_773_964_800_000)
    private let monotonic = ManualMonotonicClock(1_000_000)
    private var held: Store?
    private var model = ScheduleModel()
    private var generator: SeededGenerator
    private var queries: [(snapshot: Store.Snapshot, rows: [String])] = []
    /// Erasures that wait for a compaction to be given up.
    private var waiting: [Waiting] = []
    private var depth = 0
    private(set) var problems: [String] = []
    private(set) var log: [String] = []
    /// How often each thing was done, so that a test can see that it was.
    private(set) var done: [String: Int] = [:]

    /// An erasure on a thread of its own.
    private struct Waiting {
        var site: String
        var visitor: String
        var group: DispatchGroup
        var result: Box
    }

    private final class Box: @unchecked Sendable {
        // `@unchecked`: written before the group is left, read after it was waited for.
        var outcome: Result<ErasureOutcome, any Error>?
    }

    /// - Parameter faults: orders, of a canary.
    init(seed: UInt64, faults orders: String? = nil, prepare: (inout StoreOptions) -> Void = { _ in }) throws {
        generator = SeededGenerator(seed: seed)
        folder = try TemporaryFolder("schedule")
        faults = try orders.map { try FaultPoints(parsing: $0) } ?? FaultPoints()
        var options = StoreOptions()
        options.mergeFanIn = 2
        options.faults = faults
        options.monotonic = monotonic
        options.diskReserve = 0
        options.retentionOfSite = Dictionary(
            uniqueKeysWithValues: ScheduleModel.sites.filter { $0.retention != nil }.map { ($0.name, $0.retention) })
        options.compactsEverything = generator.chance(0.5)
        prepare(&options)
        self.options = options
        for point in Self.innerPoints { faults.onHit(point) { [unowned self] _ in self.inside(point) } }
    }

    /// Where something else may happen in the middle.
    private static let innerPoints: [FaultPoint] = [
        .commitWrite, .commitWritten, .sealBegin, .sealEncoded, .sealCommit, .sealCommitted, .compactBegin,
        .compactPart, .compactCommit, .compactCommitted, .retireDelete, .retentionDelete, .eraseCommit,
        .eraseCommitted, .siteDelete,
    ]

    /// Runs steps until one shows something wrong.
    func run(steps: Int) throws {
        for step in 0..<steps {
            try self.step()
            try join()
            try compare("step \(step)")
            if !problems.isEmpty { return }
        }
        try release()
        held = nil
        problems += try StoreCheck.run(directory: folder.path).findings.map { "weir check: \($0)" }
    }

    private func store() throws -> Store {
        if let held { return held }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let store = try Store.open(directory: folder.path, options: options, clock: wall, logger: logger)
        held = store
        return store
    }

    private func note(_ what: String, _ detail: String = "") {
        done[what, default: 0] += 1
        log.append(String(repeating: "  ", count: depth) + what + (detail.isEmpty ? "" : " " + detail))
    }

    // MARK: Steps

    private func step() throws {
        switch generator.int(0...99) {
        case 0..<30: try ingest()
        case 30..<36: try resend()
        case 36..<52: try maintain()
        case 52..<60: try flush()
        case 60..<76: try compact()
        case 76..<83: try erase()
        case 83..<85: try deleteSite()
        case 85..<91: pass(hours: generator.pick([1, 3, 20, 60]))
        case 91..<94: try restart()
        case 94..<98: try hold()
        default: try release()
        }
    }

    /// What happens at a fault point: on this thread, with whatever the program holds there.
    private func inside(_ point: FaultPoint) {
        guard depth == 0, waiting.isEmpty, held != nil else { return }
        depth += 1
        defer { depth -= 1 }
        do {
            note("at \(point.rawValue):")
            switch point {
            case .commitWrite, .commitWritten, .eraseCommit, .eraseCommitted, .siteDelete:
                // The writer stands still: queries see what was before.
                try compare("at \(point.rawValue)")
            case .sealBegin, .sealEncoded, .sealCommit, .sealCommitted, .compactCommit, .compactCommitted,
                .retireDelete, .retentionDelete:
                // Nothing else in the background may run here.
                for _ in 0..<generator.int(0...2) {
                    if generator.chance(0.7) { try ingest() } else { try hold() }
                }
                try compare("at \(point.rawValue)")
            default:
                switch generator.int(0...5) {
                case 0...1: try ingest()
                case 2: try flush()
                case 3: try maintain()
                case 4: try eraseMeanwhile()
                default: try hold()
                }
                if waiting.isEmpty { try compare("at \(point.rawValue)") }
            }
        } catch {
            problems.append("at \(point.rawValue): \(error)")
        }
    }

    private func anySite() -> String { generator.pick(ScheduleModel.sites).name }

    private func ingest() throws {
        let site = anySite()
        let events = model.make(generator.int(1...25), site: site, now: wall.milliseconds(), &generator)
        note("ingest", "\(events.count) into \(site)")
        let outcome = try commit(events)
        if outcome.accepted != events.count { problems.append("\(events.count) new events, and \(outcome)") }
        model.take(events, site: site)
    }

    private func resend() throws {
        let site = anySite()
        let events = model.repeated(site: site, now: wall.milliseconds(), &generator)
        guard !events.isEmpty else { return }
        note("resend", "\(events.count) to \(site)")
        let outcome = try commit(events)
        if outcome.duplicates != events.count { problems.append("\(events.count) known events, and \(outcome)") }
    }

    private func commit(_ events: [ScheduleModel.Event]) throws -> CommitOutcome {
        let store = try store()
        let decoder = EventDecoder(hash: store.hash, propertyNames: store.propertyNames)
        let context = DecodeContext(now: wall.milliseconds(), backfill: true) { _, _ in "nobody" }
        let body = Array(events.map(\.line).joined(separator: "\n").utf8)
        let decoded = try decoder.decode(body, context: context)
        let item = CommitItem(runs: decoded.batches.map { PreparedRun($0) }, deadLetters: [])
        return try store.commit([item])[0].get()
    }

    private func maintain() throws {
        pass(milliseconds: Int64(generator.int(3_000...70_000)))
        note("maintain", try store().maintain() ? "and it did" : "")
    }

    private func flush() throws {
        note("flush")
        try store().flush()
    }

    private func compact() throws {
        note("compact", try store().compact() ? "and it did" : "")
    }

    private func erase() throws {
        let (site, visitor) = (anySite(), "v\(generator.int(1...8))")
        note("erase", "\(visitor) of \(site)")
        let outcome = try store().eraseVisitor(site: site, visitor: visitor)
        settle(outcome, visitor, site)
    }

    private func settle(_ outcome: ErasureOutcome, _ visitor: String, _ site: String) {
        let gone = model.erase(visitor, site: site)
        if outcome.events != gone { problems.append("\(gone) events of \(visitor) of \(site), and \(outcome)") }
    }

    /// Asks for an erasure while a compaction holds what it needs; it is carried out when that has been given up.
    private func eraseMeanwhile() throws {
        let (site, visitor) = (anySite(), "v\(generator.int(1...8))")
        note("erase meanwhile", "\(visitor) of \(site)")
        let one = Waiting(site: site, visitor: visitor, group: DispatchGroup(), result: Box())
        let store = try store()
        one.group.enter()
        // A thread that is on its way out must not keep the store open.
        Thread.detachNewThread { [unowned store] in
            one.result.outcome = Result { try store.eraseVisitor(site: site, visitor: visitor) }
            one.group.leave()
        }
        waiting.append(one)
        // Long enough for it to have asked, mostly; either way is right.
        usleep(500)
    }

    private func join() throws {
        for one in waiting {
            one.group.wait()
            settle(try one.result.outcome?.get() ?? ErasureOutcome(), one.visitor, one.site)
        }
        waiting = []
    }

    private func deleteSite() throws {
        let site = anySite()
        note("delete", site)
        let events = model.events[site]?.count
        let deletion = try store().deleteSite(site)
        if let events, deletion?.events != events {
            problems.append("\(events) events of \(site), and \(String(describing: deletion))")
        }
        model.delete(site: site)
    }

    private func pass(hours: Int) {
        note("pass", "\(hours) h")
        pass(milliseconds: Int64(hours) * 3_600_000)
    }

    private func pass(milliseconds: Int64) {
        wall.set(wall.milliseconds() + milliseconds)
        monotonic.advance(milliseconds)
    }

    private func restart() throws {
        note("restart")
        try release()
        held = nil
    }

    // MARK: Queries

    /// Begins a query that reads on later.
    private func hold() throws {
        note("hold")
        let snapshot = try store().snapshot(site: anySite())
        queries.append((snapshot, try Self.rows(snapshot)))
    }

    /// Ends the queries that were begun: each must find what it found at first.
    private func release() throws {
        note("release", "\(queries.count)")
        for (snapshot, rows) in queries where try Self.rows(snapshot) != rows {
            problems.append("a query that was under way reads something else than before")
        }
        queries = []
    }

    private static func rows(_ snapshot: Store.Snapshot) throws -> [String] {
        var rows: [String] = []
        for segment in snapshot.segments {
            let visitors = try segment.visitorNames()
            for name in segment.header.names {
                for row in name.rows {
                    let (chunk, offset) = (row / CodeChunk.rows, row % CodeChunk.rows)
                    let time = segment.header.month + Int64(try segment.times(chunk: chunk)[offset])
                    let ordinal = Int(try segment.ordinals(chunk: chunk)[offset])
                    rows.append("\(time) \(name.name) \(visitors.text(of: ordinal + 1) ?? "?")")
                }
            }
        }
        return rows.sorted()
    }

    private func compare(_ place: String) throws {
        let engine = QueryEngine(store: try store(), threads: 1)
        func ask(_ kind: String, _ query: JSON, _ site: String) throws -> JSON {
            var query = query
            query["site"] = .string(site)
            return try JSON(parsing: try engine.answer(kind: kind, json: Array(query.description.utf8)))
        }
        for (site, retention) in ScheduleModel.sites {
            let answer = try ask(
                "top", ["range": "all", "by": "props.number", "metrics": ["events"], "limit": 100_000], site)
            var visible: [Int: Int64] = [:]
            for row in answer["rows"]?.array ?? [] {
                guard let number = row["key"]?.array?.first?.text.flatMap({ Int($0) }) else {
                    problems.append("\(place): a row without a number: \(row)")
                    continue
                }
                visible[number, default: 0] += row["events"]?.int ?? -1
            }
            problems += model.compare(visible, site: site, retention: retention, now: wall.milliseconds())
                .map { "\(place): \($0)" }
            guard problems.isEmpty else { return }
            let reference = try Reference(lines: (model.events[site] ?? []).map(\.line))
            // One after the other, so that a step costs little.
            let (kind, query) = Oracle.queries[log.count % Oracle.queries.count]
            problems += try reference.disagreement(kind, query, answer: ask(kind, query, site))
                .map { "\(place): \(site): \(kind): \($0)" }
        }
        done["compare", default: 0] += 1
    }
}
