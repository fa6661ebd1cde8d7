import Events
import Foundation
import Ingest
import Logging
import Queries
import Storage
import TestSupport
import Testing

@Suite("Answers kept for being asked again")
struct AnswerCacheTests {
    private static let base: Int64 = 1_793_491_200_000

    /// A store with an engine over it that can be asked what it keeps.
    private final class Kept {
        let folder: TemporaryFolder
        let service: IngestService
        let engine: QueryEngine
        let clock = ManualClock(AnswerCacheTests.base + 3_600_000)

        init(answerCacheBytes: Int = EngineOptions.defaultAnswerCacheBytes) async throws {
            folder = try TemporaryFolder("answers")
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            service = try await IngestService.open(
                settings: ServiceSettings(dataDirectory: folder.path + "/data", threads: 1), options: StoreOptions(),
                logger: logger)
            engine = QueryEngine(
                store: service.store, threads: 1, options: EngineOptions(answerCacheBytes: answerCacheBytes),
                clock: clock)
        }

        func load(_ lines: String...) async throws {
            let body = Array(lines.joined(separator: "\n").utf8)
            let context = IngestContext(
                site: nil, userAgent: [], clientAddress: "127.0.0.1", backfill: true, transport: .http)
            let answer = try await service.ingest(
                padded: body + [UInt8](repeating: 0, count: IngestService.padding), count: body.count,
                context: context)
            try #require(answer.accepted == lines.count)
        }

        /// Asks and tells whether the answer had been kept.
        func ask(_ kind: String, _ json: String) throws -> (answer: JSON, isKept: Bool) {
            let answer = try JSON(parsing: try engine.answer(kind: kind, json: Array(json.utf8)))
            return (answer, answer["meta"]?["cached"]?.bool == true)
        }

        func count(_ json: String = #"{"metrics":["events"]}"#) throws -> Int64? {
            try ask("aggregate", json).answer["metrics"]?["events"]?.int
        }
    }

    private static func event(_ minute: Int64, visitor: String = "v", site: String = "default") -> String {
        #"{"event":"a","site":"\#(site)","visitor":"\#(visitor)","time":\#(base + minute * 60_000)}"#
    }

