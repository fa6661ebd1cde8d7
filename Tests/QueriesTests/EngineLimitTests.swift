import Queries
import TestSupport
import Testing

@Suite("What a query may cost")
struct EngineLimitTests {
    /// Asks and returns the code of the refusal; `nil` if there is an answer.
    private func refusal(_ target: StoreTarget, _ kind: String, _ json: String) async throws -> String? {
        do {
            _ = try await target.query(kind, json)
            return nil
        } catch let error as QueryError {
            return error.code
        }
    }

    @Test("An event with many values in many dimensions does not make a query count it in a billion groups")
    func combinations() async throws {
        let target = StoreTarget()
        let values = (0..<64).map { "\($0)" }.joined(separator: ",")
        let properties = ["a", "b", "c", "d", "e"].map { "\"\($0)\":[\(values)]" }.joined(separator: ",")
        try await target.load([#"{"event":"x","visitor":"v","time":1767225600000,"props":{\#(properties)}}"#])
        for dimensions in [#"["props.a","props.b"]"#] {
            #expect(try await refusal(target, "top", #"{"by":\#(dimensions)}"#) == nil)
        }
        let five = #"["props.a","props.b","props.c","props.d","props.e"]"#
        #expect(try await refusal(target, "top", #"{"by":\#(five)}"#) == "memory_limit")
    }

    /// A list of so many elements as JSON.
    private static func many(_ count: Int, _ element: (Int) -> String) -> String {
        "[\((0..<count).map(element).joined(separator: ","))]"
    }

    /// A query that is beyond a limit, shown by the limit's name where a test fails.
    struct Impossible: Sendable, CustomTestStringConvertible {
        let limit: String
        let kind: String
        let query: String

        var testDescription: String { limit }

        init(_ limit: String, _ kind: String, _ query: String) {
            (self.limit, self.kind, self.query) = (limit, kind, query)
        }
    }

    @Test(
        "K1: A query that asks for more than there may be is refused before anything is read, with the limit's name",
        arguments: [
            Impossible("maxIntervals", "timeseries", #"{"range":{"from":0,"to":315360000000},"interval":"minute"}"#),
            Impossible(
                "maxSteps", "funnel", #"{"window":"1h","steps":\#(many(33) { #"{"event":"e\#($0)"}"# })}"#),
            Impossible("maxTopRows", "top", #"{"by":"path","limit":1000000}"#),
            Impossible("maxGroupingDimensions", "top", #"{"by":\#(many(50) { #""props.p\#($0)""# })}"#),
            Impossible("maxMetrics", "top", #"{"by":"path","metrics":\#(many(33) { #""sum:props.p\#($0)""# })}"#),
            Impossible(
                "maxFilterTests", "aggregate",
                #"{"where":\#(many(10_000) { #"{"dim":"path","op":"is","values":["\#($0)"]}"# })}"#),
            Impossible(
                "maxFilterValues", "aggregate",
                #"{"where":[{"dim":"path","op":"is","values":\#(many(20_001) { String($0) })}]}"#),
            Impossible(
                "maxPatterns", "aggregate",
                #"{"where":[{"dim":"path","op":"matches","values":\#(many(51) { #""a\#($0)""# })}]}"#),
        ])
    func planning(_ impossible: Impossible) async throws {
        let target = StoreTarget()
        do {
            _ = try await target.query(impossible.kind, impossible.query)
            Issue.record("taken")
        } catch let error as QueryError {
            #expect(error.status == 400)
            #expect(error.detail.contains("limit \(impossible.limit)"), "\(error.detail)")
        }
    }

    @Test("K2: A query that runs out of its time is stopped with a clear error")
    func timeout() async throws {
        let target = StoreTarget()
        let lines = (0..<20_000).map {
            #"{"event":"x","visitor":"v\#($0 % 500)","time":\#(1_767_225_600_000 + $0),"props":{"n":\#($0)}}"#
        }
        try await target.load(lines)
        let query = #"{"by":["visitor","props.n"],"metrics":["events","visitors"],"timeout":1,"limit":100000}"#
        #expect(try await refusal(target, "top", query) == "timeout")
        #expect(try await refusal(target, "aggregate", "{}") == nil)
    }

    @Test("A retention answer of millions of numbers is refused before anything is read")
    func cohorts() async throws {
        let target = StoreTarget()
        try await target.load([#"{"event":"x","visitor":"v","time":1767225600000}"#])
        let range = #""range":{"from":0,"to":"2026-01-02T00:00:00Z"}"#
        for (intervals, code) in [(48, nil), (49, "limit_exceeded")] as [(Int, String?)] {
            let query = #"{"start":"x","return":"x","intervals":\#(intervals),\#(range)}"#
            #expect(try await refusal(target, "retention", query) == code)
        }
        let ages = #"{"start":"x","return":"x","from":"0001-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"}"#
        #expect(try await refusal(target, "retention", ages) == "too_many_intervals")
    }

    @Test("Names that only look alike are two dimensions, in every answer")
    func namesByBytes() async throws {
        let target = StoreTarget()
        let names = ["\u{E9}", "e\u{301}", "\u{301}x"]
        try await target.load(
            names.enumerated().map {
                #"{"event":"x","visitor":"v","time":1767225600000,"props":{"\#($1)":\#($0)}}"#
            })
        for sealed in [false, true] {
            if sealed { try await target.flush() }
            for (index, name) in names.enumerated() {
                let answer = try await target.query("values", #"{"dim":"props.\#(name)"}"#)
                #expect(answer.contains(#""value":"\#(index)""#), "\(answer)")
            }
            let schema = try await target.query(
                "schema", #"{"where":[{"dim":"event","op":"is","values":["x"]}]}"#)
            for name in names { #expect(schema.utf8.contains(name), "\(schema)") }
        }
    }
}

extension String.UTF8View {
    /// Whether these bytes hold a text's bytes.
    fileprivate func contains(_ text: String) -> Bool {
        let bytes = Array(self)
        let needle = Array(text.utf8)
        return bytes.indices.contains { bytes[$0...].starts(with: needle) }
    }
}
