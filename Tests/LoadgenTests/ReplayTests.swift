import Foundation
import LoadgenCore
import Testing

@Suite("Replays")
struct ReplayTests {
    @Test(
        "An event's time is found",
        arguments: [
            (#"{"time":"2026-01-01T00:00:01.5Z","event":"x"}"#, 1_767_225_601_500),
            (#"{"event":"x","props":{"time":"no"},"time": 1767225601500}"#, 1_767_225_601_500),
            (#"{"event":"time","visitor":"\"time\":1","time":"2026-01-01T02:00:00+02:00"}"#, 1_767_225_600_000),
        ] as [(String, Int64)])
    func eventTimes(line: String, time: Int64) {
        #expect(ReplayTime.ofEvent(Array(line.utf8)) == time)
    }

    @Test("Anything else has no time", arguments: [#"{"event":"x"}"#, #"{"time":"soon"}"#, "x", "", #"{"time":"#])
    func noTimes(line: String) {
        #expect(ReplayTime.ofEvent(Array(line.utf8)) == nil)
    }

    @Test("A line of an access log becomes a page view")
    func accessLog() throws {
        let line =
            #"203.0.113.7 - frank [10/Oct/2026:13:55:36 -0700] "GET /a?b=\"c\" HTTP/1.1" 200 2326 "https://r.example/" "Mozilla/5.0 (X)""#
        let entry = try #require(AccessLogEntry(Array(line.utf8)))
        #expect(entry.time == 1_791_665_736_000)
        let event = try JSONSerialization.jsonObject(with: Data(entry.event)) as? [String: Any]
        #expect(event?["event"] as? String == "page_view")
        #expect(event?["url"] as? String == #"https://log.example/a?b="c""#)
        #expect(event?["referrer"] as? String == "https://r.example/")
        #expect(event?["user_agent"] as? String == "Mozilla/5.0 (X)")
        #expect(event?["time"] as? Int == 1_791_665_736_000)
        #expect(!String(decoding: entry.event, as: UTF8.self).contains("203.0.113.7"))
        for bad in ["", "x", "h - - [bad] \"GET / HTTP/1.1\" 200 1", "h - - [10/Oct/2026:13:55:36 -0700] nothing"] {
            #expect(AccessLogEntry(Array(bad.utf8)) == nil)
        }
    }

    @Test("A file is replayed in its own time, so many times as fast")
    func replay() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("loadgen-\(UUID().uuidString).ndjson")
        defer { try? FileManager.default.removeItem(at: path) }
        // A burst of three, then one 40 s later.
        let lines = [0, 1, 2, 40_000].map { #"{"event":"e","time":\#(1_767_225_600_000 + $0)}"# }
        try Data(lines.joined(separator: "\n").utf8).write(to: path)
        try await TestServer.run { url, server in
            var options = RunOptions(target: .http(url), source: .replay(path.path, .ndjson, speed: 100))
            options.backfill = true
            let report = try await LoadRunner(options).run()
            #expect(report.accepted == 4)
            #expect(report.elapsedSeconds >= 0.4)
            #expect(server.received.map { $0.body.split(separator: "\n").count } == [3, 1])
            #expect(server.received.map(\.body).joined() == lines.joined(separator: "\n") + "\n")
        }
    }
}