    @Test("The same query in the same state is answered from what is kept, and `\"cache\": false` is not")
    func hits() async throws {
        let store = try await Kept()
        try await store.load(Self.event(0), Self.event(1))
        let query = #"{"by":"event","metrics":["events","visitors"]}"#
        let first = try store.ask("top", query)
        #expect(!first.isKept)
        let second = try store.ask("top", #"{ "by": "event", "metrics": ["events", "visitors"] }"#)
        #expect(second.isKept)
        #expect(second.answer["rows"]?.description == first.answer["rows"]?.description)
        #expect(second.answer["meta"]?["segments"]?.description == first.answer["meta"]?["segments"]?.description)
        #expect(try !store.ask("top", #"{"by":"event","metrics":["events","visitors"],"cache":false}"#).isKept)
        #expect(try !store.ask("top", #"{"by":"event","metrics":["events"]}"#).isKept)
        #expect(store.engine.statistics.hits == 1)
        await store.service.close()
    }

    @Test("Whatever changes a site is in the next answer")
    func neverStale() async throws {
        let store = try await Kept()
        #expect(try store.count() == 0)
        try await store.load(Self.event(0, visitor: "one"), Self.event(1, visitor: "two"))
        #expect(try store.count() == 2)
        #expect(try store.count() == 2)
        try await store.service.flush()
        let sealed = try store.ask("aggregate", #"{"metrics":["events"]}"#)
        #expect(!sealed.isKept)
        #expect(sealed.answer["meta"]?["segments"]?["sealed"]?.int == 1)
        _ = try store.service.store.eraseVisitor(site: "default", visitor: "one")
        #expect(try store.count() == 1)
        try await store.load(Self.event(2, visitor: "three"))
        #expect(try store.count() == 2)
        _ = try store.service.store.eraseVisitor(site: "default", visitor: "three")
        #expect(try store.count() == 1)
        while try store.service.store.compact() {}
        #expect(try store.count() == 1)
        _ = try store.service.store.deleteSite("default")
        #expect(try store.count() == 0)
        try await store.load(Self.event(3), Self.event(4), Self.event(5))
        #expect(try store.count() == 3)
        await store.service.close()
    }

    @Test("Events of another site leave what is kept alone")
    func sites() async throws {
        let store = try await Kept()
        try await store.load(Self.event(0), Self.event(0, site: "other"))
        #expect(try store.count() == 1)
        try await store.load(Self.event(1, site: "other"))
        #expect(try store.ask("aggregate", #"{"metrics":["events"]}"#).isKept)
        await store.service.close()
    }

    @Test("A range that ends with the clock's now is kept while no event comes to lie behind its ends")
    func clock() async throws {
        let store = try await Kept()
        try await store.load(Self.event(0), Self.event(10))
        let last = #"{"metrics":["events"],"range":{"last":"2h"}}"#
        #expect(try store.count(last) == 2)
        store.clock.set(Self.base + 100 * 60_000)
        let later = try store.ask("aggregate", last)
        #expect(later.isKept)
        #expect(later.answer["metrics"]?["events"]?.int == 2)
        store.clock.set(Self.base + 125 * 60_000)
        #expect(try store.count(last) == 1)
        store.clock.set(Self.base + 140 * 60_000)
        #expect(try store.count(last) == 0)
        await store.service.close()
    }

    @Test("With events before the range an answer is kept until the next one leaves it", arguments: [false, true])
    func leaving(isSealed: Bool) async throws {
        let store = try await Kept()
        // At 60 min the last 40 begin at 20: of these five, two are before.
        try await store.load(Self.event(0), Self.event(10), Self.event(30), Self.event(31), Self.event(50))
        if isSealed { try await store.service.flush() }
        for (kind, query) in [
            ("aggregate", #"{"metrics":["events","visitors"],"range":{"last":"40m"}}"#),
            ("top", #"{"by":"event","range":{"last":"40m"}}"#),
            ("funnel", #"{"steps":[{"event":"a"},{"event":"a"}],"range":{"last":"40m"}}"#),
        ] {
            store.clock.set(Self.base + 3_600_000)
            #expect(try !store.ask(kind, query).isKept)
            store.clock.set(Self.base + 70 * 60_000)
            // The event of minute 30 is the first of the range, and still in it.
            #expect(try store.ask(kind, query).isKept, "\(kind)")
            store.clock.set(Self.base + 70 * 60_000 + 1)
            let later = try store.ask(kind, query)
            #expect(!later.isKept, "\(kind)")
            if kind == "aggregate" { #expect(later.answer["metrics"]?["events"]?.int == 2) }
            #expect(try store.ask(kind, query).isKept, "\(kind)")
        }
        await store.service.close()
    }

    @Test("An event ahead of the range's end comes in when the clock has passed it")
    func ahead() async throws {
        let store = try await Kept()
        try await store.load(Self.event(70))
        #expect(try store.count(#"{"metrics":["events"],"range":"today"}"#) == 0)
        #expect(try store.count(#"{"metrics":["events"],"range":"today"}"#) == 0)
        store.clock.set(Self.base + 71 * 60_000)
        #expect(try store.count(#"{"metrics":["events"],"range":"today"}"#) == 1)
        await store.service.close()
    }

    @Test("A time series has as many intervals as the clock says")
    func intervals() async throws {
        let store = try await Kept()
        try await store.load(Self.event(0))
        let query = #"{"metrics":["events"],"range":"today","interval":"hour"}"#
        store.clock.set(Self.base + 61 * 60_000)
        #expect(try store.ask("timeseries", query).answer["rows"]?.array?.count == 2)
        store.clock.set(Self.base + 119 * 60_000)
        #expect(try store.ask("timeseries", query).isKept)
        store.clock.set(Self.base + 121 * 60_000)
        let later = try store.ask("timeseries", query)
        #expect(!later.isKept)
        #expect(later.answer["rows"]?.array?.count == 3)
        await store.service.close()
    }

    @Test("What is compared with the range before depends on both ends")
    func compare() async throws {
        let store = try await Kept()
        try await store.load(Self.event(0), Self.event(30))
        let query = #"{"metrics":["events"],"range":{"last":"50m"},"compare":"previous"}"#
        let first = try store.ask("aggregate", query).answer
        #expect(first["previous"]?["events"]?.int == 1)
        store.clock.set(Self.base + 101 * 60_000)
        #expect(try store.ask("aggregate", query).answer["previous"]?["events"]?.int == 1)
        store.clock.set(Self.base + 131 * 60_000)
        #expect(try store.ask("aggregate", query).answer["previous"]?["events"]?.int == 0)
        await store.service.close()
    }

    @Test("What is kept has a limit, and with none nothing is kept")
    func limit() async throws {
        let store = try await Kept(answerCacheBytes: 16_384)
        try await store.load(Self.event(0))
        for number in 0..<200 {
            _ = try store.ask("values", #"{"dim":"event","prefix":"\#(number)"}"#)
        }
        let statistics = store.engine.statistics
        #expect(statistics.keptBytes <= 16_384)
        #expect(statistics.keptAnswers > 10 && statistics.keptAnswers < 100)
        #expect(try store.ask("values", #"{"dim":"event","prefix":"199"}"#).isKept)
        #expect(try !store.ask("values", #"{"dim":"event","prefix":"0"}"#).isKept)
        await store.service.close()
        let none = try await Kept(answerCacheBytes: 0)
        #expect(try !none.ask("values", #"{"dim":"event"}"#).isKept)
        #expect(try !none.ask("values", #"{"dim":"event"}"#).isKept)
        await none.service.close()
    }

    @Test("What retention deletes is gone from the next answer")
    func retention() throws {
        let day: Int64 = 86_400_000
        let folder = try TemporaryFolder("answers")
        let wall = ManualClock(Self.base + 9 * day)
        let monotonic = ManualMonotonicClock(1_000_000)
        var options = StoreOptions()
        options.retention = 10 * day
        options.monotonic = monotonic
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let store = try Store.open(directory: folder.path, options: options, clock: wall, logger: logger)
        let engine = QueryEngine(store: store, threads: 1, clock: wall)
        func count() throws -> Int64? {
            let answer = try engine.answer(kind: "aggregate", json: Array(#"{"metrics":["events"]}"#.utf8))
            return try JSON(parsing: answer)["metrics"]?["events"]?.int
        }
        for number in 0..<8 {
            let decoder = EventDecoder(hash: store.hash, propertyNames: store.propertyNames)
            let context = DecodeContext(now: wall.milliseconds(), backfill: true) { _, _ in "nobody" }
            let line = Self.event(Int64(number) * day / 60_000)
            let decoded = try decoder.decode(Array(line.utf8), context: context)
            let item = CommitItem(runs: decoded.batches.map { PreparedRun($0) }, deadLetters: [])
            for outcome in try store.commit([item]) { _ = try outcome.get() }
            try store.flush()
        }
        #expect(try count() == 8)
        #expect(try count() == 8)
        #expect(engine.statistics.hits == 1)
        for _ in 0..<(5 * 24) {
            wall.set(wall.milliseconds() + 3_600_000)
            monotonic.advance(3_600_000)
            while try store.maintain() {}
            let rows = store.snapshot(site: "default").segments.reduce(0) { $0 + $1.header.rows }
            #expect(try count() == Int64(rows))
        }
        #expect(try count() ?? 8 < 8)
    }
}
