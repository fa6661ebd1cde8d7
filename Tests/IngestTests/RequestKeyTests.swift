import Events
import Ingest
import Storage
import Testing

@Suite("Keys of whole requests")
struct RequestKeyTests {
    private static let body = #"[{"event":"a"},{"event":"b"},{"visitor":"nameless"}]"#

    @Test("E10, H4: a request sent again under its key is answered with the same bytes and stored once, at any time")
    func repeated() async throws {
        try await IngestHarness.with { harness in
            let first = try await harness.send(Self.body, key: "k")
            #expect(first.accepted == 2 && !first.isRepeated)
            let rendered = try #require(first.rendered)
            func again() async throws {
                let answer = try await harness.send(Self.body, key: "k")
                #expect(answer.isRepeated && answer.rendered == rendered)
            }
            try await again()
            try await harness.restart()
            try await again()
            try await harness.sealAndMerge()
            try await again()
            #expect(harness.events() == 2)
            #expect(try harness.codes() == ["missing_event"])
            #expect(harness.metric("weir_events_duplicate_total") == 6)
            #expect(harness.metric("weir_keyed_requests_repeated_total") == 2)
            #expect(harness.metric("weir_keyed_answers") == 1)
        }
    }

    @Test("Many at once under one key store one, and all get its answer")
    func concurrent() async throws {
        try await IngestHarness.with { harness in
            let service = harness.service
            let body = Array(Self.body.utf8)
            let answers = try await withThrowingTaskGroup(of: IngestAnswer.self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        var context = IngestContext(
                            site: nil, userAgent: [], clientAddress: "", backfill: false, transport: .http)
                        context.key = RequestKey(text: "k") { Array("\($0.accepted) of \($0.rejected)".utf8) }
                        return try await service.ingest(
                            padded: body + [UInt8](repeating: 0, count: IngestService.padding), count: body.count,
                            context: context)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers.map(\.rendered)) == [Array("2 of 1".utf8)])
            #expect(answers.count { !$0.isRepeated } == 1)
            #expect(harness.events() == 2)
        }
    }

    @Test("Another body under a key is refused; another site's key is another key")
    func reused() async throws {
        try await IngestHarness.with { harness in
            try await harness.send(Self.body, key: "k")
            for (body, backfill) in [(#"{"event":"c"}"#, false), (Self.body, true)] {
                await #expect(throws: IngestError.keyReused) {
                    try await harness.send(body, backfill: backfill, key: "k")
                }
            }
            let other = try await harness.send(#"{"event":"c"}"#, site: "other", key: "k")
            #expect(!other.isRepeated && other.accepted == 1)
            #expect(harness.metric("weir_keyed_requests_refused_total") == 2)
            // A key that nobody knows does not matter to requests without one.
            #expect(try await harness.send(Self.body).accepted == 2)
            // Nor is anything remembered of a dry run or of a body that cannot be read.
            #expect(try await harness.send(Self.body, key: "dry", isRehearsal: true).rendered == nil)
            await #expect(throws: IngestError.self) { try await harness.send("[", key: "dry") }
            #expect(try await harness.send(#"{"event":"d"}"#, key: "dry").isRepeated == false)
            // A deleted site's keys go with it.
            _ = try harness.service.store.deleteSite("other")
            #expect(try await harness.send(#"{"event":"z"}"#, site: "other", key: "k").accepted == 1)
        }
    }

    @Test("Answers are bounded in time and number, and no site's push out another's")
    func bounded() async throws {
        var options = StoreOptions()
        options.answers = 10
        options.answerHorizon = 60_000
        try await IngestHarness.with(options: options) { harness in
            let event = #"{"event":"a"}"#
            try await harness.send(event, site: "quiet", key: "k")
            for number in 0..<30 { try await harness.send(event, site: "flood", key: "k\(number)") }
            #expect(harness.metric("weir_keyed_answers") == 10)
            #expect(harness.metric("weir_keyed_answers_evicted_total") == 21)
            #expect(try await harness.send(event, site: "quiet", key: "k").isRepeated)
            #expect(try await harness.send(event, site: "flood", key: "k29").isRepeated)
            #expect(try await harness.send(event, site: "flood", key: "k0").isRepeated == false)
            try await harness.restart()
            #expect(harness.metric("weir_keyed_answers") == 10)
            harness.clock.set(IngestHarness.start + 60_000)
            #expect(try await harness.send(event, site: "quiet", key: "k").isRepeated)
            harness.clock.set(IngestHarness.start + 60_001)
            #expect(try await harness.send(event, site: "quiet", key: "k").isRepeated == false)
            // They are swept once a 240th of the horizon.
            harness.clock.set(IngestHarness.start + 60_400)
            try await harness.send(event, site: "quiet", key: "another")
            #expect(harness.metric("weir_keyed_answers") == 2)
            try await harness.restart()
            #expect(harness.metric("weir_keyed_answers") == 2)
        }
    }

    @Test("A dry run answers what would become of the events, and leaves no trace")
    func rehearsal() async throws {
        try await IngestHarness.with { harness in
            let body = """
                {"event":"a","id":"1","props":{"new":1}}
                {"event":"a","id":"1"}
                {"event":"a","id":"2"}
                {"visitor":"v"}
                nonsense
                {"event":"a","time":"2099-01-01T00:00:00Z"}
                """
            try await harness.send(#"{"event":"a","id":"2"}"#)
            let received = harness.metric("weir_events_received_total")
            let rehearsed = try await harness.send(body, isRehearsal: true)
            #expect(rehearsed == (try await harness.send(body, isRehearsal: true)))
            #expect(harness.metric("weir_events_received_total") == received)
            #expect(harness.metric("weir_dry_run_events_total") == 12)
            #expect(harness.events() == 1)
            #expect(try harness.codes().isEmpty)
            #expect(harness.service.store.propertyNames.count(site: "default") == 0)
            // The sites that it names do not come into being.
            _ = try await harness.send(#"{"event":"a","site":"unheard-of"}"#, isRehearsal: true)
            #expect(harness.service.store.siteNames() == ["default"])
            let real = try await harness.send(body)
            #expect(real == rehearsed)
            #expect(real.accepted == 1 && real.duplicate == 2 && real.rejected == 3)
        }
    }
}
