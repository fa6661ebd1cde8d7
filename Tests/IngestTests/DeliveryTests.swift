import Events
import Ingest
import Storage
import TestSupport
import Testing

/// What must hold of events that are sent more than once, out of order, or late: section H of the fault catalogue.
@Suite("Delivery")
struct DeliveryTests {
    private static func batch(_ ids: Range<Int>, time: Int64 = IngestHarness.start) -> String {
        ids.map { #"{"event":"a","visitor":"v\#($0 % 7)","id":"\#($0)","time":\#(time + Int64($0))}"# }
            .joined(separator: "\n")
    }

    @Test("H1: a batch sent again and again, at once, before and after a restart, a seal and a merge, counts once")
    func repeatedBatch() async throws {
        try await IngestHarness.with { harness in
            let batch = Self.batch(0..<500)
            #expect(try await harness.send(batch).accepted == 500)
            let body = Array(batch.utf8)
            let duplicates = try await withThrowingTaskGroup(of: Int.self) { [service = harness.service] group in
                for _ in 0..<20 {
                    group.addTask {
                        try await service.ingest(
                            padded: body + [UInt8](repeating: 0, count: IngestService.padding), count: body.count,
                            context: IngestContext(
                                site: nil, userAgent: [], clientAddress: "", backfill: false, transport: .http)
                        ).duplicate
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(duplicates == 20 * 500)
            try await harness.restart()
            #expect(try await harness.send(batch).duplicate == 500)
            try await harness.sealAndMerge()
            #expect(try await harness.send(batch).duplicate == 500)
            try await harness.restart()
            #expect(try await harness.send(batch).duplicate == 500)
            #expect(harness.events() == 500)
        }
    }

    @Test("H2: one id with different contents counts once, and the first one stays")
    func sameId() async throws {
        try await IngestHarness.with { harness in
            try await harness.send(#"{"event":"first","id":"1"}"#)
            try await harness.send(#"{"event":"second","id":"1"}"#)
            #expect(try await harness.send(#"[{"event":"third","id":1},{"event":"other","id":2}]"#).accepted == 1)
            let names = harness.service.store.snapshot(site: "default").segments
                .flatMap { $0.header.names.map(\.name) }
            #expect(Set(names) == ["first", "other"])
        }
    }

    @Test("H3: an id counts up to its horizon, and again past it")
    func horizonInTime() async throws {
        var options = StoreOptions()
        options.deduplicationHorizon = 240_000
        try await IngestHarness.with(options: options) { harness in
            let event = #"{"event":"a","id":"1"}"#
            try await harness.send(event)
            harness.clock.set(IngestHarness.start + 240_000)
            #expect(try await harness.send(event).duplicate == 1)
            // Past it by more than the second by which epochs are rounded up.
            harness.clock.set(IngestHarness.start + 242_000)
            #expect(try await harness.send(event).accepted == 1)
            #expect(harness.metric("weir_ids_horizon_seconds") == 240)
        }
    }

    @Test("H3: ids are bounded in number; a flood of a site pushes out its own, and none of another site")
    func horizonInEntries() async throws {
        var options = StoreOptions()
        options.deduplicationEntries = 2_000
        try await IngestHarness.with(options: options) { harness in
            // Up to the limit nothing is forgotten.
            try await harness.send(Self.batch(0..<100), site: "quiet")
            for start in stride(from: 0, to: 1_900, by: 100) {
                harness.clock.set(IngestHarness.start + Int64(start) * 1000)
                try await harness.send(Self.batch(start..<(start + 100)), site: "flood")
            }
            #expect(harness.metric("weir_ids") == 2_000 && harness.metric("weir_ids_evicted_total") == 0)
            #expect(try await harness.send(Self.batch(0..<100), site: "flood").duplicate == 100)
            // Beyond it the flood goes on.
            for start in stride(from: 10_000, to: 20_000, by: 500) {
                harness.clock.set(IngestHarness.start + Int64(start) * 1000)
                try await harness.send(Self.batch(start..<(start + 500)), site: "flood")
                #expect(harness.metric("weir_ids") <= 2_000)
            }
            #expect(harness.metric("weir_ids_evicted_total") > 5_000)
            #expect(harness.metric("weir_ids_limit") == 2_000)
            #expect(try await harness.send(Self.batch(0..<100), site: "quiet").duplicate == 100)
            // The same after a restart, which reads all rows of ids again.
            try await harness.restart()
            #expect(harness.metric("weir_ids") <= 2_000)
            #expect(try await harness.send(Self.batch(0..<100), site: "quiet").duplicate == 100)
            #expect(try await harness.send(Self.batch(0..<100), site: "flood").accepted == 100)
        }
    }

    @Test("H5: events that come in any order give the same answer, and of equal times too")
    func anyOrder() async throws {
        let seed = SeededGenerator.testSeed
        var generator = SeededGenerator(seed: seed)
        let lines = (0..<300).map {
            #"{"event":"e\#($0 % 5)","visitor":"v\#($0 % 11)","time":\#(IngestHarness.start - Int64($0 / 3) * 60_000)}"#
        }
        var found: Set<[String]> = []
        for round in 0..<3 {
            try await IngestHarness.with { harness in
                let order = round == 0 ? lines : lines.shuffled(using: &generator)
                for part in 0..<3 {
                    try await harness.send(order[(part * 100)..<(part * 100 + 100)].joined(separator: "\n"))
                    if part == round { try await harness.sealAndMerge() }
                }
                var rows: [String] = []
                for segment in harness.service.store.snapshot(site: "default").segments {
                    let visitors = try segment.visitorNames()
                    for name in segment.header.names {
                        for row in name.rows {
                            let time = segment.header.month + Int64(try segment.times(chunk: 0)[row])
                            let ordinal = Int(try segment.ordinals(chunk: 0)[row])
                            rows.append("\(time) \(name.name) \(visitors.text(of: ordinal + 1) ?? "")")
                        }
                    }
                }
                found.insert(rows.sorted())
            }
        }
        #expect(found.count == 1, "seed \(seed)")
        #expect(found.first?.count == 300)
    }

    @Test("H7: an event of the future is refused, does not move the watermark, and blocks no sealing")
    func future() async throws {
        try await IngestHarness.with { harness in
            let now = IngestHarness.start + 5 * 3_600_000
            harness.clock.set(now)
            try await harness.send(
                """
                {"event":"now"}
                {"event":"a second","time":\(now + 1_000)}
                {"event":"the limit","time":\(now + 600_000)}
                """)
            let answer = try await harness.send(
                """
                {"event":"past the limit","time":\(now + 600_001)}
                {"event":"an hour","time":\(now + 3_600_000)}
                {"event":"ten years","time":\(now + 3650 * 86_400_000)}
                """)
            #expect(answer.errors.map(\.code) == Array(repeating: "time_in_future", count: 3))
            #expect(harness.events() == 3)
            let watermark = try #require(harness.service.store.snapshot(site: "default").watermark)
            #expect(watermark <= now)
            // A backfill may be of any time; the watermark still is not ahead of the clock, and sealing goes on.
            try await harness.send(#"{"event":"x","time":\#(now + 3650 * 86_400_000)}"#, backfill: true)
            #expect(try #require(harness.service.store.snapshot(site: "default").watermark) <= now)
            harness.clock.set(now + 3_600_000)
            while try harness.service.store.maintain() {}
            #expect(harness.service.store.snapshot(site: "default").segments.contains { $0.isSealed })
            #expect(harness.events() == 4)
        }
    }

    @Test("H8: a day's log sent again twice changes nothing")
    func replayedDay() async throws {
        try await IngestHarness.with { harness in
            let day = (0..<24).map { hour in
                Self.batch(
                    (hour * 50)..<(hour * 50 + 50), time: IngestHarness.start - 86_400_000 + Int64(hour) * 3_600_000)
            }
            for part in day { try await harness.send(part) }
            for round in 0..<2 {
                try await harness.restart()
                if round == 1 { try await harness.sealAndMerge() }
                for part in day { #expect(try await harness.send(part).duplicate == 50) }
                #expect(harness.events() == 1_200)
            }
        }
    }

    @Test("H9: a site that falls silent is sealed by what its events say, and one that goes on is not held up by it")
    func idle() async throws {
        try await IngestHarness.with { harness in
            let store = harness.service.store
            try await harness.send(#"{"event":"a"}"#, site: "silent")
            for minute in 0..<130 {
                harness.clock.set(IngestHarness.start + Int64(minute) * 60_000)
                try await harness.send(#"{"event":"a"}"#, site: "busy")
            }
            while try store.maintain() {}
            #expect(store.snapshot(site: "busy").segments.contains { $0.isSealed })
            // The watermark follows events, not the clock: the silent site's bucket stays open, in the log and in answers.
            #expect(store.snapshot(site: "silent").segments.allSatisfy { !$0.isSealed })
            #expect(store.snapshot(site: "silent").watermark == IngestHarness.start - 600_000)
            #expect(harness.events("silent") == 1)
            // Its next event, however much later, closes what came before.
            try await harness.send(#"{"event":"b"}"#, site: "silent")
            while try store.maintain() {}
            #expect(store.snapshot(site: "silent").segments.contains { $0.isSealed })
            #expect(harness.events("silent") == 2)
        }
    }

    @Test("Late events join their bucket up to the late limit, and beyond it only as a backfill")
    func late() async throws {
        try await IngestHarness.with { harness in
            let week: Int64 = 7 * 86_400_000
            try await harness.send(#"{"event":"a"}"#)
            try await harness.sealAndMerge()
            #expect(try await harness.send(#"{"event":"a","time":\#(IngestHarness.start - week)}"#).accepted == 1)
            let tooLate = #"{"event":"a","time":\#(IngestHarness.start - week - 1)}"#
            #expect(try await harness.send(tooLate).errors.map(\.code) == ["time_too_old"])
            #expect(try await harness.send(tooLate, backfill: true).accepted == 1)
            #expect(harness.events() == 3)
        }
    }
}
