import Enrichment
import Events
import Foundation
import Ingest
import Logging
import Queries
import Storage
import Synchronization
import TestSupport
import Testing

/// The store, ingest and the query engine in this process, as a target of the comparison with the reference.
final class StoreTarget: QueryTarget {
    private let directory: URL
    private let compacts: Bool
    private let takesEverything: Bool
    private let clock: any WallClock
    private var open: (service: IngestService, engine: QueryEngine)?

    /// - Parameters:
    ///   - compacts: whether all sealed segments are merged whenever some are sealed.
    ///   - takesEverything: whether an event that is rejected is an error of the test.
    ///   - clock: what queries take for now.
    init(compacts: Bool = false, takesEverything: Bool = false, clock: any WallClock = SystemClock()) {
        self.compacts = compacts
        self.takesEverything = takesEverything
        self.clock = clock
        directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("weir-agreement-\(UInt64.random(in: .min ... .max))")
    }

    deinit {
        // The service ends before its directory goes: RocksDB must not find its files missing under it.
        let closing = Closing(open?.service)
        open = nil
        Task { [directory] in
            await closing.finish()
            try? FileManager.default.removeItem(at: directory)
        }
    }

    /// A service on its way out; the test process must not end before all of them have.
    private final class Closing: Sendable {
        private static let pending = Atomic<Int>(0)
        private let service: Mutex<IngestService?>

        init(_ service: IngestService?) {
            Closing.pending.add(1, ordering: .relaxed)
            self.service = Mutex(service)
        }

        func finish() async {
            await service.withLock { $0 }?.close()
            service.withLock { $0 = nil }
            Closing.pending.subtract(1, ordering: .relaxed)
        }

        static func wait() async throws {
            while pending.load(ordering: .relaxed) > 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    /// Returns when every target that is gone has closed its store.
    static func waitUntilClosed() async throws { try await Closing.wait() }

    private func current() async throws -> (service: IngestService, engine: QueryEngine) {
        if let open { return open }
        var options = StoreOptions()
        // Small runs are merged at once, so that the comparison sees merged runs too.
        options.mergeFanIn = 2
        options.compactsEverything = compacts
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        // The last thread of a closed service may still be on its way out, and holds the directory until it is.
        var service = try? await start(options, logger)
        for _ in 0..<200 where service == nil {
            try await Task.sleep(for: .milliseconds(10))
            service = try? await start(options, logger)
        }
        let started = try #require(service)
        var engineOptions = EngineOptions()
        // Roll-ups are walked from their heads however few entries they have.
        engineOptions.leastHeadEntries = 0
        // Of runs in flight partial results are kept however few rows they have.
        engineOptions.leastRunRows = 0
        let both = (
            service: started,
            engine: QueryEngine(store: started.store, threads: 2, options: engineOptions, clock: clock)
        )
        open = both
        return both
    }

    private func start(_ options: StoreOptions, _ logger: Logger) async throws -> IngestService {
        var settings = ServiceSettings(dataDirectory: directory.path, threads: 2)
        settings.enrichment.userAgentPatterns = EnrichmentOptions.packagedPatterns
        return try await IngestService.open(settings: settings, options: options, logger: logger)
    }

    func load(_ ndjsonLines: [String]) async throws {
        guard !ndjsonLines.isEmpty else { return }
        let body = Array(ndjsonLines.joined(separator: "\n").utf8)
        let context = IngestContext(
            site: nil, userAgent: [], clientAddress: "127.0.0.1", backfill: true, transport: .http)
        let answer = try await current().service.ingest(
            padded: body + [UInt8](repeating: 0, count: IngestService.padding), count: body.count, context: context)
        if takesEverything, answer.rejected > 0 { throw HarnessError("rejected: \(answer.errors)") }
    }

    func flush() async throws {
        let service = try await current().service
        try await service.flush()
        if compacts { while try service.store.compact() {} }
    }

    func restart() async throws {
        await open?.service.close()
        open = nil
    }

    func query(_ kind: String, _ json: String) async throws -> String {
        String(decoding: try await current().engine.answer(kind: kind, json: Array(json.utf8)), as: UTF8.self)
    }

    /// How many partial results were found that had been kept.
    func partHits() async throws -> Int { try await current().engine.statistics.partHits }

    /// Asks afresh, with a way to stop the query.
    func answer(_ kind: String, _ json: String, cancellation: QueryCancellation) async throws -> String {
        let fresh = #"{"cache":false,"# + json.dropFirst()
        let request = try QueryRequest(kind: kind, json: Array(fresh.utf8))
        return String(
            decoding: try await current().engine.answer(request, cancellation: cancellation).bytes, as: UTF8.self)
    }
}

@Suite("The engine against the reference")
struct EngineAgreementTests {
    @Test(
        "Random queries over random streams have the reference's answers, in flight, sealed, split, restarted and shuffled"
    )
    func agrees() async throws {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        let rounds = ProcessInfo.processInfo.environment["WEIR_AGREEMENT_ROUNDS"].flatMap { Int($0) } ?? 90
        let report = try await ReferenceAgreement.run(seed: seed, rounds: rounds) { StoreTarget() }
        try await StoreTarget.waitUntilClosed()
        // A thousand pairs of a stream and a query, each compared in every way of arrival; the seed plays it again.
        print("seed \(seed): \(rounds * 12) pairs, \(report.compared) answers")
        #expect(report.disagreements.isEmpty, "\(report)")
        #expect(report.compared > rounds * 10)
    }

    @Test("The same when sealed segments are merged as soon as there are two")
    func agreesWhenCompacted() async throws {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        let rounds = ProcessInfo.processInfo.environment["WEIR_AGREEMENT_ROUNDS"].flatMap { Int($0) } ?? 30
        let report = try await ReferenceAgreement.run(seed: seed, rounds: rounds) { StoreTarget(compacts: true) }
        try await StoreTarget.waitUntilClosed()
        #expect(report.disagreements.isEmpty, "\(report)")
        #expect(report.compared > rounds * 10)
    }
}
