import Foundation
import NIOCore
import TestSupport
import Testing
import WebAPI

@Suite("The server over real sockets", .serialized)
struct WeirServerTests {
    @Test("Events that were answered are in the next query")
    func ingestAndQuery() async throws {
        try await RunningServer.with("ingest-and-query") { server in
            let body = "{\"event\":\"a\",\"visitor\":\"v1\"}\nbroken\n{\"event\":\"b\",\"visitor\":\"v2\"}"
            let answer = try await server.request("POST", "/v1/events?site=shop", body: body)
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/json")
            #expect(answer.headers["access-control-allow-origin"] == "*")
            let json = try answer.json()
            #expect(json["accepted"]?.int == 2)
            #expect(json["rejected"]?.int == 1)
            #expect(json["errors"]?.array?.first?["index"]?.int == 1)

            let asked = try await server.request(
                "POST", "/v1/query/aggregate", body: #"{"site":"shop","metrics":["events","visitors"]}"#)
            #expect(asked.status == 200)
            #expect(asked.headers["access-control-allow-origin"] == nil)
            #expect(try asked.json()["metrics"]?["events"]?.int == 2)
            let flat = try await server.request("GET", "/v1/query/aggregate?site=shop&metrics=visitors")
            #expect(try flat.json()["metrics"]?["visitors"]?.int == 2)

            // The site may stand in the URL of a posted query too; one in its body goes before that.
            let posted = try await server.request("POST", "/v1/query/aggregate?site=shop", body: "{}")
            #expect(try posted.json()["metrics"]?["events"]?.int == 2)
            let named = try await server.request("POST", "/v1/query/aggregate?site=other", body: #"{"site":"shop"}"#)
            #expect(try named.json()["metrics"]?["events"]?.int == 2)

            let letters = try await server.request("GET", "/v1/dead-letters?site=shop").json()
            #expect(letters["dead_letters"]?.array?.first?["event"]?.text == "broken")

            let flushed = try await server.request("POST", "/v1/admin/flush")
            #expect(try flushed.json()["sealed"]?.bool == true)
            let again = try await server.request("GET", "/v1/query/aggregate?site=shop&metrics=events")
            #expect(try again.json()["metrics"]?["events"]?.int == 2)
        }
    }

    @Test("The pixel is always the same picture, and its event counts")
    func pixel() async throws {
        try await RunningServer.with("pixel") { server in
            for target in ["/v1/pixel.gif?event=seen&visitor=v&value=1.5", "/v1/pixel.gif", "/v1/pixel.gif?event="] {
                let answer = try await server.request("GET", target)
                #expect(answer.status == 200)
                #expect(answer.body == PixelEvent.gif)
                #expect(answer.headers["cache-control"]?.contains("no-store") == true)
            }
            let head = try await server.request("HEAD", "/v1/pixel.gif?event=seen")
            #expect(head.headers["content-length"] == "43")
            let sum = try await server.request("GET", "/v1/query/aggregate?metrics=events,sum:value").json()
            #expect(sum["metrics"]?["events"]?.int == 1)
            #expect(sum["metrics"]?["sum:value"]?.double == 1.5)
        }
    }

    @Test("What cannot be answered is a problem document with its code")
    func problems() async throws {
        try await RunningServer.with("problems") { server in
            let cases: [(String, String, [(String, String)], String?, Int, String)] = [
                ("GET", "/nothing", [], nil, 404, "not_found"),
                ("DELETE", "/v1/events", [], nil, 405, "method_not_allowed"),
                ("POST", "/v1/events", [("Content-Encoding", "br")], "{}", 415, "unsupported_encoding"),
                ("POST", "/v1/events", [("Content-Encoding", "gzip")], "{}", 400, "invalid_encoding"),
                ("POST", "/v1/events", [("Content-Type", "multipart/form-data")], "{}", 415, "unsupported_media_type"),
                ("POST", "/v1/events?site=a%20b", [], "{}", 400, "invalid_site"),
                ("POST", "/v1/events?backfill=perhaps", [], "{}", 400, "invalid_parameter"),
                ("POST", "/v1/events", [], "[{]", 400, "invalid_json"),
                ("POST", "/v1/query/nothing", [], "{}", 404, "unknown_kind"),
                ("GET", "/v1/dead-letters?limit=0", [], nil, 400, "invalid_parameter"),
            ]
            for (method, target, headers, body, status, code) in cases {
                let answer = try await server.request(method, target, headers: headers, body: body)
                #expect(answer.status == status, "\(method) \(target)")
                #expect(answer.headers["content-type"] == "application/problem+json")
                let problem = try answer.json()
                #expect(problem["code"]?.text == code, "\(method) \(target)")
                #expect(problem["status"]?.int == Int64(status))
            }
            let notAllowed = try await server.request("DELETE", "/v1/events")
            #expect(notAllowed.headers["allow"] == "POST, OPTIONS")
        }
    }

    @Test("E3 A body that is too large is refused before it is sent, and the connection is closed")
    func tooLarge() async throws {
        try await RunningServer.with("too-large") { server in
            let length = WebLimits.eventBodyBytes + 1
            let answer = try await server.talk {
                try $0.raw(Array("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n{".utf8))
            }
            #expect(answer.status == 413)
            #expect(answer.headers["connection"] == "close")
            #expect(try answer.json()["code"]?.text == "body_too_large")
            #expect(answer.text.contains("\(WebLimits.eventBodyBytes)"))
        }
    }

    @Test("E5 What is not HTTP is answered with a problem document as well")
    func malformed() async throws {
        try await RunningServer.with("malformed") { server in
            let answer = try await server.talk { try $0.raw(Array("\u{16}\u{3} no HTTP\r\n\r\n".utf8)) }
            #expect(answer.status == 400)
            #expect(try answer.json()["code"]?.text == "malformed_request")
        }
    }

    @Test("A page of another origin may send events, and nothing else")
    func preflight() async throws {
        try await RunningServer.with("preflight") { server in
            let origin = [("Origin", "https://shop.example")]
            let events = try await server.request("OPTIONS", "/v1/events", headers: origin)
            #expect(events.status == 204)
            #expect(events.headers["access-control-allow-origin"] == "*")
            #expect(events.headers["access-control-allow-methods"]?.contains("POST") == true)
            #expect(
                events.headers["access-control-allow-headers"]
                    == "content-type, content-encoding, idempotency-key, authorization, x-weir-key")
            #expect(events.headers["access-control-max-age"] != nil)
            let query = try await server.request("OPTIONS", "/v1/query/top", headers: origin)
            #expect(query.headers["access-control-allow-origin"] == nil)
        }
    }

    @Test("Health, readiness, metrics, description and page are served, to HEAD without a body")
    func operations() async throws {
        try await RunningServer.with("operations") { server in
            for path in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/", "/weir.js"] {
                let answer = try await server.request("GET", path)
                #expect(answer.status == 200, "\(path)")
                #expect(answer.headers["x-content-type-options"] == "nosniff")
            }
            let head = try await server.request("HEAD", "/openapi.json")
            #expect(head.headers["content-length"] == "\(OpenAPIDocument.bytes.count)")
            _ = try await server.request("POST", "/v1/events", body: #"{"event":"a"}"#)
            let metrics = try await server.request("GET", "/metrics").text
            #expect(metrics.contains("weir_events_accepted_total 1\n"))
            #expect(metrics.contains(#"weir_http_requests_total{method="POST",path="/v1/events",status="200"} 1"#))
        }
    }

    @Test("Datagrams are taken, and counted when they cannot be")
    func datagrams() async throws {
        try await RunningServer.with("datagrams") { server in
            let sender = try DatagramSender(port: UInt16(try #require(server.listening.udp?.port)))
            try sender.send("{\"event\":\"a\",\"site\":\"udp\"}\n{\"event\":\"b\",\"site\":\"udp\"}")
            try sender.send("")
            try sender.send(#"{"event":"c","site":"udp"}"#)
            var events: Int64 = 0
            for _ in 0..<2000 where events < 3 {
                try await Task.sleep(for: .milliseconds(5))
                let answer = try await server.request("GET", "/v1/query/aggregate?site=udp&metrics=events")
                events = try answer.json()["metrics"]?["events"]?.int ?? 0
            }
            #expect(events == 3)
            let metrics = try await server.request("GET", "/metrics").text
            #expect(metrics.contains(#"weir_events_dropped_total{reason="invalid"} 1"#))
        }
    }

    @Test("A directory or an address that is in use ends the start with a clear error")
    func inUse() async throws {
        let folder = try TemporaryFolder("in-use")
        try await RunningServer.with("in-use", dataDirectory: folder.path + "/data") { _ in
            await #expect(throws: ServerStartError.self) {
                try await RunningServer.with("second", dataDirectory: folder.path + "/data") { _ in
                    Issue.record("the second server started")
                }
            }
        }
    }
}
