import Events
import Foundation
import Ingest
import Storage
import TestSupport
import Testing

/// What bodies can hold that no sender should send: section F of the fault catalogue, as the service answers it.
@Suite("Payloads")
struct PayloadTests {
    @Test("F1: every truncation of a valid body is refused with a reason, or takes what is whole, and nothing traps")
    func truncations() async throws {
        try await IngestHarness.with { harness in
            let bodies = [
                #"{"event":"é\u00e9","props":{"a":[1,true,"x"],"b":{"c":-1.5e3}},"value":2}"#,
                "[{\"event\":\"a\"},\r\n {\"event\":\"b\"}]", "{\"event\":\"a\"}\r\n\r\n{\"event\":\"b\"}\n",
            ]
            for body in bodies {
                let bytes = Array(body.utf8)
                for count in 0..<bytes.count {
                    let part = Array(bytes[..<count]) + [UInt8](repeating: 0, count: IngestService.padding)
                    let context = IngestContext(
                        site: nil, userAgent: [], clientAddress: "", backfill: false, transport: .http)
                    do {
                        let answer = try await harness.service.ingest(padded: part, count: count, context: context)
                        #expect(answer.accepted + answer.rejected >= 1)
                    } catch IngestError.unreadable(let code, let detail) {
                        #expect(["empty_body", "invalid_json"].contains(code) && !detail.isEmpty)
                    }
                }
                let whole = try await harness.send(body)
                #expect(whole.rejected == 0 && whole.accepted >= 1)
            }
        }
    }

