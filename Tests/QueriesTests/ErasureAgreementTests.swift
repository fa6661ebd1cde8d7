import Events
import Foundation
import Logging
import Queries
import Storage
import TestSupport
import Testing

/// The store and the query engine, with a clock that is moved on by hand: what is erased, rewritten and restarted when
/// is the test's to say.
private final class ErasingStore {
    private let folder: TemporaryFolder
    private let clock: ManualClock
    private var options = StoreOptions()
    private var held: Store?
    private var engine: QueryEngine?

    init(_ stream: RandomStream, prepare: (inout StoreOptions) -> Void) throws {
        folder = try TemporaryFolder("erasing")
        // Late enough for all buckets to be closed, so that segments are merged up to months.
        clock = ManualClock(stream.last + 40 * 86_400_000)
        options.mergeFanIn = 2
        prepare(&options)
    }

    func store() throws -> Store {
        if let held { return held }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let store = try Store.open(directory: folder.path, options: options, clock: clock, logger: logger)
        held = store
        return store
    }

    func restart() { (held, engine) = (nil, nil) }

    func load(_ lines: [String]) throws {
        let store = try store()
        let decoder = EventDecoder(hash: store.hash, propertyNames: store.propertyNames)
        let context = DecodeContext(now: clock.milliseconds(), backfill: true) { _, _ in "nobody" }
        let decoded = try decoder.decode(Array(lines.joined(separator: "\n").utf8), context: context)
        let item = CommitItem(runs: decoded.batches.map { PreparedRun($0) }, deadLetters: [])
        for outcome in try store.commit([item]) { _ = try outcome.get() }
    }

    /// Does all that is due.
    func work() throws {
        clock.set(clock.milliseconds() + 61_000)
        let store = try store()
        while true {
            let (maintained, compacted) = (try store.maintain(), try store.compact())
            if !maintained, !compacted { return }
        }
    }

    func ask(_ question: RandomQuery) throws -> JSON {
        // What it keeps is of segments before an erasure too.
        let engine = try self.engine ?? QueryEngine(store: store(), threads: 2)
        self.engine = engine
        return try JSON(parsing: try engine.answer(kind: question.kind, json: Array(question.json.description.utf8)))
    }
}

@Suite("Erasure against the reference")
struct ErasureAgreementTests {
    private let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)

    private struct Report {
        var compared = 0
        var erased = 0
        var masked = 0
        var wrong: [String] = []
    }

    /// Plays random streams with erasures in between and compares every answer with that over what is left.
    private func run(
        rounds: Int, untilWrong: Bool = false, prepare: (inout StoreOptions) -> Void = { _ in }
    ) throws -> Report {
        var report = Report()
        for round in 0..<rounds {
            var generator = SeededGenerator(seed: seed &* 7_919 &+ UInt64(round))
            let stream = RandomStream(seed: generator.next(), most: 150)
            let questions = (0..<12).map { _ in RandomQuery(seed: generator.next(), over: stream) }
            let target = try ErasingStore(stream, prepare: prepare)
            var kept: [String] = []
            var ids: Set<String> = []
            var position = 0
            var log: [String] = []
            for step in 0..<14 {
                switch generator.int(0...9) {
                case 0...3 where position < stream.lines.count:
                    let end = min(stream.lines.count, position + generator.int(1...60))
                    let part = Array(stream.lines[position..<end])
                    try target.load(part)
                    // An id counts once, whether its event is still there or was erased.
                    kept += try part.filter { line in
                        guard let id = try JSON(parsing: line)["id"]?.text else { return true }
                        return ids.insert(id).inserted
                    }
                    log.append("load \(position)..<\(end)")
                    position = end
                case 4...6:
                    let visitor = "v\(generator.int(1...12))"
                    let left = try kept.filter { try JSON(parsing: $0)["visitor"]?.text != visitor }
                    let outcome = try target.store().eraseVisitor(site: "default", visitor: visitor)
                    if outcome.events != kept.count - left.count {
                        report.wrong.append("round \(round), step \(step): \(outcome) of \(kept.count - left.count)")
                    }
                    report.erased += outcome.events
                    kept = left
                    log.append("erase \(visitor)")
                case 7:
                    try target.store().flush()
                    log.append("flush")
                case 8:
                    try target.work()
                    log.append("work")
                default:
                    target.restart()
                    log.append("restart")
                }
                report.masked += try target.store().statistics().maskedSegments
                let reference = try Reference(lines: kept)
                for question in questions {
                    let differences = try reference.disagreement(
                        question.kind, question.json, answer: target.ask(question))
                    report.compared += 1
                    guard !differences.isEmpty else { continue }
                    report.wrong.append(
                        """
                        seed \(seed), round \(round), step \(step), \(question.kind) \(question.json):
                          \(differences.prefix(5).joined(separator: "\n  "))
                          after \(log.joined(separator: ", "))
                        """)
                }
                if !report.wrong.isEmpty, untilWrong { return report }
            }
            if !report.wrong.isEmpty { return report }
        }
        return report
    }

    @Test("Every query answers as if erased visitors had never been, in flight, sealed, masked, restarted, rewritten")
    func agrees() throws {
        let rounds = ProcessInfo.processInfo.environment["WEIR_AGREEMENT_ROUNDS"].flatMap { Int($0) } ?? 40
        let report = try run(rounds: rounds)
        #expect(report.wrong.isEmpty, "\(report.wrong.prefix(3).joined(separator: "\n"))")
        #expect(report.compared > rounds * 100 && report.erased > rounds && report.masked > rounds / 4)
    }

    @Test("A store that forgets its masks is found out")
    func canary() throws {
        let report = try run(rounds: 40, untilWrong: true) { $0.forgetsMasks = true }
        #expect(!report.wrong.isEmpty, "seed \(seed)")
    }
}
