import TestSupport
import Testing

@Suite("Paths by hand")
struct PathsTests {
    private func view(_ visitor: String, _ minute: Int, _ path: String?, event: String = "page_view") -> String {
        let url = path.map { #","url":"https://shop.example\#($0)""# } ?? ""
        let time = 1_761_955_200_000 + minute * 60_000
        return #"{"event":"\#(event)","visitor":"\#(visitor)","time":\#(time)\#(url)}"#
    }

    /// The answer, which is the same in flight and sealed, and when the events come in the opposite order.
    private func ask(_ lines: [String], _ query: String) async throws -> JSON {
        let target = StoreTarget()
        try await target.load(lines)
        let answer = try JSON(parsing: try await target.query("paths", query))
        try await target.flush()
        let sealed = try JSON(parsing: try await target.query("paths", query))
        #expect(JSONDifference.describe(expected: answer, actual: sealed) == [])
        let other = StoreTarget()
        try await other.load(lines.reversed())
        let reversed = try JSON(parsing: try await other.query("paths", query))
        #expect(JSONDifference.describe(expected: answer, actual: reversed) == [])
        return answer
    }

    private var lines: [String] {
        [
            // Two sessions of one visitor; the second visit to /a begins no path of its own.
            view("u", 0, "/a"), view("u", 1, "/b"), view("u", 2, "/b"), view("u", 3, "/a"), view("u", 4, "/c"),
            view("u", 60, "/a"), view("u", 61, "/c"),
            // Begins elsewhere.
            view("v", 0, "/x"), view("v", 1, "/a"),
            // An event without a path.
            view("w", 0, "/a"), view("w", 1, nil, event: "buy"),
        ]
    }

    @Test("Forwards from the first start of each session, with what is not shown as one node")
    func forwards() async throws {
        let query = #"{"start":{"event":"page_view","where":[{"dim":"path","values":["/a"]}]},"depth":3,"limit":2}"#
        try expect(
            try await ask(lines, query),
            is: #"""
                {"paths":4,
                 "nodes":[{"id":0,"step":0,"key":"/a","count":4,"drop_off":1},
                          {"id":1,"step":1,"key":null,"count":1,"drop_off":1},
                          {"id":2,"step":1,"key":"/b","count":1,"drop_off":0},
                          {"id":3,"step":1,"key":null,"other":true,"values":1,"count":1,"drop_off":1},
                          {"id":4,"step":2,"key":"/a","count":1,"drop_off":0}],
                 "links":[{"source":0,"target":1,"count":1},{"source":0,"target":2,"count":1},
                          {"source":0,"target":3,"count":1},{"source":2,"target":4,"count":1}]}
                """#)
    }

    @Test("Backwards from the last end")
    func backwards() async throws {
        try expect(
            try await ask(lines, #"{"end":{"where":[{"dim":"path","values":["/a"]}]},"depth":2}"#),
            is: #"""
                {"paths":4,
                 "nodes":[{"id":0,"step":-1,"key":"/b","count":1,"entries":0},
                          {"id":1,"step":-1,"key":"/x","count":1,"entries":1},
                          {"id":2,"step":0,"key":"/a","count":4,"entries":2}],
                 "links":[{"source":0,"target":2,"count":1},{"source":1,"target":2,"count":1}]}
                """#)
    }

    @Test("Visitors have one path over all their sessions, and repeats can be kept")
    func visitors() async throws {
        let filter = #"[{"dim":"visitor","values":["u"]}]"#
        try expect(
            try await ask(lines, #"{"count":"visitors","depth":4,"collapse":false,"where":\#(filter)}"#),
            is: #"""
                {"paths":1,
                 "nodes":[{"id":0,"step":0,"key":"/a","count":1,"drop_off":0},
                          {"id":1,"step":1,"key":"/b","count":1,"drop_off":0},
                          {"id":2,"step":2,"key":"/b","count":1,"drop_off":0},
                          {"id":3,"step":3,"key":"/a","count":1,"drop_off":0}],
                 "links":[{"source":0,"target":1,"count":1},{"source":1,"target":2,"count":1},
                          {"source":2,"target":3,"count":1}]}
                """#)
    }

    @Test("Events that the filter leaves out are no nodes, and still keep their session open")
    func filtered() async throws {
        let lines = [view("u", 0, "/a"), view("u", 25, "/b", event: "ping"), view("u", 50, "/c"), view("u", 81, "/d")]
        let answer = try await ask(
            lines, #"{"start":"page_view","where":[{"dim":"event","values":["page_view"]}]}"#)
        #expect(answer["paths"]?.int == 2)
        try expect(answer["links"], is: #"[{"source":0,"target":2,"count":1}]"#, "from /a to /c, and /d alone")
    }

    @Test("Events of one millisecond stand in the order of their bytes")
    func ties() async throws {
        let lines = [view("u", 0, "/z"), view("u", 0, "/a"), view("u", 0, nil), view("u", 1, "/m")]
        let answer = try await ask(lines, "{}")
        #expect(answer["nodes"]?.array?.map { $0["key"]?.text } == [nil, "/a", "/z", "/m"])
    }

    @Test("Nothing has no paths")
    func empty() async throws {
        let nothing = #"{"paths":0,"nodes":[],"links":[]}"#
        try expect(try await ask([], "{}"), is: nothing)
        try expect(try await ask(lines, #"{"start":"nothing"}"#), is: nothing)
    }
}