    @Test("F2: nesting of a hundred thousand levels is refused on a small stack")
    func nesting() async throws {
        let bodies = ["[", "{\"a\":", "{\"event\":\"a\",\"props\":[", "[[{\"event\":\"a\",\"x\":"].map {
            String(repeating: $0, count: 100_000)
        }
        let service = try await SmallStack.decoder()
        let codes = try SmallStack.run {
            bodies.map { body in
                do {
                    return try service.decode(Array(body.utf8), context: SmallStack.context).rejections.first?.code
                        .rawValue
                        ?? "taken"
                } catch {
                    return (error as? DecodeError)?.code.rawValue ?? "\(error)"
                }
            }
        }
        #expect(
            codes.allSatisfy { ["invalid_json", "event_too_large", "nesting_too_deep", "not_an_object"].contains($0) },
            "\(codes)")
    }

    @Test("F3: bytes that are no UTF-8 are refused by one rule, and equal bytes are one value")
    func encodings() async throws {
        try await IngestHarness.with { harness in
            let bad: [[UInt8]] = [
                [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0xFF], [0x80],
            ]
            for bytes in bad {
                let event =
                    Array(#"{"event":"a"}"#.utf8) + [10] + Array(#"{"event":""#.utf8) + bytes + Array(#""}"#.utf8)
                let padded = event + [UInt8](repeating: 0, count: IngestService.padding)
                let answer = try await harness.service.ingest(
                    padded: padded, count: event.count,
                    context: IngestContext(
                        site: nil, userAgent: [], clientAddress: "", backfill: false, transport: .http))
                #expect(answer.accepted == 1 && answer.errors.map(\.code) == ["invalid_utf8"], "\(bytes)")
            }
            let lone = try await harness.send(#"[{"event":"\ud800"},{"event":"a\u0000b"},{"event":"\ufffe"}]"#)
            #expect(lone.errors.map(\.code) == ["invalid_utf8"] && lone.accepted == 2)
            // Composed and decomposed are two values, escaped and plain are one.
            try await harness.send(
                "[{\"event\":\"é\"},{\"event\":\"\\u00e9\"},{\"event\":\"e\u{301}\"},{\"event\":\"\u{1F600}\"}]",
                site: "marks")
            let names = harness.service.store.snapshot(site: "marks").segments.flatMap(\.header.names)
            #expect(Set(names.map { Array($0.name.utf8) }).count == 3)
        }
    }

    @Test("F4: a number is exact or refused; sums stay finite")
    func numbers() async throws {
        try await IngestHarness.with { harness in
            for text in ["NaN", "Infinity", "0x10", "01", "1.", "+1", ".5"] {
                let answer = try await harness.send("{\"event\":\"a\"}\n{\"event\":\"b\",\"value\":\(text)}")
                #expect(answer.errors.map(\.code) == ["invalid_json"], "\(text)")
            }
            let large = try await harness.send("{\"event\":\"a\"}\n{\"event\":\"b\",\"value\":1e400}")
            #expect(large.errors.map(\.code) == ["invalid_number"])
            let fine = try await harness.send(
                """
                {"event":"b","value":-0}
                {"event":"b","value":1e-400}
                {"event":"b","value":9007199254740993,"props":{"n":9223372036854775807}}
                {"event":"b","value":1.7e308}
                {"event":"b","value":1.7e308}
                """, site: "numbers")
            #expect(fine.accepted == 5)
            try await harness.sealAndMerge()
            let segment = try #require(harness.service.store.snapshot(site: "numbers").segments.first)
            let column = try #require(segment.header.columns.firstIndex { $0.name == "props.n" })
            let table = try segment.table(column: column)
            #expect(table.text(of: 1) == "9223372036854775807")
        }
    }

    @Test("F5: of equal keys the last counts, however they are escaped; too many and too large ones are refused")
    func keys() async throws {
        try await IngestHarness.with { harness in
            let event = #"{"event":"first","event":"last","props":{"a":1,"\u0061":2,"__proto__":3},"props":{"b":4}}"#
            #expect(try await harness.send(event).accepted == 1)
            let header = try #require(harness.service.store.snapshot(site: "default").segments.first?.header)
            #expect(header.names.map(\.name) == ["last"])
            #expect(header.columns.map(\.name).filter { $0.hasPrefix("props.") } == ["props.b"])
            let many = (0..<10_000).map { #""k\#($0)":1"# }.joined(separator: ",")
            let long = String(repeating: "x", count: 1 << 20)
            let answer = try await harness.send(
                """
                [{"event":"a"},{"event":"b","props":{\(many)}},{"event":"c","props":{"\(long)":1}},
                 {"event":"d","props":{"":1}},{"event":"e","props":{"v":"\(long)"}}]
                """)
            #expect(answer.accepted == 1 && answer.rejected == 4)
        }
    }

    @Test("F6: a property whose type changes keeps every value as it was sent, in flight, sealed and merged")
    func types() async throws {
        try await IngestHarness.with { harness in
            for (step, value) in ["1", #""1""#, "true", #"{"deep":1}"#, "[1,\"1\"]", "1.5"].enumerated() {
                harness.clock.set(IngestHarness.start + Int64(step) * 3_600_000)
                #expect(try await harness.send(#"{"event":"a","props":{"p":\#(value)}}"#).accepted == 1)
                if step == 2 { try await harness.service.flush() }
            }
            try await harness.sealAndMerge()
            try await harness.restart()
            var values: [String] = []
            for segment in harness.service.store.snapshot(site: "default").segments {
                for (index, column) in segment.header.columns.enumerated() where column.name.hasPrefix("props.") {
                    let table = try segment.table(column: index)
                    for code in 1..<table.count where table.kind(of: code) != .list {
                        values.append("\(column.name) \(table.kind(of: code)) \(table.text(of: code) ?? "")")
                    }
                }
            }
            #expect(
                Set(values) == [
                    "props.p number 1", "props.p string 1", "props.p boolean true", "props.p number 1.5",
                    "props.p.deep number 1",
                ])
        }
    }

    @Test("F8: a bomb of different values costs its own site; another's answers stay right and memory is given back")
    func cardinality() async throws {
        var options = StoreOptions()
        options.inFlightBytes = 8 << 20
        try await IngestHarness.with(options: options) { harness in
            try await harness.send(#"{"event":"a","visitor":"v","props":{"p":"x"}}"#, site: "quiet")
            var generator = SeededGenerator(seed: 11)
            var sent = 0
            for _ in 0..<20 {
                let lines = (0..<1_000).map { _ in
                    let noise = String(UInt64.random(in: .min ... .max, using: &generator), radix: 36)
                    let text = String(repeating: "shared-prefix-", count: 70) + noise
                    return #"{"event":"a","visitor":"\#(noise)","props":{"p":"\#(text)"}}"#
                }
                do {
                    sent += try await harness.send(lines.joined(separator: "\n"), site: "bomb").accepted
                } catch IngestError.overloaded {
                    // Pushed back: what was not taken is not counted, and sealing makes room.
                    try await harness.service.flush()
                }
            }
            try await harness.service.flush()
            #expect(harness.events("bomb") == sent && sent >= 5_000)
            #expect(harness.events("quiet") == 1)
            #expect(harness.metric("weir_bytes_in_flight") == 0)
        }
    }

    @Test("F9: values whose hashes fall together are only slow for whoever knows the store's seed")
    func collisions() throws {
        // The seed is drawn by each store: what collides under one does not under another.
        let (one, other) = (EventHash(seed: 1), EventHash(seed: 2))
        var slots: [UInt64: [String]] = [:]
        for number in 0..<200_000 { slots[one("value-\(number)") & 0xFF, default: []].append("value-\(number)") }
        let crafted = try #require(slots[0])
        #expect(crafted.count > 500)
        let spread = Set(crafted.map { other($0) & 0xFF })
        #expect(spread.count > 200)
    }

    @Test("F10: times of every shape are taken by one rule or refused with the reason")
    func times() async throws {
        try await IngestHarness.with { harness in
            let now = IngestHarness.start
            let cases: [(time: String, code: String?)] = [
                ("null", nil), ("\(now)", nil), ("\(now).0", nil), (#""2026-01-01T00:00:00Z""#, nil),
                (#""2025-12-31T23:59:60Z""#, nil), (#""2026-01-01T01:00:00+01:00""#, nil),
                ("\(now / 1000)", "time_too_old"), ("\(now)000", "time_out_of_range"), ("\(now).5", "invalid_time"),
                (#""\#(now)""#, "invalid_time"), (#""0001-01-01T00:00:00Z""#, "time_out_of_range"),
                (#""+300000-01-01T00:00:00Z""#, "invalid_time"), ("-1", "time_out_of_range"), ("true", "invalid_time"),
                (#""2026-02-30T00:00:00Z""#, "invalid_time"), (#""9999-12-31T23:59:59.999Z""#, "time_in_future"),
                ("18446744073709551615", "time_out_of_range"), ("1e300", "time_out_of_range"),
                (#""yesterday""#, "invalid_time"),
            ]
            for (time, code) in cases {
                let answer = try await harness.send("{\"event\":\"a\"}\n{\"event\":\"b\",\"time\":\(time)}")
                #expect(answer.errors.first?.code == code, "\(time): \(answer)")
            }
        }
    }

    @Test("D3: the first and the last millisecond that can be, a leap second and changes of the clock are events")
    func edges() async throws {
        try await IngestHarness.with { harness in
            let answer = try await harness.send(
                """
                {"event":"a","time":0}
                {"event":"a","time":"9999-12-31T23:59:59.999Z"}
                {"event":"a","time":"2016-12-31T23:59:60Z"}
                {"event":"a","time":"2026-03-29T02:30:00+01:00"}
                {"event":"a","time":-1}
                {"event":"a","time":253402300800000}
                """, backfill: true)
            #expect(answer.accepted == 4)
            #expect(answer.errors.map(\.code) == ["time_out_of_range", "time_out_of_range"])
            try await harness.sealAndMerge()
            #expect(harness.events() == 4)
        }
    }

    @Test("F11: bodies of none, one, as many as may be and one more are answered exactly")
    func sizes() async throws {
        try await IngestHarness.with { harness in
            let none = try await harness.send("[]")
            #expect(none.accepted + none.duplicate + none.rejected == 0 && none.errors.isEmpty)
            let limit = DecodeLimits().maxEventsPerBody
            let line = #"{"event":"a"}"# + "\n"
            #expect(try await harness.send(String(repeating: line, count: limit)).accepted == limit)
            await #expect("one more") {
                try await harness.send(String(repeating: line, count: limit + 1))
            } throws: {
                if case IngestError.unreadable(let code, _) = $0 { code == "too_many_events" } else { false }
            }
            #expect(harness.events() == limit)
        }
    }
}

/// Runs work on a thread with the stack that secondary threads have at the least.
private enum SmallStack {
    static let context = DecodeContext(now: IngestHarness.start) { _, _ in "v" }

    /// A decoder, which is used by one thread at a time.
    struct Held: @unchecked Sendable {
        let decoder: EventDecoder
        func decode(_ body: [UInt8], context: DecodeContext) throws(DecodeError) -> DecodedBody {
            try decoder.decode(body, context: context)
        }
    }

    static func decoder() async throws -> Held {
        let hash = EventHash(seed: 1)
        return Held(decoder: EventDecoder(hash: hash, propertyNames: PropertyNames(hash: hash)))
    }

    /// What the thread found; written before the semaphore is signalled, read after.
    private final class Box: @unchecked Sendable { var value: [String] = [] }

    static func run(_ work: @escaping @Sendable () -> [String]) throws -> [String] {
        let box = Box()
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            box.value = work()
            done.signal()
        }
        thread.stackSize = 512 << 10
        thread.start()
        done.wait()
        return box.value
    }
}
