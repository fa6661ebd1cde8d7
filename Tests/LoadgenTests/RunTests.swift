import Foundation
import Histogram
import LoadgenCore
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite("Runs against a server", .timeLimit(.minutes(2)))
struct RunTests {
    private func options(_ url: TargetURL, events: Int? = 1000, batch: Int = 100) -> RunOptions {
        let stream = LoadRunner.stream(rate: 0, visitors: 500, seed: 11, site: "shop")
        var options = RunOptions(target: .http(url), source: .generated(stream))
        options.events = events
        options.batch = batch
        return options
    }

    /// Every event sent has come to exactly one end.
    private func isBalanced(_ report: RunReport) -> Bool {
        report.eventsSent
            == report.accepted + report.duplicate + report.rejected + report.failed + report.unanswered
    }

    @Test("Every event is sent once and counted from the answers")
    func counts() async throws {
        try await TestServer.run { url, server in
            let report = try await LoadRunner(options(url)).run()
            #expect(report.accepted == 1000)
            #expect(report.eventsSent == 1000)
            #expect(report.requests == 10)
            #expect(report.errors.isEmpty)
            #expect(report.failure == nil)
            #expect(report.latencyMilliseconds != nil)
            #expect(report.seed == 11)
            let requests = server.received
            #expect(requests.allSatisfy { $0.uri == "/v1/events" && $0.contentType == "application/x-ndjson" })
            #expect(requests.map(\.body.utf8.count).reduce(0, +) == report.bytesSent)
            let events = try requests.flatMap { $0.body.split(separator: "\n") }.map {
                try JSONDecoder().decode(ReadEvent.self, from: Data($0.utf8))
            }
            #expect(Set(events.compactMap(\.id)).count == 1000)
            #expect(events.allSatisfy { $0.site == "shop" })
            // Sent as of now, not as of the generator's days.
            let today = Date.now.formatted(.iso8601).prefix(4)
            #expect(events.allSatisfy { $0.time.hasPrefix(today) })
        }
    }

    @Test("After 429 the same events are sent again when the server wants them")
    func tooManyRequests() async throws {
        try await TestServer.run({ $0 == 2 ? .refuse(429, retryAfter: "0") : .accept }) { url, server in
            let report = try await LoadRunner(options(url)).run()
            #expect(report.accepted == 1000)
            #expect(report.retries == 1)
            #expect(report.errors == ["429": 1])
            #expect(report.firstError == "429 refused")
            #expect(isBalanced(report))
            let bodies = server.received.map(\.body)
            #expect(bodies.count == 11)
            #expect(bodies.count { $0 == bodies[2] } == 2)
        }
    }

    @Test("A server that never gets ready is given up after a bounded number of tries")
    func neverReady() async throws {
        try await TestServer.run({ _ in .refuse(503, retryAfter: "0") }) { url, server in
            let report = try await LoadRunner(options(url, events: 100)).run()
            #expect(report.failed == 100)
            #expect(report.accepted == 0)
            #expect(server.received.count == 10)
            #expect(report.errors == ["503": 10])
            #expect(isBalanced(report))
        }
    }

    @Test("Other errors are counted by status and not tried again")
    func badRequests() async throws {
        try await TestServer.run({ $0 == 0 ? .refuse(400) : .accept }) { url, server in
            let report = try await LoadRunner(options(url)).run()
            #expect(report.failed == 100)
            #expect(report.accepted == 900)
            #expect(report.errors == ["400": 1])
            #expect(server.received.count == 10)
            #expect(isBalanced(report))
        }
    }

    @Test("A cut connection is opened again, and what was under way is sent again")
    func cutConnections() async throws {
        try await TestServer.run({ $0 % 4 == 1 ? .cut : .accept }) { url, _ in
            let report = try await LoadRunner(options(url)).run()
            #expect(report.accepted == 1000)
            #expect(report.retries > 0)
            #expect(report.errors["connection"] == report.retries)
            #expect(isBalanced(report))
        }
    }

    @Test("A connection that the server closes after an answer is no error")
    func closedConnections() async throws {
        try await TestServer.run({ _ in .acceptAndClose }) { url, _ in
            let report = try await LoadRunner(options(url)).run()
            #expect(report.accepted == 1000)
            #expect(report.errors.isEmpty)
            #expect(report.retries == 0)
        }
    }

