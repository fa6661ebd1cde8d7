import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Live queries")
    struct LiveTests {
        private static let target = "/v1/live/aggregate?metrics=events&every=100ms"

        @Test("A stream ends when the server shuts down, which it does not keep from ending")
        func drain() throws {
            let server = try TestServer()
            let stream = try EventStream(port: server.process.port, target: Self.target)
            #expect(try stream.answer()["metrics"]?["events"]?.int == 0)
            server.process.signal(SIGTERM)
            while let message = try stream.next() { #expect(message.fields["event"] != "error") }
            #expect(try server.process.wait(seconds: 20) == 0)
        }

        @Test("Watchers hear of events that come over UDP and of a visitor's erasure, with identical last answers")
        func everySource() throws {
            let server = try TestServer()
            let streams = try (0..<3).map { _ in try EventStream(port: server.process.port, target: Self.target) }
            for stream in streams { #expect(try stream.answer()["metrics"]?["events"]?.int == 0) }
            try DatagramSender(port: server.process.datagramPort).send(#"{"event":"a","visitor":"gone"}"#)
            for stream in streams { #expect(try stream.answer()["metrics"]?["events"]?.int == 1) }
            let connection = try server.process.connect()
            #expect(try connection.request("DELETE", "/v1/visitors/gone").status == 200)
            for stream in streams { #expect(try stream.answer()["metrics"]?["events"]?.int == 0) }
            try server.expectSound()
        }

        @Test("Every kind of query can be watched")
        func kinds() throws {
            let server = try TestServer()
            let connection = try server.process.connect()
            let body = Array(#"{"event":"a","visitor":"v","url":"https://a.test/p"}"#.utf8)
            #expect(try connection.request("POST", "/v1/events", body: body).status == 200)
            let queries = [
                ("top?by=path", "rows"), ("timeseries?interval=day", "rows"), ("funnel?steps=a,b&window=1h", "steps"),
                ("events?limit=1", "events"), ("values?dim=path", "values"), ("schema", "dimensions"),
            ]
            for (query, member) in queries {
                let stream = try EventStream(port: server.process.port, target: "/v1/live/\(query)")
                #expect(try stream.answer()[member]?.array?.isEmpty == false, "\(query)")
            }
        }
    }
}
