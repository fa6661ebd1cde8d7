import Foundation
import Ingest
import Logging
import Storage
import Testing

@Suite("Groups of requests")
struct GroupIntakeTests {
    private func withService(
        options: StoreOptions = StoreOptions(), _ body: (IngestService) async throws -> Void
    ) async throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("weir-group-\(UInt64.random(in: .min ... .max))").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let service = try await IngestService.open(
            settings: ServiceSettings(dataDirectory: path, threads: 2), options: options, logger: logger)
        try await body(service)
        await service.close()
    }

    private func context(
        site: String? = nil, agent: String = "agent", address: String = "192.0.2.1", transport: Transport = .http
    ) -> IngestContext {
        IngestContext(
            site: site, userAgent: Array(agent.utf8), clientAddress: address, backfill: false, transport: transport)
    }

    private func add(_ text: String, _ context: IngestContext, to intake: GroupIntake) throws(IngestError) -> Int {
        let body = Array(text.utf8)
        let padded = body + [UInt8](repeating: 0, count: IngestService.padding)
        return try padded.withUnsafeBufferPointer { (bytes) throws(IngestError) in
            try intake.add(
                UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<body.count]), context: context)
        }
    }

    private func commit(_ intake: GroupIntake) async -> [GroupIntake.Answer] {
        await withCheckedContinuation { continuation in
            intake.submit { continuation.resume(returning: $0) }
        }
    }

    private func counter(_ name: String, _ service: IngestService) -> Double {
        service.metricFamilies().first { $0.name == name }?.samples.reduce(0) { $0 + $1.value } ?? -1
    }

    @Test("Each request of a group is told what became of its own event")
    func answers() async throws {
        try await withService { service in
            let intake = GroupIntake(service)
            _ = try add(#"{"event":"a","visitor":"v","id":"old"}"#, context(), to: intake)
            _ = await commit(intake)

            #expect(try add(#"{"event":"a","visitor":"v","id":"1"}"#, context(), to: intake) == 0)
            #expect(try add(#"{"event":"a","visitor":"v","id":"1"}"#, context(address: "192.0.2.2"), to: intake) == 1)
            #expect(throws: IngestError.self) { try add("{no JSON", context(), to: intake) }
            #expect(try add(#"{"visitor":"v"}"#, context(site: "other"), to: intake) == 2)
            #expect(try add(#"{"event":"a","visitor":"v","id":"old"}"#, context(), to: intake) == 3)
            #expect(try add(#"{"event":"a","visitor":"v","id":"1"}"#, context(site: "other"), to: intake) == 4)
            #expect(intake.count == 5)
            let answers = await commit(intake)
            try #require(answers.count == 5)
            guard case .accepted = answers[0], case .duplicate = answers[1], case .rejected(let problem) = answers[2],
                case .duplicate = answers[3], case .accepted = answers[4]
            else {
                Issue.record("\(answers)")
                return
            }
            #expect(problem.code == "missing_event")
            #expect(problem.index == 0)
            #expect(intake.count == 0)
            #expect(counter("weir_events_accepted_total", service) == 3)
            #expect(counter("weir_events_duplicate_total", service) == 2)
            #expect(try service.store.deadLetterPage(site: "other", limit: 10).letters.count == 1)
        }
    }

    @Test("An event that names no visitor gets that of its own request's client, not of its neighbour's")
    func visitors() async throws {
        try await withService { service in
            let intake = GroupIntake(service)
            // The same two clients in turns, together and one by one: two visitors.
            for _ in 0..<3 {
                for address in ["192.0.2.1", "192.0.2.2"] {
                    _ = try add(#"{"event":"a"}"#, context(address: address), to: intake)
                }
            }
            _ = await commit(intake)
            for address in ["192.0.2.1", "192.0.2.2"] {
                _ = try add(#"{"event":"a"}"#, context(address: address), to: intake)
                _ = await commit(intake)
            }
            let segments = service.store.snapshot(site: "default").segments
            #expect(segments.reduce(0) { $0 + $1.header.rows } == 8)
            #expect(segments.map(\.header.visitors).max() == 2)
        }
    }

    @Test("A site too many costs only the request that names it")
    func sites() async throws {
        var options = StoreOptions()
        options.sites = 2
        try await withService(options: options) { service in
            let intake = GroupIntake(service)
            for site in ["a", "b", "c", "a"] {
                _ = try add(#"{"event":"e","visitor":"v"}"#, context(site: site), to: intake)
            }
            let answers = await commit(intake)
            try #require(answers.count == 4)
            guard case .accepted = answers[0], case .accepted = answers[1], case .accepted = answers[3],
                case .failed(.overloaded) = answers[2]
            else {
                Issue.record("\(answers)")
                return
            }
            #expect(counter("weir_events_received_total", service) == 4)
            #expect(counter("weir_events_accepted_total", service) == 3)
            #expect(counter("weir_events_dropped_total", service) == 1)
        }
    }

    @Test("A pixel counts as one, and a service that stops takes nothing more")
    func transports() async throws {
        try await withService { service in
            let intake = GroupIntake(service)
            _ = try add(#"{"event":"a","visitor":"v"}"#, context(), to: intake)
            _ = try add(#"{"event":"a","visitor":"v"}"#, context(transport: .pixel), to: intake)
            _ = await commit(intake)
            let received = service.metricFamilies().first { $0.name == "weir_events_received_total" }
            #expect(received?.samples.first { $0.labels.contains { $0.1 == "pixel" } }?.value == 1)
            #expect(received?.samples.first { $0.labels.contains { $0.1 == "http" } }?.value == 1)
            await service.stopAccepting()
            #expect(throws: IngestError.draining) { try add(#"{"event":"a"}"#, context(), to: intake) }
        }
    }
}
