import Events
import Foundation
import Ingest
import Logging
import Storage
import Testing

/// A service on a directory of its own, with a clock that the test sets, which can be stopped and started again.
final class IngestHarness {
    /// 2026-01-01T00:00:00Z.
    static let start: Int64 = 1_767_225_600_000

    let path: String
    let clock: ManualClock
    let options: StoreOptions
    var service: IngestService { running[0] }
    /// The one that runs; none while it is started again, since the old one must be gone by then.
    private var running: [IngestService]

    private init(path: String, clock: ManualClock, options: StoreOptions, service: IngestService) {
        self.path = path
        self.clock = clock
        self.options = options
        running = [service]
    }

    /// Runs a test, and checks at its end, and after one more start, that every event received is accounted for.
    static func with(
        options: StoreOptions = StoreOptions(), _ body: (IngestHarness) async throws -> Void
    ) async throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("weir-ingest-\(UInt64.random(in: .min ... .max))").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let clock = ManualClock(start)
        let harness = IngestHarness(
            path: path, clock: clock, options: options, service: try await open(path, options, clock))
        try await body(harness)
        harness.expectConservation()
        let kept = harness.stored()
        try await harness.restart()
        #expect(harness.stored() == kept, "a restart changes what is stored")
        await harness.service.close()
    }

    private static func open(
        _ path: String, _ options: StoreOptions, _ clock: ManualClock
    ) async throws -> IngestService {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return try await IngestService.open(
            settings: ServiceSettings(dataDirectory: path, threads: 2), options: options, clock: clock, logger: logger)
    }

    /// Stops the service and opens its directory again.
    func restart() async throws {
        expectConservation()
        await service.close()
        running = []
        // The last thread of a closed service may still be on its way out, and holds the directory until it is.
        for _ in 0..<500 where running.isEmpty {
            if let service = try? await Self.open(path, options, clock) {
                running = [service]
            } else {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        if running.isEmpty { running = [try await Self.open(path, options, clock)] }
    }

    /// Sends a body.
    @discardableResult
    func send(
        _ text: String, site: String? = nil, backfill: Bool = false, key: String? = nil, isRehearsal: Bool = false,
        transport: Transport = .http
    ) async throws -> IngestAnswer {
        let body = Array(text.utf8)
        var context = IngestContext(
            site: site, userAgent: Array("agent".utf8), clientAddress: "192.0.2.1", backfill: backfill,
            transport: transport)
        context.isRehearsal = isRehearsal
        context.key = key.map { key in
            RequestKey(text: key) { answer in
                Array("\(answer.accepted) \(answer.duplicate) \(answer.rejected) \(answer.errors)".utf8)
            }
        }
        return try await service.ingest(
            padded: body + [UInt8](repeating: 0, count: IngestService.padding), count: body.count, context: context)
    }

    /// Events of a site.
    func events(_ site: String = "default") -> Int {
        service.store.snapshot(site: site).segments.reduce(0) { $0 + $1.header.rows }
    }

    /// Events of every site.
    private func stored() -> [String: Int] {
        Dictionary(uniqueKeysWithValues: service.store.siteNames().map { ($0, events($0)) })
    }

    /// Sends what is in flight to sealed segments, and merges them.
    func sealAndMerge() async throws {
        try await service.flush()
        while try service.store.compact() {}
    }

    /// A figure of the metrics, of all labels or of those with one value.
    func metric(_ name: String, _ label: String? = nil) -> Int {
        let family = service.metricFamilies().first { $0.name == name }
        let samples = family?.samples.filter { sample in
            label == nil || sample.labels.contains { $0.1 == label }
        }
        return Int(samples?.reduce(0) { $0 + $1.value } ?? -1)
    }

    /// The equation that holds at every moment: each event received was accepted, repeated, rejected or dropped.
    func expectConservation(sourceLocation: SourceLocation = #_sourceLocation) {
        let settled =
            metric("weir_events_accepted_total") + metric("weir_events_duplicate_total")
            + metric("weir_events_rejected_total") + metric("weir_events_dropped_total")
        #expect(metric("weir_events_received_total") == settled, sourceLocation: sourceLocation)
    }

    /// The codes of a site's dead letters, newest first.
    func codes(_ site: String = "default") throws -> [String] {
        try service.store.deadLetterPage(site: site, limit: 1000).letters.map(\.code)
    }

    /// Admits dead letters anew.
    @discardableResult
    func replay(
        _ filter: DeadLetterFilter = DeadLetterFilter(), site: String = "default", limit: Int = 10_000,
        backfill: Bool = false, ignoresSchema: Bool = false
    ) async throws -> ReplayReport {
        try #require(
            try await service.replay(
                ReplayOrder(
                    site: site, filter: filter, limit: limit, backfill: backfill, ignoresSchema: ignoresSchema)))
    }
}
