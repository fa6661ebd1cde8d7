import Queries
import Testing

@Suite("What is wrong with a query is said with its place")
struct RequestErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var kind: String
        var json: String
        var code: String
        var field: String?

        init(_ kind: String, _ json: String, _ code: String, _ field: String?) {
            self.kind = kind
            self.json = json
            self.code = code
            self.field = field
        }

        var testDescription: String { "\(kind) \(json)" }
    }

    private func check(_ example: Case) {
        let error = #expect(throws: QueryError.self) {
            try Query.parse(kind: example.kind, json: Array(example.json.utf8))
        }
        #expect(error?.code == example.code)
        #expect(error?.field == example.field)
        if let field = example.field { #expect(error?.detail.contains(field) == true, "\(error?.detail ?? "")") }
    }

    @Test(
        "In the common fields",
        arguments: [
            Case("schema", "[]", "invalid_query", nil), Case("schema", "{", "invalid_json", nil),
            Case("schema", #"{"site":1}"#, "invalid_query", "site"),
            Case("schema", #"{"site":""}"#, "invalid_query", "site"),
            Case("schema", #"{"site":"a b"}"#, "invalid_query", "site"),
            Case("schema", #"{"sit":"a"}"#, "unknown_field", "sit"),
            Case("schema", #"{"limit":1}"#, "unknown_field", "limit"),
            Case("schema", #"{"timezone":"Mars"}"#, "unknown_timezone", "timezone"),
            Case("schema", #"{"timezone":1}"#, "invalid_query", "timezone"),
            Case("schema", #"{"cache":"no"}"#, "invalid_query", "cache"),
            Case("schema", #"{"timeout":"soon"}"#, "invalid_duration", "timeout"),
            Case("schema", #"{"timeout":0}"#, "invalid_duration", "timeout"),
            Case("schema", #"{"range":"week"}"#, "invalid_range", "range"),
            Case("schema", #"{"range":"5"}"#, "invalid_range", "range"),
            Case("schema", #"{"range":5}"#, "invalid_range", "range"),
            Case("schema", #"{"range":{}}"#, "invalid_range", "range"),
            Case("schema", #"{"range":{"form":1}}"#, "unknown_field", "range.form"),
            Case("schema", #"{"range":{"from":9,"to":5}}"#, "invalid_range", "range.from"),
            Case("schema", #"{"range":{"from":"now"}}"#, "invalid_time", "range.from"),
            Case("schema", #"{"range":{"to":[]}}"#, "invalid_time", "range.to"),
            Case("schema", #"{"range":{"to":9223372036854775807}}"#, "invalid_time", "range.to"),
            Case("schema", #"{"range":{"to":1.5}}"#, "invalid_time", "range.to"),
            Case("schema", #"{"range":{"last":"1h","to":5}}"#, "invalid_range", "range.to"),
            Case("schema", #"{"range":{"last":0}}"#, "invalid_duration", "range.last"),
            Case("schema", #"{"range":"all","last":"1h"}"#, "invalid_range", "last"),
        ])
    func commonFields(example: Case) { check(example) }

    @Test(
        "In filters",
        arguments: [
            Case("schema", #"{"where":"x"}"#, "invalid_query", "where"),
            Case("schema", #"{"where":[1]}"#, "invalid_query", "where[0]"),
            Case("schema", #"{"where":[{}]}"#, "invalid_query", "where[0].dim"),
            Case("schema", #"{"where":{"dim":"path"}}"#, "invalid_query", "where.value"),
            Case("schema", #"{"where":[{"dim":"path","values":[]}]}"#, "invalid_query", "where[0].values"),
            Case("schema", #"{"where":[{"dim":"contry","values":["x"]}]}"#, "unknown_dimension", "where[0].dim"),
            Case("schema", #"{"where":[{"dim":"id","values":["x"]}]}"#, "unknown_dimension", "where[0].dim"),
            Case("schema", #"{"where":[{"dim":"props.","values":["x"]}]}"#, "unknown_dimension", "where[0].dim"),
            Case("schema", #"{"where":[{"dim":"path","op":"isnt","values":["x"]}]}"#, "invalid_query", "where[0].op"),
            Case("schema", #"{"where":[{"dim":"path","opp":"is","values":["x"]}]}"#, "unknown_field", "where[0].opp"),
            Case("schema", #"{"where":[{"dim":"path","value":"a","values":["x"]}]}"#, "invalid_query", "where[0]"),
            Case("schema", #"{"where":[{"dim":"path","values":[[1]]}]}"#, "invalid_query", "where[0].values[0]"),
            Case(
                "schema", #"{"where":[{"dim":"path","op":"gt","values":["x"]}]}"#, "invalid_query", "where[0].values[0]"
            ),
            Case(
                "schema", #"{"where":[{"dim":"path","op":"contains","values":[null]}]}"#, "invalid_query",
                "where[0].values[0]"),
            Case(
                "schema", #"{"where":[{"dim":"path","op":"exists","values":["x"]}]}"#, "invalid_query",
                "where[0].values"),
            Case(
                "schema", #"{"where":[{"dim":"path","op":"matches","value":"("}]}"#, "invalid_regex", "where[0].value"),
            Case("schema", #"{"where":[{"dim":"time","op":"gt","value":"noon"}]}"#, "invalid_time", "where[0].value"),
            Case(
                "schema", #"{"where":[{"dim":"path","value":"x"},{"any":[{"dim":"path","op":"like","value":1}]}]}"#,
                "invalid_query", "where[1].any[0].op"),
            Case("schema", #"{"where":{"any":[]}}"#, "invalid_query", "where.any"),
            Case("schema", #"{"where":{"any":{}}}"#, "invalid_query", "where.any"),
            Case("schema", #"{"where":{"all":null}}"#, "invalid_query", "where.all"),
            Case("schema", #"{"where":{"not":[]}}"#, "invalid_query", "where.not"),
            Case("schema", #"{"where":{"not":{"dim":"x.y"}}}"#, "unknown_dimension", "where.not.dim"),
            Case("schema", #"{"where":{"any":[{"dim":"path","value":1}],"all":[]}}"#, "unknown_field", "where.any"),
            Case("schema", #"{"where":{"a b":1}}"#, "unknown_field", "where[\"a b\"]"),
        ])
    func filters(example: Case) { check(example) }

    @Test(
        "In the fields of a kind",
        arguments: [
            Case("aggregate", #"{"metrics":[]}"#, "invalid_query", "metrics"),
            Case("aggregate", #"{"metrics":["event"]}"#, "unknown_metric", "metrics[0]"),
            Case("aggregate", #"{"metrics":["events","sum:path"]}"#, "unknown_metric", "metrics[1]"),
            Case("aggregate", #"{"metrics":["p101:value"]}"#, "unknown_metric", "metrics[0]"),
            Case("aggregate", #"{"metrics":["p:value"]}"#, "unknown_metric", "metrics[0]"),
            Case("aggregate", #"{"metrics":["p-5:value"]}"#, "unknown_metric", "metrics[0]"),
            Case("aggregate", #"{"metrics":["mean:value"]}"#, "unknown_metric", "metrics[0]"),
            Case("aggregate", #"{"metrics":["sum:"]}"#, "unknown_metric", "metrics[0]"),
            Case("aggregate", #"{"metrics":[1]}"#, "invalid_query", "metrics[0]"),
            Case("aggregate", #"{"compare":"last"}"#, "invalid_query", "compare"),
            Case("timeseries", #"{"interval":"year"}"#, "invalid_query", "interval"),
            Case("timeseries", #"{"by":["path","country"]}"#, "limit_exceeded", "by"),
            Case("timeseries", #"{"limit":0}"#, "invalid_query", "limit"),
            Case("top", "{}", "invalid_query", "by"), Case("top", #"{"by":[]}"#, "invalid_query", "by"),
            Case("top", #"{"by":[1]}"#, "invalid_query", "by[0]"),
            Case("top", #"{"by":["path","path"]}"#, "invalid_query", "by[1]"),
            Case("top", #"{"by":"path","limit":100001}"#, "limit_exceeded", "limit"),
            Case("top", #"{"by":"path","limit":1.5}"#, "invalid_query", "limit"),
            Case("top", #"{"by":"path","limit":1e300}"#, "limit_exceeded", "limit"),
            Case("top", #"{"by":"path","limit":"5"}"#, "invalid_query", "limit"),
            Case("top", #"{"by":"path","offset":-1}"#, "invalid_query", "offset"),
            Case("top", #"{"by":"path","order_by":"visitors"}"#, "invalid_query", "order_by"),
            Case("top", #"{"by":"path","order_by":"nothing"}"#, "unknown_metric", "order_by"),
            Case("top", #"{"by":"path","order":"up"}"#, "invalid_query", "order"),
            Case(
                "top", #"{"by":"path","having":[{"metric":"events","op":"gte"}]}"#, "invalid_query", "having[0].value"),
            Case("top", #"{"by":"path","having":[{"metric":"events","value":1}]}"#, "invalid_query", "having[0].op"),
            Case("top", #"{"by":"path","having":[{"op":"gt","value":1}]}"#, "invalid_query", "having[0].metric"),
            Case(
                "top", #"{"by":"path","having":{"metric":"x","op":"gt","value":1}}"#, "unknown_metric", "having.metric"),
            Case("top", #"{"by":"path","series":"second"}"#, "invalid_query", "series"),
            Case("events", #"{"limit":10001}"#, "limit_exceeded", "limit"),
            Case("events", #"{"cursor":""}"#, "invalid_cursor", "cursor"),
            Case("events", #"{"columns":["nope"]}"#, "unknown_dimension", "columns[0]"),
            Case("values", "{}", "invalid_query", "dim"), Case("values", #"{"dim":"time"}"#, "invalid_query", "dim"),
            Case("values", #"{"dim":"path","limit":1001}"#, "limit_exceeded", "limit"),
            Case("values", #"{"dim":"path","prefix":1}"#, "invalid_query", "prefix"),
        ])
    func kinds(example: Case) { check(example) }

    @Test("Limits on the whole query hold")
    func limits() {
        func code(_ kind: String, _ json: String) -> String? {
            do {
                _ = try Query.parse(kind: kind, json: Array(json.utf8))
                return nil
            } catch { return error.code }
        }
        let test = #"{"dim":"path","value":"x"}"#
        let tests = { (count: Int) in
            #"{"where":["# + Array(repeating: test, count: count).joined(separator: ",") + "]}"
        }
        #expect(code("schema", tests(500)) == nil)
        #expect(code("schema", tests(501)) == "limit_exceeded")
        let values = { (count: Int) in
            #"{"where":[{"dim":"path","values":["# + Array(repeating: "1", count: count).joined(separator: ",") + "]}]}"
        }
        #expect(code("schema", values(20_000)) == nil)
        #expect(code("schema", values(20_001)) == "limit_exceeded")
        let pattern = #"{"dim":"path","op":"matches","value":"x"}"#
        #expect(
            code("schema", #"{"where":["# + Array(repeating: pattern, count: 51).joined(separator: ",") + "]}")
                == "limit_exceeded")
        let deep = String(repeating: #"{"not":"#, count: 40) + test + String(repeating: "}", count: 40)
        #expect(code("schema", #"{"where":"# + deep + "}") == "invalid_json")
        #expect(code("schema", String(repeating: " ", count: 1 << 20) + "{}") == "limit_exceeded")
    }

    @Test("A misspelt name is answered with the nearest one that is known")
    func suggestions() {
        let table = [
            ("top", #"{"by":"contry"}"#, "\"country\""), ("top", #"{"by":"path","limits":1}"#, "\"limit\""),
            ("aggregate", #"{"metrics":["visitor"]}"#, "\"visitors\""), ("schema", #"{"sites":"x"}"#, "\"site\""),
            ("timeseries", #"{"interval":"hours"}"#, "\"hour\""),
            ("schema", #"{"where":{"dim":"path","op":"start_with","value":"x"}}"#, "\"starts_with\""),
        ]
        for (kind, json, nearest) in table {
            let error = #expect(throws: QueryError.self) { try Query.parse(kind: kind, json: Array(json.utf8)) }
            #expect(error?.detail.contains("did you mean \(nearest)?") == true, "\(error?.detail ?? "")")
        }
        let error = #expect(throws: QueryError.self) {
            try Query.parse(kind: "schema", json: Array(#"{"xyz":1}"#.utf8))
        }
        #expect(error?.detail.contains("did you mean") == false)
    }

    @Test("Foreign text in messages is cut and has no control characters")
    func shownText() {
        let json = #"{"by":"\u0007\u001b[31m"# + String(repeating: "x", count: 5_000) + #""}"#
        let error = #expect(throws: QueryError.self) { try Query.parse(kind: "top", json: Array(json.utf8)) }
        #expect((error?.detail.count ?? 0) < 400)
        #expect(error?.detail.unicodeScalars.contains { $0.value < 32 } == false)
    }
}
