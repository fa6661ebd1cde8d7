import Events
import Queries
import Testing

@Suite("Queries of retention, paths and sessions as JSON")
struct RequestVisitTests {
    private func parse(_ kind: String, _ json: String) throws(QueryError) -> Query {
        try Query.parse(kind: kind, json: Array(json.utf8))
    }

    private let common = CommonQuery()
    private let signup = EventMatch(alternatives: [StepMatch(event: "signup")])
    private let view = EventMatch(alternatives: [StepMatch(event: "page_view")])

    @Test("Everything but retention's two events has a default")
    func defaults() throws {
        #expect(
            try parse("retention", #"{"start":{"event":"signup"},"return":"page_view"}"#)
                == .retention(
                    RetentionQuery(
                        common: common, start: signup, comeback: view, interval: .day, intervals: 8, mode: .on,
                        cohorts: .first)))
        #expect(
            try parse("paths", "{}")
                == .paths(
                    PathsQuery(
                        common: common, anchor: .beginning, by: .field(.path), depth: 4, limit: 10, count: .sessions,
                        collapse: true)))
        #expect(try parse("sessions", "") == .sessions(SessionsQuery(common: common, by: .field(.path), limit: 10)))
    }

    @Test("Every option is read")
    func options() throws {
        let json = #"""
            {"site":"shop","start":{"any":["signup",{"event":"page_view"}]},"return":{"where":[]},"interval":"month",
             "intervals":400,"mode":"on_or_after","cohorts":"every"}
            """#
        guard case .retention(let retention) = try parse("retention", json) else {
            Issue.record("another kind")
            return
        }
        #expect(retention.common.site == "shop")
        #expect(retention.start.alternatives == signup.alternatives + view.alternatives)
        #expect(retention.comeback == EventMatch(alternatives: [StepMatch(event: nil, filter: .all([]))]))
        #expect(retention.interval == .month)
        #expect(retention.intervals == 400)
        #expect(retention.mode == .onOrAfter)
        #expect(retention.cohorts == .every)

        let paths = #"{"end":"signup","by":["props.plan"],"depth":20,"limit":1,"count":"visitors","collapse":false}"#
        #expect(
            try parse("paths", paths)
                == .paths(
                    PathsQuery(
                        common: common, anchor: .end(signup), by: .property("plan"), depth: 20, limit: 1,
                        count: .visitors, collapse: false)))
        #expect(
            try parse("sessions", #"{"by":"url","limit":3}"#)
                == .sessions(SessionsQuery(common: common, by: .field(.url), limit: 3)))
    }

    @Test(
        "The flat parameters say the same",
        arguments: [
            (
                "retention",
                [("start", "signup"), ("return", "page_view"), ("interval", "week"), ("intervals", "3")],
                #"{"start":"signup","return":"page_view","interval":"week","intervals":3}"#
            ),
            (
                "retention",
                [
                    ("start", #"{"any":["a","b"]}"#), ("return", "b"), ("mode", "on_or_after"),
                    ("cohorts", "every"),
                ],
                #"{"start":{"any":["a","b"]},"return":"b","mode":"on_or_after","cohorts":"every"}"#
            ),
            (
                "paths",
                [("start", "page_view"), ("by", "path"), ("depth", "3"), ("limit", "2"), ("count", "visitors")],
                #"{"start":"page_view","by":"path","depth":3,"limit":2,"count":"visitors"}"#
            ),
            ("paths", [("end", "purchase"), ("collapse", "false")], #"{"end":"purchase","collapse":false}"#),
            ("sessions", [("by", "url"), ("limit", "5"), ("last", "24h")], #"{"by":"url","limit":5,"last":"24h"}"#),
        ])
    func parameters(kind: String, parameters: [(String, String)], json: String) throws {
        #expect(try Query.parse(kind: kind, parameters: parameters) == parse(kind, json))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var kind: String
        var json: String
        var code: String
        var field: String

        init(_ kind: String, _ json: String, _ code: String, _ field: String) {
            self.kind = kind
            self.json = json
            self.code = code
            self.field = field
        }

        var testDescription: String { "\(kind) \(json)" }
    }

    @Test(
        "What is wrong is said with its place",
        arguments: [
            Case("retention", "{}", "invalid_query", "start"),
            Case("retention", #"{"start":"a"}"#, "invalid_query", "return"),
            Case("retention", #"{"start":{},"return":"a"}"#, "invalid_query", "start"),
            Case("retention", #"{"start":"","return":"a"}"#, "invalid_query", "start"),
            Case("retention", #"{"start":1,"return":"a"}"#, "invalid_query", "start"),
            Case("retention", #"{"start":{"event":"a","within":"1h"},"return":"a"}"#, "unknown_field", "start.within"),
            Case("retention", #"{"start":{"any":[]},"return":"a"}"#, "invalid_query", "start.any"),
            Case("retention", #"{"start":{"any":["a"],"event":"a"},"return":"a"}"#, "invalid_query", "start"),
            Case(
                "retention", #"{"start":"a","return":{"where":[{"dim":"pth"}]}}"#, "unknown_dimension",
                "return.where[0].dim"),
            Case("retention", #"{"start":"a","return":"a","interval":"hour"}"#, "invalid_query", "interval"),
            Case("retention", #"{"start":"a","return":"a","intervals":0}"#, "invalid_query", "intervals"),
            Case("retention", #"{"start":"a","return":"a","intervals":401}"#, "limit_exceeded", "intervals"),
            Case("retention", #"{"start":"a","return":"a","mode":"after"}"#, "invalid_query", "mode"),
            Case("retention", #"{"start":"a","return":"a","cohorts":"all"}"#, "invalid_query", "cohorts"),
            Case("retention", #"{"start":"a","return":"a","limit":1}"#, "unknown_field", "limit"),
            Case("paths", #"{"start":"a","end":"b"}"#, "invalid_query", "end"),
            Case("paths", #"{"depth":1}"#, "invalid_query", "depth"),
            Case("paths", #"{"depth":21}"#, "limit_exceeded", "depth"),
            Case("paths", #"{"limit":1001}"#, "limit_exceeded", "limit"),
            Case("paths", #"{"by":["path","event"]}"#, "limit_exceeded", "by"),
            Case("paths", #"{"count":"attempts"}"#, "invalid_query", "count"),
            Case("paths", #"{"collapse":"no"}"#, "invalid_query", "collapse"),
            Case("sessions", #"{"by":"pages"}"#, "unknown_dimension", "by"),
            Case("sessions", #"{"limit":0}"#, "invalid_query", "limit"),
            Case("sessions", #"{"metrics":["events"]}"#, "unknown_field", "metrics"),
        ])
    func errors(example: Case) {
        let error = #expect(throws: QueryError.self) { try parse(example.kind, example.json) }
        #expect(error?.code == example.code)
        #expect(error?.field == example.field)
        #expect(error?.detail.contains(example.field) == true, "\(error?.detail ?? "")")
    }
}
