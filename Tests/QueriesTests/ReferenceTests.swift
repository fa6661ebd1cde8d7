import Foundation
import TestSupport
import Testing

@Suite("The reference that the store is measured against")
struct ReferenceTests {
    @Test(
        "The reference gives every known answer over the shop's events",
        .enabled(if: Repository.hasShared, "needs the data shared with this package"))
    func ecom() throws {
        let reference = Reference(try Ecom.events().compactMap(ReferenceEvent.init))
        #expect(reference.events.count == 31_106)
        let disagreements = try Ecom.disagreements { kind, query in try reference.answer(kind, query) }
        #expect(disagreements.isEmpty, "\(disagreements.joined(separator: "\n"))")
    }

    @Test("The reference reaches the steps that other engines' tests expect", arguments: try ConformanceCase.all())
    func conformance(example: ConformanceCase) throws {
        let reference = Reference(example.events.compactMap(ReferenceEvent.init))
        #expect(reference.events.count == example.events.count)
        let answer = try reference.answer("funnel", example.query)
        #expect(answer["steps"]?.array?.compactMap { $0["count"]?.int } == example.counts)
        for (visitor, level) in example.levels {
            let alone = Reference(reference.events.filter { $0.visitor == Text(visitor) })
            let steps = try alone.answer("funnel", example.query)["steps"]?.array ?? []
            #expect(steps.reduce(0) { $0 + ($1["count"]?.int ?? 0) } == level, "visitor \(visitor)")
        }
    }

    @Test("Sessions end after more than 30 minutes, and bounce with one page view and nothing later")
    func sessions() throws {
        let minute = 60_000
        let reference = try Reference(lines: [
            line("page_view", "one", 0), line("page_view", "one", 30 * minute), line("a", "one", 60 * minute + 1),
            line("page_view", "two", 0), line("a", "two", 0),
            line("page_view", "three", 0, session: "s"), line("a", "three", 600 * minute, session: "s"),
        ])
        let answer = try reference.answer(
            "aggregate", ["metrics": ["sessions", "bounce_rate", "session_duration"], "range": "all"])
        #expect(answer["metrics"]?["sessions"]?.int == 4)
        #expect(answer["metrics"]?["bounce_rate"]?.double == 0.25)
        #expect(answer["metrics"]?["session_duration"]?.double == Double(630 * minute) / 4)
    }

    @Test("A day of a clock change has 23 or 25 hours, and half-hour zones begin their hours at half past")
    func calendar() throws {
        let spring = try Reference(lines: [line("a", "v", 1_743_289_200_000), line("a", "v", 1_743_372_000_000)])
        let days = try spring.answer("timeseries", ["range": "all", "timezone": "Europe/Berlin", "interval": "day"])
        #expect(times(days) == ["2025-03-30T00:00:00+01:00", "2025-03-31T00:00:00+02:00"])
        let hours = try spring.answer(
            "timeseries",
            [
                "range": ["from": "2025-03-30T00:59:00Z", "to": "2025-03-30T01:01:00Z"],
                "timezone": "Europe/Berlin", "interval": "hour",
            ])
        #expect(times(hours) == ["2025-03-30T01:00:00+01:00", "2025-03-30T03:00:00+02:00"])
        let india = try spring.answer(
            "timeseries",
            [
                "range": ["from": "2025-03-30T00:29:00Z", "to": "2025-03-30T00:31:00Z"],
                "timezone": "Asia/Kolkata", "interval": "hour",
            ])
        #expect(times(india) == ["2025-03-30T05:00:00+05:30", "2025-03-30T06:00:00+05:30"])
        let weeks = try spring.answer(
            "timeseries", ["range": "all", "interval": "week", "timezone": "America/New_York"])
        #expect(times(weeks) == ["2025-03-24T00:00:00-04:00"])
    }

    @Test("Several values count under each, and what is not shown adds up in other")
    func top() throws {
        let reference = try Reference(lines: [
            #"{"event":"a","visitor":"1","time":0,"value":2,"props":{"tags":["x","y","x"]}}"#,
            #"{"event":"a","visitor":"1","time":1,"value":0.5,"props":{"tags":[3.0,"3"]}}"#,
            #"{"event":"a","visitor":"2","time":2,"props":{"tags":[]}}"#,
        ])
        let answer = try reference.answer(
            "top", ["by": "props.tags", "metrics": ["events", "sum:value"], "limit": 2, "other": true])
        let expected: JSON = [
            "rows": [
                ["key": [.null], "events": 1, "sum:value": 0], ["key": ["3"], "events": 1, "sum:value": 0.5],
            ],
            "other": ["events": 2, "sum:value": 4], "distinct": 4,
        ]
        #expect(JSONDifference.describe(expected: expected, actual: answer).isEmpty, "\(answer)")
    }

    @Test("Streams and queries depend on their seed alone, and queries find something to answer")
    func seeds() throws {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        var kinds: Set<String> = []
        for number in 0..<300 as Range<UInt64> {
            let stream = RandomStream(seed: seed &+ number)
            #expect(stream.lines == RandomStream(seed: seed &+ number).lines, "seed \(seed)")
            let query = RandomQuery(seed: number, over: stream)
            #expect(query.json.description == RandomQuery(seed: number, over: stream).json.description, "seed \(seed)")
            let answer = try Reference(lines: stream.lines).answer(query.kind, query.json)
            #expect(try JSON(parsing: answer.description).description == answer.description, "seed \(seed)")
            kinds.insert(query.kind)
        }
        #expect(kinds.count == 11)
    }

    private func line(_ event: String, _ visitor: String, _ time: Int, session: String? = nil) -> String {
        var json: JSON = ["event": .string(event), "visitor": .string(visitor), "time": .integer(Int64(time))]
        if let session { json["session"] = .string(session) }
        return json.description
    }

    private func times(_ answer: JSON) -> [String] {
        answer["rows"]?.array?.compactMap { $0["time"]?.text } ?? []
    }
}
