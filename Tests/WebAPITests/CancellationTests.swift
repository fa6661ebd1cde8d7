import Foundation
import Queries
import TestSupport
import Testing
import WebAPI

@Suite("Queries whose client goes away", .serialized)
struct CancellationTests {
    /// A query that takes a while: every event is a key of its own.
    private static let query = #"{"by":["props.k","visitor"],"metrics":["sessions","visitors"],"cache":false}"#

    private static func fill(_ connection: HTTPConnection) throws {
        for batch in 0..<5 {
            let lines = (0..<20_000).map { #"{"event":"a","visitor":"v\#($0)","props":{"k":"\#(batch)-\#($0)"}}"# }
            let answer = try connection.request(
                "POST", "/v1/events", body: Array(lines.joined(separator: "\n").utf8))
            #expect(answer.status == 200)
        }
    }

    /// Number of requests that ended because their client had gone.
    private static func stopped(_ connection: HTTPConnection) throws -> Int {
        let text = try connection.request("GET", "/metrics").text
        let line = text.split(separator: "\n").first {
            $0.hasPrefix("weir_http_requests_total") && $0.contains(#"path="/v1/query/{kind}",status="499""#)
        }
        return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }

    @Test("K4: A query is stopped when its client closes the connection, running or waiting")
    func stops() async throws {
        try await RunningServer.with("cancellation") { server in
            try await server.talk { connection in
                try Self.fill(connection)
                let head = "POST /v1/query/top HTTP/1.1\r\nHost: x\r\nContent-Length: \(Self.query.utf8.count)\r\n\r\n"
                // A query may be answered before its client has gone; several at once keep the threads busy.
                try Deadline.poll(seconds: 60, "queries to be stopped") {
                    for _ in 0..<8 {
                        let leaving = try HTTPConnection(port: server.port)
                        try leaving.send(Array((head + Self.query).utf8))
                    }
                    return try Self.stopped(connection) >= 8 ? true : nil
                }
                try Deadline.poll(seconds: 30, "the threads to be free") {
                    try connection.metric("weir_queries_in_progress") == 0 ? true : nil
                }
                // The answer to whoever stays is whole.
                let answer = try connection.request("POST", "/v1/query/top", body: Array(Self.query.utf8))
                #expect(answer.status == 200)
                #expect(try answer.json()["distinct"]?.int == 100_000)
            }
        }
    }

    @Test("What a query may hold is a setting, and more is refused with its name")
    func memory() async throws {
        try await RunningServer.with("query-memory", configure: { $0.queries.memoryBytes = 2 << 20 }) { server in
            try await server.talk { connection in
                try Self.fill(connection)
                let refused = try connection.request("POST", "/v1/query/top", body: Array(Self.query.utf8))
                #expect(refused.status == 400)
                #expect(try refused.json()["code"]?.text == "memory_limit")
                #expect(refused.text.contains("queryMemory"))
                let answer = try connection.request("POST", "/v1/query/aggregate", body: Array("{}".utf8))
                #expect(answer.status == 200)
            }
        }
    }
}
