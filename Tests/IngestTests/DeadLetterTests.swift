import Events
import Ingest
import Storage
import TestSupport
import Testing

@Suite("Dead letters")
struct DeadLetterTests {
    @Test("Each refused event is kept with its reason, transport, time and bytes, newest first, and counted by reason")
    func listing() async throws {
        try await IngestHarness.with { harness in
            try await harness.send(
                """
                {"event":"a"}
                not JSON
                {"visitor":"v"}
                {"event":"b","time":1}
                {"visitor":"w"}
                """)
            harness.clock.set(IngestHarness.start + 1000)
            try await harness.send(#"{"event":""}"#, transport: .pixel)
            // Not held over the restart.
            var store: Store { harness.service.store }
            let page = try store.deadLetterPage(site: "default", limit: 2)
            #expect(page.letters.map(\.code) == ["empty_value", "missing_event"])
            #expect(page.letters.map(\.transport) == ["pixel", "http"])
            #expect(page.letters.map(\.time) == [IngestHarness.start + 1000, IngestHarness.start])
            #expect(
                page.letters.map { String(decoding: $0.event, as: UTF8.self) } == [
                    #"{"event":""}"#, #"{"visitor":"w"}"#,
                ])
            #expect(page.totals.map(\.code) == ["missing_event", "empty_value", "invalid_json", "time_too_old"])
            #expect(page.totals.map(\.count) == [2, 1, 1, 1])
            let rest = try store.deadLetterPage(site: "default", limit: 10, before: page.next)
            #expect(rest.letters.map(\.code) == ["time_too_old", "missing_event", "invalid_json"])
            #expect(rest.next == nil)
            let one = try store.deadLetterPage(
                site: "default", matching: DeadLetterFilter(code: "missing_event"), limit: 10)
            #expect(
                one.letters.map { String(decoding: $0.event, as: UTF8.self) } == [
                    #"{"visitor":"w"}"#, #"{"visitor":"v"}"#,
                ])
            #expect(try store.deadLetterPage(site: "other", limit: 10).letters.isEmpty)
            #expect(harness.metric("weir_dead_letters", "default") == 5)
            #expect(harness.metric("weir_dead_letter_bytes", "default") == page.bytes && page.bytes > 0)
            // What is known without reading them is known after a restart too.
            try await harness.restart()
            let again = try harness.service.store.deadLetterPage(site: "default", limit: 2)
            #expect(again.letters == page.letters && again.bytes == page.bytes)
            #expect(again.totals.map(\.count) == page.totals.map(\.count))
        }
    }

    @Test("An event larger than any that could be taken is cut, says so, and is skipped by a replay")
    func truncated() async throws {
        try await IngestHarness.with { harness in
            let long = String(repeating: "x", count: 100_000)
            try await harness.send(#"[{"event":"a","title":"\#(long)"}]"#)
            let letter = try #require(try harness.service.store.deadLetterPage(site: "default", limit: 1).letters.first)
            #expect(letter.code == "event_too_large" && letter.isTruncated)
            #expect(letter.event.count == 65_536 && letter.receivedBytes > 100_000)
            let report = try await harness.replay()
            #expect(report.skipped == 1 && report.errors.map(\.code) == [IngestService.truncatedCode])
            #expect(try harness.codes() == ["event_too_large"])
        }
    }

    @Test("A replay takes what can be taken now, once, and leaves the rest with its new reason")
    func replay() async throws {
        try await IngestHarness.with { harness in
            // Too far ahead by one hour, too old, and never right.
            try await harness.send(
                """
                {"event":"soon","time":\(IngestHarness.start + 3_600_000)}
                {"event":"old","time":\(IngestHarness.start - 30 * 86_400_000)}
                {"event":"later","time":\(IngestHarness.start + 40 * 86_400_000)}
                nonsense
                """)
            #expect(harness.events() == 0)
            harness.clock.set(IngestHarness.start + 3_600_000)
            let report = try await harness.replay()
            #expect(report.accepted == 1 && report.rejected == 3 && report.remaining == 0)
            #expect(harness.events() == 1)
            #expect(try harness.codes() == ["invalid_json", "time_in_future", "time_too_old"])
            // Once more changes nothing.
            #expect(try await harness.replay().accepted == 0)
            #expect(harness.events() == 1)
            let old = try await harness.replay(DeadLetterFilter(code: "time_too_old"), backfill: true)
            #expect(old.accepted == 1 && old.rejected == 0)
            #expect(try harness.codes() == ["invalid_json", "time_in_future"])
            #expect(harness.metric("weir_events_received_total", "replay") == 4 + 3 + 1)
            #expect(harness.metric("weir_dead_letters_replayed_total", "accepted") == 2)
            try await harness.restart()
            #expect(harness.events() == 2)
            #expect(try harness.codes() == ["invalid_json", "time_in_future"])
        }
    }

    @Test("A replayed event is what it would have been: its time, its derived visitor, its id")
    func sameEvent() async throws {
        try await IngestHarness.with { harness in
            let store = harness.service.store
            _ = try store.declareSchema(EventSchema(isClosed: true), site: "default", force: true)
            try await harness.send(#"{"event":"a"}"#)
            try await harness.send(#"{"event":"b","id":"1","visitor":"me"}"#)
            harness.clock.set(IngestHarness.start + 3 * 86_400_000)
            _ = try store.declareSchema(EventSchema(), site: "default", force: false)
            // The id came in another way meanwhile.
            try await harness.send(#"{"event":"b","id":"1","visitor":"me"}"#)
            let report = try await harness.replay()
            #expect(report.accepted == 1 && report.duplicate == 1)
            let segments = store.snapshot(site: "default").segments
            #expect(segments.map(\.header.first).min() == IngestHarness.start)
            var visitors: Set<String> = []
            for segment in segments {
                let table = try segment.visitorNames()
                for code in 1..<table.count { visitors.insert(table.text(of: code) ?? "") }
            }
            #expect(visitors.contains { $0.hasPrefix("anon-") })
            // The same client, on the day of receipt, would have been the same visitor; today it is another.
            try await harness.send(#"{"event":"a"}"#)
            #expect(harness.events() == 3)
            #expect(try harness.codes() == [])
        }
    }

    @Test("Letters are chosen by reason, by number and by time, and no more than are asked for")
    func selection() async throws {
        try await IngestHarness.with { harness in
            let store = harness.service.store
            _ = try store.declareSchema(EventSchema(isClosed: true), site: "default", force: true)
            for minute in 0..<5 {
                harness.clock.set(IngestHarness.start + Int64(minute) * 60_000)
                try await harness.send(#"{"event":"e\#(minute)"}"#)
            }
            let all = store.deadLetterSequences(site: "default", matching: DeadLetterFilter())
            let order = DeadLetterFilter(sequences: [all[1]])
            #expect(try await harness.replay(order, ignoresSchema: true).accepted == 1)
            let window = DeadLetterFilter(from: IngestHarness.start + 120_000, to: IngestHarness.start + 180_000)
            #expect(try await harness.replay(window, ignoresSchema: true).accepted == 1)
            #expect(try await harness.replay(DeadLetterFilter(code: "missing_event")).accepted == 0)
            #expect(try await harness.replay().rejected == 3)
            let some = try await harness.replay(limit: 2, ignoresSchema: true)
            #expect(some.accepted == 2 && some.remaining == 1)
            #expect(store.deadLetterSequences(site: "default", matching: DeadLetterFilter()) == [all[4]])
        }
    }

    @Test("Replays of many letters at once count each of them once")
    func concurrentReplays() async throws {
        try await IngestHarness.with { harness in
            let store = harness.service.store
            _ = try store.declareSchema(EventSchema(isClosed: true), site: "default", force: true)
            let body = (0..<1_200).map { #"{"event":"e\#($0)","visitor":"v"}"# }.joined(separator: "\n")
            try await harness.send(body)
            _ = try store.declareSchema(EventSchema(), site: "default", force: false)
            let service = harness.service
            let order = ReplayOrder(site: "default", filter: DeadLetterFilter(), limit: 10_000)
            let accepted = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await service.replay(order)?.accepted ?? 0 } }
                return try await group.reduce(0, +)
            }
            #expect(accepted == 1_200)
            #expect(harness.events() == 1_200)
            #expect(try harness.codes() == [])
        }
    }

    @Test("Letters are bounded in number, bytes and age; the oldest go and are counted")
    func bounded() async throws {
        var options = StoreOptions()
        options.deadLettersPerSite = 10
        options.deadLetterBytesPerSite = 20_000
        options.deadLetterRetention = 3_600_000
        try await IngestHarness.with(options: options) { harness in
            for number in 0..<15 { try await harness.send(#"{"visitor":"v\#(number)"}"#) }
            #expect(harness.metric("weir_dead_letters", "default") == 10)
            #expect(harness.metric("weir_dead_letters_dropped_total", "size") == 5)
            var noise = SeededGenerator(seed: 7)
            for _ in 0..<4 {
                let text = String(
                    (0..<8_000).map { _ in "abcdefghijklmnopqrstuvwxyzABCDEF".randomElement(using: &noise) ?? "a" })
                try await harness.send(#"{"visitor":"v","title":"\#(text)"}"#)
            }
            #expect(harness.metric("weir_dead_letter_bytes", "default") <= 20_000)
            // Another site's letters are its own.
            try await harness.send("{}", site: "other")
            harness.clock.set(IngestHarness.start + 3_600_001)
            while try harness.service.store.maintain() {}
            #expect(harness.metric("weir_dead_letters_dropped_total", "age") > 0)
            #expect(try harness.codes().isEmpty)
            #expect(try harness.codes("other").isEmpty)
        }
    }

    @Test("An erasure takes letters that name the visitor or whose visitor was derived, and a site's deletion all")
    func removal() async throws {
        try await IngestHarness.with { harness in
            let store = harness.service.store
            try await harness.send(#"[{"visitor":"somebody"},{"visitor":"somebody else"},{"value":1}]"#)
            let derived = try #require(
                try store.deadLetterPage(site: "default", limit: 9).letters.first { !$0.visitor.isEmpty }?.visitor)
            #expect(try store.eraseVisitor(site: "default", visitor: derived).deadLetters == 1)
            #expect(try store.eraseVisitor(site: "default", visitor: "somebody else").deadLetters == 1)
            #expect(harness.metric("weir_dead_letters", "default") == 1)
            _ = try store.deleteSite("default")
            #expect(try harness.codes().isEmpty)
        }
    }
}
