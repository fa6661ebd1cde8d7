import TestSupport
import Testing

@Suite("Sessions by hand")
struct SessionsTests {
    private func event(_ name: String, _ visitor: String, _ minute: Int, _ path: String? = nil) -> String {
        let url = path.map { #","url":"https://shop.example\#($0)""# } ?? ""
        let time = 1_761_955_200_000 + minute * 60_000
        return #"{"event":"\#(name)","visitor":"\#(visitor)","time":\#(time)\#(url)}"#
    }

    /// The answer, which is the same in flight and sealed.
    private func ask(_ lines: [String], _ query: String) async throws -> JSON {
        let target = StoreTarget()
        try await target.load(lines)
        let answer = try JSON(parsing: try await target.query("sessions", query))
        try await target.flush()
        let sealed = try JSON(parsing: try await target.query("sessions", query))
        #expect(JSONDifference.describe(expected: answer, actual: sealed) == [])
        return answer
    }

    private var lines: [String] {
        [
            event("page_view", "u", 0, "/a"), event("page_view", "u", 10, "/b"), event("buy", "u", 40),
            event("page_view", "u", 71, "/a"), event("page_view", "v", 0, "/c"), event("ping", "v", 30),
            event("ping", "w", 5),
        ]
    }

    @Test("A session is told as a whole, from its first to its last page")
    func whole() async throws {
        try expect(
            try await ask(lines, #"{"limit":1}"#),
            is: #"""
                {"sessions":4,"visitors":3,"bounces":1,"bounce_rate":0.25,"session_duration":1050000,"pageviews":4,
                 "pages_per_session":1,
                 "entry_pages":{"rows":[{"key":"/a","sessions":2,"bounces":1,"bounce_rate":0.5}],
                                "other":{"sessions":2,"bounces":0},"distinct":3},
                 "exit_pages":{"rows":[{"key":null,"sessions":1}],"other":{"sessions":3},"distinct":4}}
                """#)
    }

    @Test("One event that matches is enough, and the rest of its session counts too")
    func matching() async throws {
        let answer = try await ask(
            lines, #"{"where":[{"dim":"event","values":["buy"]}],"range":{"from":1761955200001}}"#)
        try expect(
            answer,
            is: #"""
                {"sessions":1,"visitors":1,"bounces":0,"bounce_rate":0,"session_duration":2400000,"pageviews":2,
                 "pages_per_session":2,
                 "entry_pages":{"rows":[{"key":"/a","sessions":1,"bounces":0,"bounce_rate":0}],
                                "other":{"sessions":0,"bounces":0},"distinct":1},
                 "exit_pages":{"rows":[{"key":"/b","sessions":1}],"other":{"sessions":0},"distinct":1}}
                """#)
    }

    @Test("Nothing has no sessions, and no rates")
    func empty() async throws {
        try expect(
            try await ask(lines, #"{"range":{"from":0,"to":1}}"#),
            is: #"""
                {"sessions":0,"visitors":0,"bounces":0,"bounce_rate":null,"session_duration":null,"pageviews":0,
                 "pages_per_session":null,
                 "entry_pages":{"rows":[],"other":{"sessions":0,"bounces":0},"distinct":0},
                 "exit_pages":{"rows":[],"other":{"sessions":0},"distinct":0}}
                """#)
    }
}
