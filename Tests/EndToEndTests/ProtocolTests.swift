import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite("HTTP", .timeLimit(.minutes(3)))
    struct ProtocolTests {
        @Test("Unknown routes and wrong methods are problems, and the connection stays usable")
        func routes() throws {
            let server = try TestServer()
            let connection = server.client.connection
            for (method, target, status) in [
                ("GET", "/v1/nothing", 404), ("GET", "/v1/query/nothing", 404), ("POST", "/v1/query/nothing", 404),
                ("POST", "/v1/query", 404), ("GET", "/etc/passwd", 404),
                ("GET", "/v1/events", 405), ("DELETE", "/v1/query/top", 405), ("POST", "/healthz", 405),
                ("PUT", "/metrics", 405), ("GET", "/v1/admin/flush", 405), ("POST", "/v1/pixel.gif", 405),
            ] {
                let response = try connection.request(method, target, body: method == "GET" ? nil : Array("{}".utf8))
                #expect(response.status == status, "\(method) \(target): \(response.text)")
                try expectProblem(response, "\(method) \(target)")
                if status == 405 { #expect(response.headers["allow"]?.isEmpty == false, "\(method) \(target)") }
            }
            try server.expectSound()
        }

        @Test("E4 E5 What is no HTTP, or too much of it, costs only its own connection")
        func garbage() throws {
            let server = try TestServer()
            let event = #"{"event":"a","visitor":"v"}"#
            let attempts: [String] = [
                "nonsense\r\n\r\n", "GET\r\n\r\n", "POST /v1/events HTTP/1.1\r\nContent-Length: minus one\r\n\r\n",
                "GET / HTTP/9.9\r\n\r\n",
                "POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + String(repeating: "x", count: 1 << 20) + "\r\n\r\n",
                "GET /" + String(repeating: "x", count: 1 << 20) + " HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nHost: x\r\n" + String(repeating: "A: b\r\n", count: 50_000) + "\r\n",
            ]
            for attempt in attempts {
                // The server answers with an error or closes; both are well.
                let response = try? server.process.connect().raw(Array(attempt.utf8))
                if let response { #expect((400..<600).contains(response.status), "\(attempt.prefix(60))") }
                try server.expectSound()
            }
            let request =
                "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: \(event.utf8.count)\r\n\r\n" + event
            for cut in [10, 60, request.utf8.count - 1] {
                try server.process.connect().send(Array(request.utf8.prefix(cut)))
                try server.expectSound()
            }
            #expect(try server.count("default") == 0)
        }

        @Test("Every form of a body is taken, whatever type it claims and however it is encoded")
        func bodies() throws {
            let server = try TestServer()
            let connection = server.client.connection
            let event = #"{"event":"a","visitor":"v","site":"forms"}"#
            let forms: [(String, String, Int64)] = [
                ("one object", event, 1), ("an array", "[\(event),\n \(event)]", 2),
                ("lines", "\(event)\n\(event)\n", 2),
                ("lines with CRLF", "\(event)\r\n\r\n\(event)", 2), ("a byte order mark", "\u{FEFF}\(event)", 1),
                ("no events", "[]", 0), ("a pretty object", event.replacingOccurrences(of: ",", with: ",\n"), 1),
            ]
            let encodings: [(String?, ([UInt8]) -> [UInt8])] = [
                (nil, { $0 }), ("identity", { $0 }), ("gzip", StoredEncoding.gzip), ("GZIP", StoredEncoding.gzip),
                ("deflate", StoredEncoding.zlib), ("zstd", StoredEncoding.zstd),
            ]
            var expected: Int64 = 0
            for type in ["application/json", "application/x-ndjson", "text/plain", "text/plain;charset=UTF-8", nil] {
                for (name, body, count) in forms {
                    for (encoding, encode) in encodings {
                        var headers: [(String, String)] = []
                        if let type { headers.append(("Content-Type", type)) }
                        if let encoding { headers.append(("Content-Encoding", encoding)) }
                        let response = try connection.request(
                            "POST", "/v1/events", headers: headers, body: encode(Array(body.utf8)))
                        let what: Comment = "\(name) as \(type ?? "nothing") in \(encoding ?? "nothing")"
                        #expect(response.status == 200, what)
                        #expect(try response.json()["accepted"]?.int == count, what)
                        expected += count
                    }
                }
            }
            let chunked =
                "POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5\r\n\(event.prefix(5))\r\n" + String(event.utf8.count - 5, radix: 16)
                + "\r\n\(event.dropFirst(5))\r\n0\r\n\r\n"
            #expect(try connection.raw(Array(chunked.utf8)).status == 200)
            #expect(try server.count("forms") == expected + 1)
            try server.expectSound()
        }

        @Test("The pixel is always the same 43 bytes, never cached, and counts")
        func pixel() throws {
            let server = try TestServer()
            let connection = server.client.connection
            let good =
                "/v1/pixel.gif?site=pixel&event=page_view&visitor=v1&url=https%3A%2F%2Fshop.example%2Fp%2F1"
                + "&value=2.5&props.plan=pro"
            for target in [good, "/v1/pixel.gif?visitor=nameless&site=pixel", "/v1/pixel.gif"] {
                let response = try connection.request("GET", target)
                #expect(response.status == 200)
                #expect(response.body.count == 43)
                #expect(response.text.hasPrefix("GIF89a"))
                #expect(response.headers["content-type"] == "image/gif")
                #expect(response.headers["cache-control"]?.contains("no-store") == true)
            }
            #expect(try server.count("pixel") == 1)
            let answer = try server.client.query(
                "top", ["by": ["path", "props.plan"], "metrics": ["events", "sum:value"], "range": "all"], site: "pixel"
            )
            #expect(answer["rows"]?.description == #"[{"events":1,"key":["/p/1","pro"],"sum:value":2.5}]"#)
            #expect(try server.client.metrics().sum("weir_events_rejected_total") == 2)
            try server.expectSound()
        }

        @Test("Pages of any origin may send events, and learn so before they do")
        func origins() throws {
            let server = try TestServer()
            let connection = server.client.connection
            let origin = ("Origin", "https://shop.example")
            let preflight = try connection.request(
                "OPTIONS", "/v1/events",
                headers: [
                    origin, ("Access-Control-Request-Method", "POST"),
                    ("Access-Control-Request-Headers", "content-type"),
                ])
            #expect((200...204).contains(preflight.status))
            #expect(["*", origin.1].contains(preflight.headers["access-control-allow-origin"]))
            #expect(preflight.headers["access-control-allow-methods"]?.contains("POST") == true)
            #expect(preflight.headers["access-control-allow-headers"]?.lowercased().contains("content-type") == true)
            let response = try connection.request(
                "POST", "/v1/events", headers: [origin], body: Array(#"{"event":"a","visitor":"v"}"#.utf8))
            #expect(response.status == 200)
            #expect(["*", origin.1].contains(response.headers["access-control-allow-origin"]))
        }

        @Test("A visitor who is not named is derived from what the browser says")
        func derivedVisitors() throws {
            let server = try TestServer()
            for agent in ["One/1.0", "One/1.0", "Two/2.0"] {
                let response = try server.client.connection.request(
                    "POST", "/v1/events?site=anonymous", headers: [("User-Agent", agent)],
                    body: Array(#"{"event":"a"}"#.utf8))
                #expect(response.status == 200)
            }
            let answer = try server.client.query("aggregate", ["range": "all"], site: "anonymous")
            #expect(answer["metrics"]?["events"]?.int == 3)
            #expect(answer["metrics"]?["visitors"]?.int == 2)
        }
    }
}
