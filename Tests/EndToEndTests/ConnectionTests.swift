import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Connections", .timeLimit(.minutes(4)))
    struct ConnectionTests {
        private static let event = #"{"event":"a","visitor":"v","site":"c"}"#

        private static func post(_ connection: HTTPConnection) throws -> Int {
            try connection.request("POST", "/v1/events", body: Array(event.utf8)).status
        }

        /// The whole number of a metric.
        private static func metric(_ name: String, _ process: ServerProcess) throws -> Int {
            let text = try process.connect().request("GET", "/metrics").text
            let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            guard let number = line.flatMap({ Int($0.dropFirst(name.count + 1)) }) else {
                throw HarnessError("no \(name) in the metrics")
            }
            return number
        }

        @Test("C4 With few files, connections wait for others to end, and those that are there are served")
        func fewFiles() throws {
            let folder = try TemporaryFolder("few files")
            let process = try ServerProcess(directory: folder.path, files: 160)
            // A quarter of the files are for connections.
            var connections = try (0..<60).map { _ in try process.connect() }
            #expect(try Self.post(connections[0]) == 200)
            let last = connections.removeLast()
            let request = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: \(Self.event.utf8.count)\r\n\r\n"
            try last.send(Array((request + Self.event).utf8))
            #expect(try Self.post(connections[0]) == 200)
            connections.removeSubrange(1...)
            #expect(try last.raw([]).status == 200)
            #expect(try Self.post(connections[0]) == 200)
            #expect(try Self.metric("weir_http_accept_pauses_total", process) > 0)
            #expect(try process.terminate() == 0)
        }

        @Test("E2 Connections that are dropped at any point leave nothing behind")
        func dropped() throws {
            let server = try TestServer()
            let request = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: \(Self.event.utf8.count)\r\n\r\n"
            let bytes = Array((request + Self.event).utf8)
            let before = try Self.metric("weir_http_connections", server.process)
            let other = Array("GET /v1/query/top?by=path HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
            for round in 0..<300 {
                let connection = try server.process.connect()
                try connection.send(Array(bytes.prefix(round % (bytes.count + 1))))
                let second = try server.process.connect()
                try second.send(Array(other.prefix(round % (other.count + 1))))
            }
            _ = try Deadline.poll(seconds: 60, "the connections to end") {
                try Self.metric("weir_http_connections", server.process) <= before ? true : nil
            }
            #expect(try Self.post(try server.process.connect()) == 200)
            try server.expectSound()
        }

        @Test("E1 A head that drips has an end, however steadily it drips, and costs nobody else anything")
        func drips() throws {
            let server = try TestServer()
            let beginnings = [
                "POST /v1/events HTTP/1.1\r\nHost: x\r\nA: ", "GET /healthz HTTP/1.1\r\nHost: x\r\nA: ",
                "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n",
            ]
            var dripping = try (0..<12).map { number in
                let connection = try server.process.connect()
                try connection.send(Array(beginnings[number % 3].utf8))
                return connection
            }
            let healthy = try server.process.connect()
            // A minute and a half at the most; limits are 15 s for a head and 30 s for a small body.
            for _ in 0..<180 where !dripping.isEmpty {
                dripping = dripping.filter { connection in (try? connection.send([0x61])) != nil }
                #expect(try Self.post(healthy) == 200)
                Thread.sleep(forTimeInterval: 0.5)
            }
            #expect(dripping.isEmpty)
            let text = try server.client.connection.request("GET", "/metrics").text
            #expect(text.contains("weir_http_connections_ended_total{reason=\"head\"} 4"))
            #expect(text.contains("weir_http_connections_ended_total{reason=\"body\"} 4"))
            try server.expectSound()
        }
    }
}
