import Events
import Queries
import Testing

@Suite("Queries as the parameters of a GET request")
struct RequestParameterTests {
    private func parse(_ kind: String, _ parameters: [(String, String)]) throws(QueryError) -> Query {
        try Query.parse(kind: kind, parameters: parameters)
    }

    @Test(
        "Parameters say the same as the JSON",
        arguments: [
            (
                "top", [("site", "shop"), ("by", "path"), ("last", "24h"), ("limit", "10")],
                #"{"site":"shop","by":"path","last":"24h","limit":10}"#
            ),
            (
                "top",
                [("by", "path,props.plan"), ("metrics", "visitors,events"), ("order_by", "events"), ("other", "1")],
                #"{"by":["path","props.plan"],"metrics":["visitors","events"],"order_by":"events","other":true}"#
            ),
            (
                "top",
                [
                    ("by", #"["props.a,b"]"#), ("having", #"[{"metric":"events","op":"gt","value":1}]"#),
                    ("offset", "3"),
                ],
                #"{"by":"props.a,b","having":[{"metric":"events","op":"gt","value":1}],"offset":3}"#
            ),
            (
                "aggregate", [("event", "buy"), ("compare", "previous"), ("range", "today")],
                #"{"where":{"dim":"event","values":["buy"]},"compare":"previous","range":"today"}"#
            ),
            (
                "aggregate", [("event", "buy"), ("where", #"{"dim":"path","value":"/"}"#)],
                #"{"where":[{"dim":"path","value":"/"},{"dim":"event","values":["buy"]}]}"#
            ),
            (
                "timeseries",
                [("interval", "hour"), ("timezone", "Europe/Berlin"), ("from", "5"), ("to", "1970-01-01T00:00:01Z")],
                #"{"interval":"hour","timezone":"Europe/Berlin","range":{"from":5,"to":1000}}"#
            ),
            (
                "timeseries", [("from", "2026-11-01T01:00:00 01:00"), ("timezone", " 02:00")],
                #"{"range":{"from":"2026-11-01T01:00:00+01:00"},"timezone":"+02:00"}"#
            ),
            (
                "funnel", [("steps", "a,b,c"), ("window", "1h"), ("count", "sessions"), ("strict_increase", "true")],
                #"{"steps":["a","b","c"],"window":"1h","count":"sessions","strict_increase":true}"#
            ),
            ("funnel", [("steps", #"["a",{"any":["b","c"]}]"#)], #"{"steps":["a",{"any":["b","c"]}]}"#),
            (
                "values", [("dim", "path"), ("prefix", "/do"), ("cache", "false"), ("timeout", "5s")],
                #"{"dim":"path","prefix":"/do","cache":false,"timeout":5000}"#
            ),
            (
                "events", [("cursor", "x"), ("columns", "event,path"), ("limit", "5")],
                #"{"cursor":"x","columns":["event","path"],"limit":5}"#
            ),
            ("top", [("q", #"{"by":"path"}"#)], #"{"by":"path"}"#),
            ("schema", [], "{}"),
        ] as [(String, [(String, String)], String)])
    func sameAsJSON(kind: String, parameters: [(String, String)], json: String) throws {
        #expect(try parse(kind, parameters) == Query.parse(kind: kind, json: Array(json.utf8)))
    }

    @Test(
        "What is wrong is said with the parameter's name",
        arguments: [
            ("top", [("by", "path"), ("limt", "1")], "unknown_field", "limt"),
            ("top", [("by", "path"), ("limit", "x")], "invalid_query", "limit"),
            ("top", [("by", "path"), ("by", "host")], "invalid_query", "by"),
            ("top", [("by", "")], "unknown_dimension", "by[0]"),
            ("top", [("by", "path,nope")], "unknown_dimension", "by[1]"), ("top", [("by", "[")], "invalid_json", "by"),
            ("top", [("by", "path"), ("other", "maybe")], "invalid_query", "other"),
            ("top", [("q", "{}"), ("by", "path")], "invalid_query", "by"), ("top", [("q", "{")], "invalid_json", "q"),
            ("schema", [("where", "country")], "invalid_json", "where"),
            ("schema", [("by", "path")], "unknown_field", "by"),
            ("schema", [("from", "now")], "invalid_time", "from"),
            ("schema", [("last", "1h"), ("from", "5")], "invalid_range", "from"),
            ("funnel", [("steps", "")], "invalid_query", "steps[0]"),
            ("schema", [("timezone", "Mars")], "unknown_timezone", "timezone"),
        ] as [(String, [(String, String)], String, String)])
    func errors(kind: String, parameters: [(String, String)], code: String, field: String) {
        let error = #expect(throws: QueryError.self) { try parse(kind, parameters) }
        #expect(error?.code == code)
        #expect(error?.field == field)
    }
}
