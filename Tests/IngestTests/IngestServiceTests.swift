import Events
import Foundation
import Ingest
import Logging
import Storage
import TestSupport
import Testing

@Suite("Ingest")
struct IngestServiceTests {
    /// Runs a test with a service on a directory of its own.
    private func withService(
        clock: any WallClock = SystemClock(), options: StoreOptions = StoreOptions(),
        _ body: (IngestService) async throws -> Void
    ) async throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("weir-ingest-\(UInt64.random(in: .min ... .max))").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let service = try await IngestService.open(
            settings: ServiceSettings(dataDirectory: path, threads: 2), options: options, clock: clock, logger: logger)
        try await body(service)
        await service.close()
    }

    private func ingest(
        _ text: String, into service: IngestService, backfill: Bool = true, address: String = "192.0.2.1"
    ) async throws -> IngestAnswer {
        let body = Array(text.utf8)
        return try await service.ingest(
            padded: body + [UInt8](repeating: 0, count: IngestService.padding), count: body.count,
            context: IngestContext(
                site: nil, userAgent: Array("agent".utf8), clientAddress: address, backfill: backfill,
                transport: .http))
    }

    /// The sums of the equation that must hold at every moment.
    private func balance(_ service: IngestService) -> (received: Double, settled: Double) {
        var received = 0.0
        var settled = 0.0
        for family in service.metricFamilies() {
            let sum = family.samples.reduce(0) { $0 + $1.value }
            switch family.name {
            case "weir_events_received_total": received = sum
            case "weir_events_accepted_total", "weir_events_duplicate_total", "weir_events_rejected_total",
                "weir_events_dropped_total":
                settled += sum
            default: break
            }
        }
        return (received, settled)
    }

    @Test("A bad event costs its neighbours nothing, and goes to the dead letters with its reason")
    func isolation() async throws {
        try await withService { service in
            let answer = try await ingest(
                """
                {"event":"a","visitor":"v"}
                {"event":
                {"visitor":"v"}
                {"event":"b","visitor":"v"}
                """, into: service)
            #expect(answer.accepted == 2)
            #expect(answer.rejected == 2)
            #expect(answer.errors.map(\.index) == [1, 2])
            #expect(answer.errors.map(\.code) == ["invalid_json", "missing_event"])
            let letters = try service.store.deadLetters(site: "default", limit: 10, after: nil)
            #expect(letters.map(\.code) == ["invalid_json", "missing_event"])
            #expect(letters.map { String(decoding: $0.event, as: UTF8.self) } == [#"{"event":"#, #"{"visitor":"v"}"#])
            #expect(service.store.snapshot(site: "default").segments.reduce(0) { $0 + $1.header.rows } == 2)
            #expect(balance(service) == (4, 4))
        }
    }

    @Test("Of events with one id the first counts, within a body and across bodies, also when they come at once")
    func duplicates() async throws {
        try await withService { service in
            let first = try await ingest(
                #"[{"event":"a","id":"1"},{"event":"b","id":"1"},{"event":"c","id":"2"}]"#, into: service)
            #expect(first.accepted == 2)
            #expect(first.duplicate == 1)
            #expect(first.rejected == 0)
            let answers = try await withThrowingTaskGroup(of: IngestAnswer.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await ingest(#"[{"event":"a","id":"2"},{"event":"b","id":"3"}]"#, into: service)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.reduce(0) { $0 + $1.accepted } == 1)
            #expect(answers.reduce(0) { $0 + $1.duplicate } == 39)
            #expect(balance(service) == (43, 43))
        }
    }

    @Test("A visitor is derived from address and agent, the same within a day, another the next")
    func anonymous() async throws {
        let clock = ManualClock(1_767_225_600_000)
        try await withService(clock: clock) { service in
            func visitors() throws -> Set<String> {
                var names: Set<String> = []
                for segment in service.store.snapshot(site: "default").segments {
                    let table = try segment.visitorNames()
                    for code in 1..<table.count { names.insert(table.text(of: code) ?? "") }
                }
                return names
            }
            _ = try await ingest(#"{"event":"a"}"#, into: service)
            _ = try await ingest(#"{"event":"a"}"#, into: service)
            #expect(try visitors().count == 1)
            _ = try await ingest(#"{"event":"a"}"#, into: service, address: "192.0.2.2")
            #expect(try visitors().count == 2)
            clock.set(clock.milliseconds() + 86_400_000)
            _ = try await ingest(#"{"event":"a"}"#, into: service)
            #expect(try visitors().count == 3)
            #expect(try visitors().allSatisfy { !$0.contains("192") })
        }
    }

    @Test("Times too far from the clock are refused, and taken as a backfill")
    func times() async throws {
        try await withService(clock: ManualClock(1_767_225_600_000)) { service in
            let body = #"[{"event":"a","time":1767226300000},{"event":"b","time":1766600000000},{"event":"c"}]"#
            let live = try await ingest(body, into: service, backfill: false)
            #expect(live.errors.map(\.code) == ["time_in_future", "time_too_old"])
            #expect(live.accepted == 1)
            #expect(try await ingest(body, into: service).accepted == 3)
        }
    }

    @Test("A body that cannot be read is refused as a whole and counts no event")
    func unreadable() async throws {
        try await withService { service in
            for body in ["", "{", "[1,2", "3"] {
                await #expect("\(body)") { _ = try await ingest(body, into: service) } throws: {
                    if case IngestError.unreadable = $0 { true } else { false }
                }
            }
            #expect(balance(service) == (0, 0))
        }
    }

    @Test(
        "Above the limit of what is in flight, requests are pushed back, and taken again after sealing",
        .timeLimit(.minutes(1)))
    func pushesBack() async throws {
        var options = StoreOptions()
        options.inFlightBytes = 1
        try await withService(options: options) { service in
            var refusals = 0
            var accepted = 0
            // Sealing goes on in the background, so which of the requests meet the limit is a matter of chance.
            while refusals == 0 || accepted < 3 {
                do {
                    accepted += try await ingest(#"{"event":"a"}"#, into: service).accepted
                } catch IngestError.overloaded {
                    refusals += 1
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            try await service.flush()
            let rows = service.store.snapshot(site: "default").segments.reduce(0) { $0 + $1.header.rows }
            #expect(rows == accepted)
        }
    }

    @Test("A stopping service refuses new events and keeps those it took")
    func draining() async throws {
        try await withService { service in
            let answer = try await ingest(#"{"event":"a"}"#, into: service)
            #expect(answer.accepted == 1)
            await service.stopAccepting()
            var refusal: IngestError?
            do {
                _ = try await ingest(#"{"event":"a"}"#, into: service)
            } catch {
                refusal = error as? IngestError
            }
            #expect(refusal == .draining)
        }
    }

    @Test("Datagrams are taken without an answer, and what is no JSON is counted as dropped")
    func datagrams() async throws {
        try await withService { service in
            let body = Array("{\"event\":\"a\"}\n{\"event\":\n{\"visitor\":\"v\"}\n".utf8)
            service.offer(
                padded: body + [UInt8](repeating: 0, count: IngestService.padding), count: body.count, datagrams: 3,
                context: IngestContext(
                    site: nil, userAgent: [], clientAddress: "192.0.2.1", backfill: false, transport: .udp))
            service.countDropped(reason: .truncated, 2, transport: .udp)
            try Deadline.poll(seconds: 10, "the datagrams to be counted") {
                balance(service).received == 5 ? true : nil
            }
            #expect(balance(service) == (5, 5))
        }
    }
}