    @Test("Single events go as JSON, with header fields of one's own, from several threads")
    func beacons() async throws {
        try await TestServer.run { url, server in
            var options = options(url, events: 40, batch: 1)
            options.threads = 2
            options.connections = 3
            options.headers = [(name: "Authorization", value: "Bearer k")]
            let report = try await LoadRunner(options).run()
            #expect(report.accepted == 40)
            #expect(report.requests == 40)
            #expect(
                server.received.allSatisfy { $0.contentType == "application/json" && $0.authorization == "Bearer k" })
        }
    }

    @Test("At a rate, the run ends with its time and keeps to the number that was due")
    func openLoop() async throws {
        try await TestServer.run { url, _ in
            var options = options(url, events: nil, batch: 10)
            options.rate = 1000
            options.duration = DurationText("500ms")
            let report = try await LoadRunner(options).run()
            #expect(report.eventsSent + report.unsent == 500)
            #expect(report.accepted == report.eventsSent)
        }
    }

    @Test("A request that waits behind a slow answer is charged for the wait")
    func coordinatedOmission() async throws {
        // The first answer takes 400 ms, in which the only connection could not send what was due.
        try await TestServer.run({ $0 == 0 ? .stall(milliseconds: 400) : .accept }) { url, _ in
            var options = options(url, events: 40, batch: 1)
            options.rate = 100
            options.connections = 1
            let report = try await LoadRunner(options).run()
            let latency = try #require(report.latencyMilliseconds)
            #expect(report.accepted == 40)
            #expect(latency.max >= 400)
            // Due every 10 ms, half of them in the first 200 ms: none of those was answered before 400 ms.
            #expect(latency.p50 >= 190)
        }
    }

    @Test("What is due in the warm-up is sent and not measured")
    func warmup() async throws {
        try await TestServer.run { url, server in
            var options = options(url, events: 30, batch: 1)
            options.rate = 100
            options.warmup = DurationText("200ms")
            let report = try await LoadRunner(options).run()
            #expect(report.accepted == 30)
            #expect(server.received.count == 30)
            let histogram = try HistogramCode.decode(try #require(report.histogram))
            #expect(histogram.totalCount == 10)
        }
    }

    @Test("Slow clients send everything, a few bytes at a time")
    func slowClients() async throws {
        try await TestServer.run { url, _ in
            var options = options(url, events: 6, batch: 1)
            options.slowClients = 0.5
            options.connections = 2
            let report = try await LoadRunner(options).run()
            #expect(report.accepted == 6)
            #expect(report.errors.isEmpty)
        }
    }

    @Test("The pixel gets an event's fields as parameters")
    func pixel() async throws {
        try await TestServer.run { url, server in
            var options = options(url, events: 20, batch: 1)
            options.target = .pixel(url)
            let report = try await LoadRunner(options).run()
            #expect(report.accepted == 20)
            for request in server.received {
                let parts = try #require(URLComponents(string: request.uri))
                #expect(parts.path == "/v1/pixel.gif")
                let items = Dictionary(
                    (parts.queryItems ?? []).map { ($0.name, $0.value ?? "") }, uniquingKeysWith: { first, _ in first })
                #expect(items["site"] == "shop")
                #expect(items["event"]?.isEmpty == false)
                #expect(items["visitor"]?.utf8.count == 11)
                #expect(items["url"]?.hasPrefix("https://shop.example/") == true)
                #expect(items["props.ab_variant"] != nil)
            }
        }
    }

    @Test("Queries are asked beside the events, and counted apart")
    func queries() async throws {
        try await TestServer.run { url, server in
            var options = options(url, events: 50, batch: 1)
            options.rate = 100
            options.queries = RunOptions.QueryLoad(url: url, rate: 50, site: "shop")
            let report = try await LoadRunner(options).run()
            #expect(report.accepted == 50)
            let queries = try #require(report.queries)
            #expect(queries.requests > 0 && queries.failed == 0)
            let asked = server.received.filter { $0.uri.hasPrefix("/v1/query/") }
            #expect(asked.count >= queries.answered)
            for request in asked {
                let body = try JSONSerialization.jsonObject(with: Data(request.body.utf8)) as? [String: Any]
                #expect(body?["site"] as? String == "shop")
            }
        }
    }

    @Test("A file's lines are sent as they are")
    func files() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("loadgen-\(UUID().uuidString).ndjson")
        let bytes = try streamBytes(GeneratorOptions(events: 777, seed: 5))
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try await TestServer.run { url, server in
            let prefixed = try #require(TargetURL("\(url)/collect"))
            var options = RunOptions(target: .http(prefixed), source: .file(file.path))
            options.connections = 1
            options.backfill = true
            options.site = "a b"
            let report = try await LoadRunner(options).run()
            #expect(report.accepted == 777)
            #expect(report.bytesSent == bytes.count)
            #expect(report.seed == nil)
            #expect(server.received.allSatisfy { $0.uri == "/collect/v1/events?backfill=true&site=a%20b" })
            #expect(server.received.map(\.body).joined() == String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test("A file that is not there, and a server that is not there, are errors in words")
    func unreachable() async throws {
        let closed = try #require(TargetURL("http://127.0.0.1:1"))
        await #expect {
            _ = try await LoadRunner(options(closed)).run()
        } throws: { error in
            "\(error)" == "cannot connect to 127.0.0.1:1: Connection refused"
        }
        await #expect {
            _ = try await LoadRunner(RunOptions(target: .http(closed), source: .file("/nonexistent/file"))).run()
        } throws: { error in
            "\(error)".hasPrefix("cannot read /nonexistent/file: ")
        }
    }

    @Test("Datagrams hold whole events and keep within their limit")
    func datagrams() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let received = Mutex<[String]>([])
        try await withDatagramSink(group, { text in received.withLock { $0.append(text) } }) { address in
            let stream = LoadRunner.stream(rate: 0, visitors: 100, seed: 1, site: nil)
            var options = RunOptions(target: .udp(address), source: .generated(stream))
            options.events = 600
            options.batch = 200
            options.rate = 10_000
            let report = try await LoadRunner(options).run()
            #expect(report.eventsSent == 600)
            #expect(report.requests > 3)
            #expect(report.latencyMilliseconds == nil)
            while received.withLock({ $0.count }) < report.requests { try await Task.sleep(for: .milliseconds(5)) }
        }
        let texts = received.withLock { $0 }
        #expect(texts.allSatisfy { $0.utf8.count <= RunOptions.datagramByteLimit })
        let events = try texts.flatMap { $0.split(separator: "\n") }.map {
            try JSONDecoder().decode(ReadEvent.self, from: Data($0.utf8))
        }
        #expect(Set(events.compactMap(\.id)).count == 600)
        try await group.shutdownGracefully()
    }

    @Test("Reports read well as a table and as JSON")
    func reports() async throws {
        try await TestServer.run { url, _ in
            let report = try await LoadRunner(options(url)).run()
            let table = report.table
            #expect(table.contains("accepted   ") && table.contains("1,000") && table.contains("latency p99.9"))
            let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any]
            #expect(json?["accepted"] as? Int == 1000)
            #expect(json?["events_sent"] as? Int == 1000)
            #expect((json?["latency_ms"] as? [String: Any])?["p99.9"] != nil)
        }
    }

    @Test("Progress is one line, with the speed since the last one")
    func progress() {
        let first = RunProgress(elapsedSeconds: 1.02, sent: 2040, answered: 2000)
        let second = RunProgress(elapsedSeconds: 2.02, sent: 1_234_567, answered: 1_234_567, failed: 3, retries: 1)
        #expect(first.line(since: nil) == "1 s  2,040 events sent, 2,000 answered, 2,000/s")
        #expect(
            second.line(since: first)
                == "2 s  1,234,567 events sent, 1,234,567 answered, 1,232,527/s, 3 failed, 1 sent again")
    }

    @Test("A run reports its progress while it lasts")
    func reportsProgress() async throws {
        try await TestServer.run { url, _ in
            var options = options(url, events: nil, batch: 10)
            options.rate = 500
            options.duration = DurationText("2s")
            let seen = Mutex<[RunProgress]>([])
            let report = try await LoadRunner(options).run { progress in seen.withLock { $0.append(progress) } }
            let last = try #require(seen.withLock { $0.last })
            #expect(last.sent > 0 && last.sent <= report.eventsSent)
            #expect(last.answered <= last.sent)
        }
    }
}
