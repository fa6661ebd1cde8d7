import Foundation
import TestSupport
import Testing
import WebAPI

@Suite("The front", .serialized, .timeLimit(.minutes(3)))
struct FrontTests {
    private static func post(
        _ body: String, target: String = "/v1/events", fields: String = "", closes: Bool = false
    ) -> String {
        "POST \(target) HTTP/1.1\r\nHost: x\r\n\(fields)\(closes ? "Connection: close\r\n" : "")"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static func event(_ id: String, site: String = "s") -> String {
        #"{"event":"a","visitor":"v","id":"\#(id)","site":"\#(site)"}"#
    }

    /// The whole number of a metric, 0 where there is none of that name.
    private static func metric(_ name: String, _ connection: HTTPConnection) throws -> Int {
        let text = try connection.request("GET", "/metrics").text
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { Int($0.dropFirst(name.count + 1)) } ?? 0
    }

    @Test("E6 Requests in a pipeline are answered in their order, each for itself")
    func pipeline() async throws {
        try await RunningServer.with("pipeline") { server in
            try await server.talk { connection in
                let bodies = [
                    Self.event("1"), Self.event("1"), #"{"visitor":"v"}"#, "no JSON", Self.event("2") + "\n",
                    "[\(Self.event("3")),\(Self.event("1"))]", "\(Self.event("4"))\n{}\n", Self.event("5"),
                ]
                try connection.send(Array(bodies.map { Self.post($0) }.joined().utf8))
                let answers = try bodies.map { _ in try connection.raw([]) }
                #expect(answers.map(\.status) == [200, 200, 200, 400, 200, 200, 200, 200])
                let counts = try answers.filter { $0.status == 200 }.map { answer in
                    let json = try answer.json()
                    return [json["accepted"]?.int, json["duplicate"]?.int, json["rejected"]?.int]
                }
                #expect(counts == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 0, 0]])
                #expect(try answers[2].json()["errors"]?.array?.first?["code"]?.text == "missing_event")
                #expect(try answers[3].json()["code"]?.text == "not_an_object" || answers[3].status == 400)
                let grouped = try Self.metric("weir_http_grouped_requests_total", connection)
                #expect(grouped >= 4)
            }
        }
    }

    @Test("A connection that asks for something else goes to the HTTP library, with what it has sent already")
    func handOver() async throws {
        try await RunningServer.with("hand over") { server in
            try await server.talk { connection in
                try connection.send(
                    Array(
                        (Self.post(Self.event("1")) + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                            + Self.post(Self.event("1"))).utf8))
                #expect(try connection.raw([]).json()["accepted"]?.int == 1)
                #expect(try connection.raw([]).text == "ok\n")
                #expect(try connection.raw([]).json()["duplicate"]?.int == 1)
                #expect(try Self.metric("weir_http_connections_handed_over_total", connection) == 1)
            }
        }
    }

    @Test("A request may come in pieces of any size")
    func pieces() async throws {
        try await RunningServer.with("pieces") { server in
            try await server.talk { connection in
                let bytes = Array((Self.post(Self.event("1")) + Self.post(Self.event("2"))).utf8)
                for byte in bytes { try connection.send([byte]) }
                #expect(try connection.raw([]).json()["accepted"]?.int == 1)
                #expect(try connection.raw([]).json()["accepted"]?.int == 1)
                let large = #"{"event":"a","visitor":"v","title":"\#(String(repeating: "t", count: 6000))"}"#
                #expect(try connection.raw(Array(Self.post(large).utf8)).json()["accepted"]?.int == 1)
            }
        }
    }

    @Test("E6 A client that closes its side after its request gets its answer, and one that wants to close is let go")
    func halfClose() async throws {
        try await RunningServer.with("half close") { server in
            try await server.talk { connection in
                try connection.send(Array(Self.post(Self.event("1")).utf8))
                connection.finishWriting()
                #expect(try connection.raw([]).json()["accepted"]?.int == 1)
                #expect(try connection.rest().isEmpty)
            }
            try await server.talk { connection in
                let answer = try connection.raw(Array(Self.post(Self.event("2"), closes: true).utf8))
                #expect(answer.headers["connection"] == "close")
                #expect(try connection.rest().isEmpty)
            }
        }
    }

    @Test("Many connections' events are committed together, each once, and each is told its own")
    func together() async throws {
        try await RunningServer.with("together") { server in
            let rounds = 20
            try await withThrowingTaskGroup(of: Int.self) { tasks in
                for client in 0..<16 {
                    tasks.addTask {
                        try await server.talk { connection in
                            var accepted = 0
                            for round in 0..<rounds {
                                // Two clients each send the same ids; one of them is told that it is the first.
                                let id = "\(client / 2)-\(round)"
                                let answer = try connection.raw(Array(Self.post(Self.event(id)).utf8)).json()
                                #expect((answer["accepted"]?.int ?? 0) + (answer["duplicate"]?.int ?? 0) == 1)
                                accepted += Int(answer["accepted"]?.int ?? 0)
                            }
                            return accepted
                        }
                    }
                }
                let accepted = try await tasks.reduce(0, +)
                #expect(accepted == 8 * rounds)
            }
            let answer = try await server.request(
                "GET", "/v1/query/aggregate?site=s&range=all&metrics=events")
            #expect(try answer.json()["metrics"]?["events"]?.int == Int64(8 * rounds))
        }
    }

    @Test(
        "E5 What is no proper request is refused or the connection closed, and nothing is stored",
        arguments: [
            "POST /v1/events HTTP/1.1\r\nContent-Length: 27\r\n\r\n",
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 27\r\n\r\n",
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 27\r\nContent-Length: 26\r\n\r\n",
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 27\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
            "POST /v1/events HTTP/1.1\nHost: x\nContent-Length: 27\n\n",
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 27\r\nA: b\r\n c\r\n\r\n",
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length : 27\r\n\r\n",
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nA: \u{0}\r\nContent-Length: 27\r\n\r\n",
            "P\u{0}ST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 27\r\n\r\n",
            "POST /v1/events HTTP/9.9\r\nHost: x\r\nContent-Length: 27\r\n\r\n", "POST /v1/events\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{FC}\u{3}\u{3}\r\n\r\n",
        ])
    func improper(_ head: String) async throws {
        try await RunningServer.with("improper") { server in
            try await server.talk { connection in
                // Our side is closed, so that a server that waits for more waits in vain.
                try connection.send(Array((head + #"{"event":"a","visitor":"v"}"#).utf8))
                connection.finishWriting()
                let answer = try? connection.raw([])
                #expect(answer.map { (400..<600).contains($0.status) } ?? true, "\(answer?.status ?? 0)")
            }
            let metrics = try await server.request("GET", "/metrics")
            #expect(metrics.text.contains("\nweir_events_accepted_total 0\n"), "\(head.debugDescription)")
        }
    }

    @Test("E3 E4 What is too long is told so: a URL, a head, a body")
    func tooLong() async throws {
        try await RunningServer.with("too long") { server in
            for (request, status) in [
                ("GET /healthz?\(String(repeating: "x", count: 10_000)) HTTP/1.1\r\nHost: x\r\n\r\n", 414),
                ("GET /healthz HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "x", count: 100_000))\r\n\r\n", 431),
                ("GET /healthz HTTP/1.1\r\nHost: x\r\n\(String(repeating: "A: b\r\n", count: 300))\r\n", 431),
                ("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413),
                ("GET /healthz HTTP/1.1\r\n\r\n", 400), ("GET /healthz HTTP/1.0\r\n\r\n", 200),
            ] {
                let answer = try await server.talk { try $0.raw(Array(request.utf8)) }
                #expect(answer.status == status, "\(request.prefix(60))")
            }
        }
    }

    @Test("E9 A server that stops answers what it has, closes the idle connections, and ends")
    func stopping() async throws {
        let idle = Idle()
        try await RunningServer.with("stopping") { server in
            for _ in 0..<8 {
                try await server.talk { (connection) throws -> Void in
                    let answer = try connection.raw(Array(Self.post(Self.event("1")).utf8))
                    #expect(answer.status == 200)
                    idle.keep(connection)
                }
            }
        }
        // The server has ended although eight clients kept their connections.
        let rests = try idle.connections.map { try $0.rest() }
        #expect(rests.allSatisfy(\.isEmpty) && rests.count == 8)
    }

    /// Connections that outlive their server. Unchecked: one thread after the other uses them.
    private final class Idle: @unchecked Sendable {
        var connections: [HTTPConnection] = []

        func keep(_ connection: HTTPConnection) { connections.append(connection) }
    }
}
