import Queries
import TestSupport
import Testing

/// Cases that a mistake in a matcher would get wrong, beyond those of the query scripts.
@Suite("Options of funnels at their limits")
struct FunnelOptionTests {
    /// A store with the events of visitor `v`, each a name and a time.
    private func store(_ events: [(name: String, time: Int64)]) async throws -> StoreTarget {
        let target = StoreTarget()
        try await target.load(events.map { #"{"event":"\#($0.name)","visitor":"v","time":\#($0.time)}"# })
        return target
    }

    private func counts(_ target: StoreTarget, _ steps: String, _ options: String = "") async throws -> [Int64] {
        let answer = try JSON(parsing: try await target.query("funnel", "{\"steps\":\(steps)\(options)}"))
        return try #require(answer["steps"]?.array).compactMap { $0["count"]?.int }
    }

    private func refusal(_ target: StoreTarget, _ kind: String, _ json: String) async throws -> QueryError? {
        do {
            _ = try await target.query(kind, json)
            return nil
        } catch let error as QueryError {
            return error
        }
    }

    @Test(
        "Durations up to the largest integer do not overflow, with any option",
        arguments: [
            "", #","order":"strict_order""#, #","order":"any_order""#, #","attempt":"first""#, #","count":"attempts""#,
            #","exclude":[{"event":"x"}]"#, #","exclude":[{"event":"x","policy":"drop"}]"#, #","interval":"month""#,
            #","time_to_convert":{"bins":3}"#, #","by":"visitor","attribution":"last""#, #","same":["visitor"]"#,
        ])
    func largeWindows(options: String) async throws {
        // The earliest and the latest day that an event may have, nearly.
        let target = try await store([("a", -60_000_000_000_000), ("b", 0), ("c", 1_700_000_000_000)])
        for window in ["9223372036854775807", "9223372036854775806", "61700000000000"] {
            #expect(
                try await counts(target, #"["a","b","c"]"#, #","window":\#(window)\#(options)"#) == [1, 1, 1],
                "\(window)")
        }
        #expect(
            try await counts(target, #"["a","b","c"]"#, #","window":61699999999999\#(options)"#) == [1, 1, 0])
    }

    @Test("within takes part of the same, and both limits are inclusive")
    func largeWithin() async throws {
        let target = try await store([("a", 0), ("b", 10), ("b", 20), ("c", 30)])
        for (within, expected) in [("9223372036854775807", [1, 1, 1]), ("10", [1, 1, 1]), ("9", [1, 1, 0])] {
            let steps = #"["a",{"event":"b"},{"event":"c","within":\#(within)}]"#
            #expect(try await counts(target, steps, #","window":30"#) == expected.map { Int64($0) })
            #expect(try await counts(target, steps, #","window":29"#) == [1, 1, 0])
        }
    }

    @Test("Of many chains under way, the one with the latest last event has the latest start")
    func manyChains() async throws {
        var events: [(String, Int64)] = []
        for index in 0..<200 { events.append(("a", Int64(index))) }
        for index in 0..<200 { events.append(("b", 1_000 + Int64(index) * 10)) }
        events.append(("c", 3_050))
        let target = try await store(events)
        let steps = { (within: Int) in #"["a","b",{"event":"c","within":\#(within)}]"# }
        #expect(try await counts(target, steps(60), #","window":2851"#) == [1, 1, 1])
        #expect(try await counts(target, steps(59), #","window":2851"#) == [1, 1, 0])
        #expect(try await counts(target, steps(60), #","window":2850"#) == [1, 1, 0])
    }

    @Test("A thousand events of one time are matched, not tried in all orders")
    func manyTies() async throws {
        var events: [(String, Int64)] = []
        for index in 0..<1_000 { events.append((["a", "b", "c"][index % 3], 5)) }
        let target = try await store(events)
        let any = (0..<32).map { _ in #"{"any":["a","b","c"]}"# }.joined(separator: ",")
        for order in ["sequential", "strict_order", "any_order"] {
            let options = #","order":"\#(order)","by":"event","time_to_convert":{},"exclude":[{"event":"c"}]"#
            #expect(try await counts(target, "[\(any)]", options) == Array(repeating: 1, count: 32), "\(order)")
            #expect(try await counts(target, "[\(any)]", #","strict_increase":true\#(options)"#).prefix(2) == [1, 0])
        }
    }

    @Test("A visitor's longest sessions, attempts and values are many")
    func manyUnits() async throws {
        var lines: [String] = []
        for index in 0..<600 {
            let time = index * 10
            lines.append(
                #"{"event":"a","visitor":"v","time":\#(time),"session":"s\#(index)","props":{"p":"\#(index % 100)"}}"#)
            lines.append(
                #"{"event":"b","visitor":"v","time":\#(time + 5),"session":"s\#(index)","props":{"p":"\#(index % 100)"}}"#
            )
        }
        let target = StoreTarget()
        try await target.load(lines)
        #expect(try await counts(target, #"["a","b"]"#, #","count":"sessions""#) == [600, 600])
        #expect(try await counts(target, #"["a","b"]"#, #","count":"attempts""#) == [600, 600])
        #expect(try await counts(target, #"["a","b"]"#, #","count":"attempts","same":["props.p"]"#) == [600, 600])
        #expect(try await counts(target, #"["a","b"]"#, #","count":"attempts","window":4"#) == [600, 0])
    }

    @Test("Pages of visitors follow each other without a gap, in the order of their ids")
    func pages() async throws {
        let target = StoreTarget()
        var names = (0..<57).map { "v\($0)" } + ["\u{E9}", "e\u{301}", "a b", "日本"]
        try await target.load(names.map { #"{"event":"a","visitor":"\#($0)","time":5}"# })
        try await target.flush()
        try await target.load(names.prefix(30).map { #"{"event":"a","visitor":"\#($0)","time":6}"# })
        var listed: [String] = []
        var cursor = ""
        repeat {
            let answer = try JSON(
                parsing: try await target.query(
                    "funnel/visitors", #"{"steps":["a","b"],"step":2,"outcome":"dropped","limit":10\#(cursor)}"#))
            let page = try #require(answer["visitors"]?.array)
            #expect(answer["total"]?.int == Int64(names.count))
            #expect(page.count <= 10)
            listed += page.compactMap { $0["visitor"]?.text }
            cursor = answer["cursor"]?.text.map { #","cursor":"\#($0)""# } ?? ""
        } while !cursor.isEmpty && listed.count <= names.count
        names.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(listed.map { Array($0.utf8) } == names.map { Array($0.utf8) })
    }

    @Test("Too many kinds of events in one millisecond are refused with the limit's name")
    func tiedKinds() async throws {
        let target = StoreTarget()
        // Thirteen properties make 8192 sets of steps.
        let lines = (0..<8_192).map { number in
            let properties = (0..<13).map { #""p\#($0)":\#(number >> $0 & 1)"# }.joined(separator: ",")
            return #"{"event":"a","visitor":"v","time":5,"props":{\#(properties)}}"#
        }
        for part in 0..<8 { try await target.load(Array(lines[(part * 1_024)..<((part + 1) * 1_024)])) }
        let steps = (0..<13).map { #"{"where":[{"dim":"props.p\#($0)","values":["1"]}]}"# }.joined(separator: ",")
        let refused = try await refusal(
            target, "funnel", #"{"steps":[\#(steps)],"order":"strict_order"}"#)
        #expect(refused?.code == "memory_limit")
        #expect(refused?.detail.contains("maxTiedKinds") == true)
    }
}
