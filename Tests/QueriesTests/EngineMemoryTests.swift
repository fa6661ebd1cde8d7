import Events
import Foundation
import Ingest
import Logging
import Queries
import Storage
import TestSupport
import Testing

/// A store whose visitors all do much, with an engine over it.
private final class Busy {
    static let start: Int64 = 1_793_491_200_000
    /// However busy the machine is.
    private static let timeoutMs: Int64 = 3_600_000
    let folder: TemporaryFolder
    let service: IngestService
    private(set) var engine: QueryEngine

    init(memory: Int = EngineOptions.defaultMemoryBytes, caches: Int = 480 << 20) async throws {
        folder = try TemporaryFolder("busy")
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var options = StoreOptions()
        options.cacheBytes = caches
        service = try await IngestService.open(
            settings: ServiceSettings(dataDirectory: folder.path + "/data", threads: 2), options: options,
            logger: logger)
        engine = QueryEngine(
            store: service.store, threads: 2,
            options: EngineOptions(memoryBytes: memory, timeoutMs: Busy.timeoutMs))
    }

    func limit(memory: Int) {
        engine = QueryEngine(
            store: service.store, threads: 2,
            options: EngineOptions(memoryBytes: memory, timeoutMs: Busy.timeoutMs))
    }

    /// Loads `count` events of a day, of `visitors` who all look at pages of their own.
    func load(day: Int, count: Int, visitors: Int) async throws {
        let lines = (0..<count).map { number in
            let visitor = number % visitors
            let time = Self.start + Int64(day) * 86_400_000 + Int64(number) * 86_400_000 / Int64(count)
            return
                #"{"event":"\#(number % 3 == 0 ? "view_item" : "page_view")","visitor":"v\#(visitor + day * visitors / 2)""#
                + #","time":\#(time),"value":\#(number),"url":"https://x.test/p/\#(number % 5_000)"}"#
        }
        let body = Array(lines.joined(separator: "\n").utf8)
        let context = IngestContext(
            site: nil, userAgent: [], clientAddress: "127.0.0.1", backfill: true, transport: .http)
        let answer = try await service.ingest(
            padded: body + [UInt8](repeating: 0, count: IngestService.padding), count: body.count, context: context)
        try #require(answer.accepted == count)
    }

    func ask(_ kind: String, _ json: String) throws -> JSON {
        try JSON(parsing: try engine.answer(kind: kind, json: Array(json.utf8)))
    }
}

@Suite("What queries hold in memory")
struct EngineMemoryTests {
    private static let steps = #""steps":[{"event":"page_view"},{"event":"view_item"}],"window":"1h","cache":false"#
    private static let queries: [(kind: String, json: String)] = [
        ("funnel", "{\(steps)}"), ("funnel", #"{\#(steps),"order":"any_order","by":"path"}"#),
        ("funnel", #"{\#(steps),"same":["path"],"time_to_convert":{"percentiles":[50]}}"#),
        ("funnel", #"{\#(steps),"count":"sessions","exclude":[{"event":"a","policy":"drop"}]}"#),
        ("funnel/visitors", #"{\#(steps),"step":1,"outcome":"reached"}"#),
        ("paths", #"{"start":{"event":"page_view"},"by":"path","cache":false}"#), ("sessions", #"{"cache":false}"#),
        (
            "retention",
            #"{"start":{"event":"page_view"},"return":{"event":"view_item"},"interval":"day","intervals":3,"cache":false}"#
        ),
        ("top", #"{"by":"path","metrics":["visitors","sessions"],"cache":false}"#),
        ("top", #"{"by":["visitor","path"],"cache":false}"#),
        ("aggregate", #"{"metrics":["p95:value","bounce_rate","visitors"],"cache":false}"#),
        ("timeseries", #"{"interval":"hour","metrics":["visitors"],"cache":false}"#),
    ]

    @Test("Queries of every kind that hold more than they may are refused with the limit's name, and give all back")
    func refusals() async throws {
        let store = try await Busy()
        try await store.load(day: 0, count: 60_000, visitors: 20_000)
        try await store.service.flush()
        var expected: [String] = []
        for (kind, json) in Self.queries {
            var answer = try store.ask(kind, json)
            answer["meta"] = nil
            expected.append(answer.description)
            #expect(store.engine.statistics.memoryBytes == 0, "\(kind) \(json)")
        }
        #expect(store.engine.statistics.memoryPeakBytes > 100_000)
        store.limit(memory: 16 << 10)
        var refused = 0
        for (kind, json) in Self.queries {
            do throws(QueryError) {
                _ = try store.engine.answer(kind: kind, json: Array(json.utf8))
            } catch {
                refused += 1
                #expect(error.code == "memory_limit" && error.detail.contains("queryMemory"), "\(kind): \(error)")
            }
            #expect(store.engine.statistics.memoryBytes == 0, "\(kind) \(json)")
        }
        #expect(refused >= Self.queries.count - 1)
        #expect(store.engine.statistics.memoryRefusals >= refused)
        // A query that was refused leaves nothing behind that would change another's answer.
        store.limit(memory: EngineOptions.defaultMemoryBytes)
        for ((kind, json), expected) in zip(Self.queries, expected) {
            var answer = try store.ask(kind, json)
            answer["meta"] = nil
            #expect(answer.description == expected, "\(kind) \(json)")
        }
        await store.service.close()
    }

    @Test("All caches stay within their limit together, and no answer depends on what is kept")
    func caches() async throws {
        let store = try await Busy(caches: 256 << 10)
        let roomy = try await Busy()
        for day in 0..<3 {
            for store in [store, roomy] {
                try await store.load(day: day, count: 4_000, visitors: 1_500)
                if day < 2 { try await store.service.flush() }
            }
            for (kind, json) in Self.queries {
                for json in [json, json.replacingOccurrences(of: #","cache":false"#, with: "")] {
                    var (one, other) = (try store.ask(kind, json), try roomy.ask(kind, json))
                    one["meta"] = nil
                    other["meta"] = nil
                    #expect(one.description == other.description, "day \(day), \(kind) \(json)")
                    #expect(store.service.store.cacheBudget.bytes <= 256 << 10)
                }
            }
        }
        #expect(store.service.store.cacheBudget.evictedBytes > 256 << 10)
        #expect(roomy.engine.statistics.derivedBytes > 0)
        let held = roomy.service.store.cacheBudget.bytes
        roomy.limit(memory: 1 << 20)
        #expect(roomy.service.store.cacheBudget.bytes < held, "an engine that is gone keeps nothing")
        await store.service.close()
        await roomy.service.close()
    }
}
