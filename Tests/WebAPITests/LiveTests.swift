import Foundation
import TestSupport
import Testing
import WebAPI

@Suite("Live queries over real sockets", .serialized)
struct LiveTests {
    private static let count = "/v1/live/aggregate?metrics=events&every=100ms"

    private static func events(_ answer: JSON) -> Int64? { answer["metrics"]?["events"]?.int }

    @Test("The answer comes at once, and again when it has changed")
    func changes() async throws {
        try await RunningServer.with("live-changes") { server in
            try await server.watch(Self.count) { stream, connection in
                #expect(stream.headers["content-type"] == "text/event-stream")
                #expect(stream.headers["cache-control"] == "no-store")
                let first = try stream.answer()
                #expect(Self.events(first) == 0)
                #expect(first["meta"]?["exact"]?.bool == true)
                for expected in 1...3 {
                    _ = try connection.request("POST", "/v1/events", body: Array(#"{"event":"a"}"#.utf8))
                    #expect(Self.events(try stream.answer()) == Int64(expected))
                }
            }
        }
    }

    @Test("An acknowledged event is in the first answer, also of a query that others watch already")
    func firstAnswer() async throws {
        try await RunningServer.with("live-first") { server in
            try await server.watch(Self.count) { _, connection in
                for expected in 1...20 {
                    _ = try connection.request("POST", "/v1/events", body: Array(#"{"event":"a"}"#.utf8))
                    let stream = try EventStream(port: server.port, target: Self.count)
                    #expect(Self.events(try stream.answer()) == Int64(expected))
                }
            }
        }
    }

    @Test("An answer that says the same is not sent again, though its meta has changed")
    func metaAlone() async throws {
        try await RunningServer.with("live-meta") { server in
            try await server.watch(Self.count) { stream, connection in
                func post(_ site: String) throws {
                    let body = Array(#"{"event":"a","site":"\#(site)"}"#.utf8)
                    _ = try connection.request("POST", "/v1/events", body: body)
                }
                try post("default")
                var last = try stream.answer()
                while Self.events(last) != 1 { last = try stream.answer() }
                let before = try connection.metric("weir_live_computations_total")
                try post("another")
                // Sealing changes the segments that meta counts, so it leads to another computation.
                _ = try connection.request("POST", "/v1/admin/flush", body: [])
                try Deadline.poll(seconds: 20, "a computation after sealing") {
                    try connection.metric("weir_live_computations_total") > before ? true : nil
                }
                try post("default")
                #expect(Self.events(try stream.answer()) == 2)
            }
        }
    }

    @Test("All who watch the same query are told of one computation")
    func shared() async throws {
        try await RunningServer.with("live-shared") { server in
            try await server.talk { connection in
                let streams = try (0..<20).map { _ in try EventStream(port: server.port, target: Self.count) }
                for stream in streams { #expect(Self.events(try stream.answer()) == 0) }
                #expect(try connection.metric("weir_live_watchers") == 20)
                #expect(try connection.metric("weir_live_queries") == 1)
                let before = try connection.metric("weir_live_computations_total")
                _ = try connection.request("POST", "/v1/events", body: Array(#"{"event":"a"}"#.utf8))
                for stream in streams { #expect(Self.events(try stream.answer()) == 1) }
                #expect(try connection.metric("weir_live_computations_total") - before <= 5)
                #expect(try connection.metric("weir_live_answers_total") >= 40)
                // As is one that is written differently but for white space.
                let same = "/v1/live/aggregate?q=%7B%22metrics%22%3A%20%5B%22events%22%5D%7D&every=100ms"
                let stream = try EventStream(port: server.port, target: same)
                #expect(Self.events(try stream.answer()) == 1)
                #expect(try connection.metric("weir_live_queries") == 1)
            }
        }
    }

    @Test("A relative range moves with the clock")
    func clock() async throws {
        try await RunningServer.with("live-clock") { server in
            try await server.watch("/v1/live/aggregate?metrics=events&last=2s&every=100ms") { stream, connection in
                _ = try connection.request("POST", "/v1/events", body: Array(#"{"event":"a"}"#.utf8))
                var answer = try stream.answer()
                while Self.events(answer) == 0 { answer = try stream.answer() }
                #expect(Self.events(answer) == 1)
                #expect(Self.events(try stream.answer()) == 0)
            }
        }
    }

    @Test("What is wrong with a query is said before the stream begins")
    func errors() async throws {
        try await RunningServer.with("live-errors") { server in
            let cases = [
                ("/v1/live/nothing", 404, "unknown_kind"),
                ("/v1/live/top?by=contry", 400, "unknown_dimension"),
                ("/v1/live/top?by=path&every=soon", 400, "invalid_duration"),
                ("/v1/live/top?by=path&every=1ms", 400, "invalid_duration"),
                ("/v1/live/top?by=path&every=2h", 400, "invalid_duration"),
                ("/v1/live/aggregate?q=%7B%22every%22:%221s%22%7D&every=1s", 400, "invalid_query"),
                ("/v1/live/aggregate?q=%7B", 400, "invalid_json"),
            ]
            for (target, status, code) in cases {
                let answer = try await server.request("GET", target)
                #expect(answer.status == status, "\(target)")
                #expect(try answer.json()["code"]?.text == code, "\(target)")
            }
            let posted = try await server.request("POST", "/v1/live/aggregate", body: "{}")
            #expect(posted.status == 405)
            let head = try await server.request("HEAD", Self.count)
            #expect(head.status == 200)
            #expect(head.headers["content-type"] == "text/event-stream")
            #expect(try await server.talk { try $0.metric("weir_live_watchers") } == 0)
        }
    }

    @Test("Watchers and different live queries are limited, and there is room again when they leave")
    func limits() async throws {
        try await RunningServer.with(
            "live-limits",
            configure: {
                $0.live.watchers = 3
                $0.live.queries = 2
            }
        ) { server in
            try await server.talk { connection in
                func refusal(_ target: String) throws -> String? {
                    do {
                        _ = try EventStream(port: server.port, target: target)
                        return nil
                    } catch let refused as EventStream.Refused {
                        #expect(refused.response.status == 429)
                        #expect(refused.response.headers["retry-after"] == "1")
                        return try refused.response.json()["code"]?.text
                    }
                }
                do {
                    let one = try EventStream(port: server.port, target: Self.count)
                    let two = try EventStream(port: server.port, target: "/v1/live/aggregate?site=two")
                    #expect(try refusal("/v1/live/aggregate?site=three") == "too_many_live_queries")
                    let again = try EventStream(port: server.port, target: Self.count)
                    #expect(try refusal(Self.count) == "too_many_watchers")
                    withExtendedLifetime((one, two, again)) {}
                }
                try Deadline.poll(seconds: 20, "the watchers to leave") {
                    let left = try connection.metric("weir_live_watchers") + connection.metric("weir_live_queries")
                    return left == 0 ? true : nil
                }
                #expect(try refusal("/v1/live/aggregate?site=three") == nil)
            }
        }
    }

    @Test("A watcher that does not read is dropped, and the others hear on")
    func slowReader() async throws {
        try await RunningServer.with(
            "live-slow",
            configure: {
                $0.live.queue = 2
                $0.live.tick = .milliseconds(20)
            }
        ) { server in
            try await server.talk { connection in
                // Answers of some megabytes, so that the sockets' own buffers are soon full.
                let padding = String(repeating: "x", count: 190)
                let lines = (0..<20_000).map { #"{"event":"a","props":{"k":"\#($0)\#(padding)"}}"# }
                _ = try connection.request("POST", "/v1/events", body: Array(lines.joined(separator: "\n").utf8))
                let target = "/v1/live/top?by=props.k&metrics=events&limit=100000&every=100ms"
                let slow = try EventStream(port: server.port, target: target, receiveBuffer: 4_096)
                let good = try EventStream(port: server.port, target: Self.count)
                var events = Self.events(try good.answer()) ?? 0
                #expect(events == 20_000)
                try Deadline.poll(seconds: 60, "the slow watcher to be dropped") {
                    _ = try connection.request("POST", "/v1/events", body: Array(#"{"event":"a"}"#.utf8))
                    events = Self.events(try good.answer()) ?? 0
                    return try connection.metric("weir_live_dropped_total") == 1 ? true : nil
                }
                try Deadline.poll(seconds: 20, "the slow watcher to be gone") {
                    try connection.metric("weir_live_watchers") == 1 ? true : nil
                }
                _ = try connection.request("POST", "/v1/events", body: Array(#"{"event":"a"}"#.utf8))
                #expect(Self.events(try good.answer()) == events + 1)
                withExtendedLifetime(slow) {}
            }
        }
    }

    @Test("A stream without news says now and then that it is alive")
    func heartbeat() async throws {
        try await RunningServer.with("live-heartbeat", configure: { $0.live.heartbeat = .milliseconds(50) }) { server in
            try await server.watch(Self.count) { stream, _ in
                _ = try stream.answer()
                for _ in 0..<3 { #expect(try stream.next()?.isComment == true) }
            }
        }
    }
}

extension RunningServer {
    /// Opens a live stream and a connection beside it.
    func watch<Result: Sendable>(
        _ target: String, _ body: @escaping @Sendable (EventStream, HTTPConnection) throws -> Result
    ) async throws -> Result {
        try await talk { [port] connection in
            try body(try EventStream(port: port, target: target), connection)
        }
    }
}

extension HTTPConnection {
    /// A metric without labels.
    func metric(_ name: String) throws -> Int {
        let text = try request("GET", "/metrics").text
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name + " ") }),
            let value = line.split(separator: " ").last.flatMap({ Int($0) })
        else { throw HarnessError("no metric \(name)") }
        return value
    }
}
