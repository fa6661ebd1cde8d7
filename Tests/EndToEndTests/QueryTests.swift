import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite(
        "Queries over HTTP", .enabled(if: Repository.hasShared, "needs the data shared with this package"),
        .timeLimit(.minutes(3)))
    struct QueryTests {
        private func server() throws -> TestServer {
            let server = try TestServer()
            try server.client.send(try Ecom.events().prefix(5000).map(\.description), site: "shop")
            return server
        }

        @Test("Flat queries with GET answer as with POST")
        func get() throws {
            let server = try server()
            let filter =
                "%5B%7B%22dim%22%3A%22props.platform%22%2C%22op%22%3A%22is%22%2C%22values%22%3A%5B%22mobile%22%5D%7D%5D"
            let pairs: [(String, String, JSON)] = [
                (
                    "aggregate", "range=all&metrics=events,visitors",
                    ["range": "all", "metrics": ["events", "visitors"]]
                ),
                (
                    "aggregate", "range=all&where=\(filter)",
                    ["range": "all", "where": [["dim": "props.platform", "op": "is", "values": ["mobile"]]]]
                ),
                ("top", "range=all&by=event&limit=3", ["range": "all", "by": "event", "limit": 3]),
                ("top", "range=all&by=event,props.platform", ["range": "all", "by": ["event", "props.platform"]]),
                (
                    "timeseries", "range=all&interval=month&timezone=Europe/Berlin",
                    ["range": "all", "interval": "month", "timezone": "Europe/Berlin"]
                ),
                (
                    "timeseries", "from=2024-03-01T00:00:00Z&to=2024-03-05T00:00:00Z",
                    ["range": ["from": "2024-03-01T00:00:00Z", "to": "2024-03-05T00:00:00Z"]]
                ),
                (
                    "values", "range=all&dim=event&prefix=p&limit=2",
                    ["range": "all", "dim": "event", "prefix": "p", "limit": 2]
                ),
                ("events", "range=all&limit=5", ["range": "all", "limit": 5]),
                ("schema", "", [:]),
                (
                    "funnel", "range=all&steps=product_view,add_to_cart&window=1h",
                    ["range": "all", "window": "1h", "steps": [["event": "product_view"], ["event": "add_to_cart"]]]
                ),
            ]
            for (kind, parameters, query) in pairs {
                let flat = try server.client.connection.request("GET", "/v1/query/\(kind)?site=shop&\(parameters)")
                #expect(flat.status == 200, "\(kind)?\(parameters): \(flat.text)")
                guard flat.status == 200 else { continue }
                let posted = try server.client.query(kind, query, site: "shop")
                let differences = JSONDifference.describe(expected: posted, actual: try flat.json())
                #expect(differences == [], "\(kind)?\(parameters)")
            }
        }

        @Test("Every answer says what it cost and what it is based on")
        func meta() throws {
            let server = try server()
            for (kind, query) in [
                ("aggregate", [:]), ("timeseries", [:]), ("top", ["by": "event"]), ("values", ["dim": "event"]),
                ("events", ["limit": 2]), ("schema", [:]), ("funnel", ["steps": [["event": "home"]], "window": "1h"]),
                ("retention", ["start": "home", "return": "cart"]), ("paths", ["by": "event"]), ("sessions", [:]),
            ] as [(String, JSON)] {
                let meta = try server.client.query(kind, query, site: "shop")["meta"]
                #expect(meta?["took_ms"]?.double != nil, "\(kind)")
                #expect(meta?["rows_scanned"]?.int != nil, "\(kind)")
                #expect(meta?["segments"]?["sealed"]?.int != nil, "\(kind)")
                #expect(meta?["segments"]?["in_flight"]?.int != nil, "\(kind)")
                #expect(meta?["exact"]?.bool == true, "\(kind)")
                #expect(meta?["watermark"] != nil, "\(kind)")
            }
        }

        @Test("Relative ranges end now")
        func relative() throws {
            let server = try TestServer()
            let hour: Int64 = 3_600_000
            let lines = ([0, 1, 23, 30, 100] as [Int64]).map {
                #"{"event":"a","visitor":"v","time":\#(now() - $0 * hour)}"#
            }
            try server.client.send(lines, site: "ranges")
            let expectations: [(JSON, Int64)] = [
                (["last": "30m"], 1), (["last": "2h"], 2), (["last": "24h"], 3), (["last": "2d"], 4), ("7d", 5),
                ("30d", 5),
                ("all", 5), (["from": 0, "to": .integer(now() - 50 * hour)], 1),
            ]
            for (range, count) in expectations {
                let answer = try server.client.query("aggregate", ["range": range], site: "ranges")
                #expect(answer["metrics"]?["events"]?.int == count, "\(range)")
            }
            let today = try server.client.query("aggregate", ["range": "today"], site: "ranges")
            let yesterday = try server.client.query("aggregate", ["range": "yesterday"], site: "ranges")
            #expect((today["metrics"]?["events"]?.int ?? 0) >= 1)
            #expect((yesterday["metrics"]?["events"]?.int ?? 9) <= 3)
        }

        @Test("Raw events are paged by a cursor, each shown once")
        func cursor() throws {
            let server = try TestServer()
            let lines = (0..<50).map { #"{"event":"e\#($0)","visitor":"v","time":\#(1_700_000_000_000 + $0 / 4)}"# }
            try server.client.send(Array(lines.prefix(30)), site: "pages")
            try server.client.flush()
            try server.client.send(Array(lines.dropFirst(30)), site: "pages")
            var seen: [String] = []
            var cursor: JSON?
            repeat {
                var query: JSON = ["range": "all", "limit": 7]
                query["cursor"] = cursor
                let answer = try server.client.query("events", query, site: "pages")
                seen += answer["events"]?.array?.compactMap { $0["event"]?.text } ?? []
                cursor = answer["cursor"].flatMap { $0.isNull ? nil : $0 }
            } while cursor != nil && seen.count < 100
            #expect(seen.count == 50)
            #expect(Set(seen).count == 50)
            #expect(seen.first.map { ["e48", "e49"].contains($0) } == true)
        }

        @Test("A query that makes no sense is a problem that says where")
        func problems() throws {
            let server = try server()
            let bodies: [(String, String, Int)] = [
                ("aggregate", "{", 400), ("aggregate", "[]", 400), ("aggregate", "null", 400),
                ("aggregate", #"{"metrics":"events" "#, 400), ("aggregate", #"{"metrics":["nonsense"]}"#, 400),
                ("aggregate", #"{"where":[{"dim":"nonsense","op":"is","values":["a"]}]}"#, 400),
                ("aggregate", #"{"where":[{"dim":"path","op":"nonsense","values":["a"]}]}"#, 400),
                ("aggregate", #"{"where":[{"dim":"path","op":"matches","values":["("]}]}"#, 400),
                ("aggregate", #"{"range":{"last":"soon"}}"#, 400), ("aggregate", #"{"timezone":"Mars/North"}"#, 400),
                ("aggregate", #"{"range":{"from":2,"to":1}}"#, 400), ("aggregate", #"{"unknown":1}"#, 400),
                ("timeseries", #"{"interval":"blink"}"#, 400), ("top", "{}", 400),
                ("top", #"{"by":"path","limit":-1}"#, 400),
                ("timeseries", #"{"interval":"minute","range":{"from":0,"to":4102444800000}}"#, 400),
                ("funnel", "{}", 400), ("funnel", #"{"steps":[]}"#, 400),
                ("funnel", #"{"steps":[{}],"window":"1h"}"#, 400),
                ("funnel", #"{"steps":[{"event":"a"}],"window":-5}"#, 400), ("values", "{}", 400),
                (
                    "funnel",
                    #"{"window":"1h","steps":["#
                        + Array(repeating: #"{"event":"a"}"#, count: 1000).joined(separator: ",") + "]}",
                    400
                ),
                (
                    "aggregate", #"{"where":"# + String(repeating: #"[{"any":"#, count: 20_000), 400
                ),
                (
                    "aggregate",
                    #"{"where":"# + String(repeating: #"{"not":"#, count: 20_000) + "[]"
                        + String(repeating: "}", count: 20_001), 400
                ),
            ]
            for (kind, body, status) in bodies {
                let response = try server.client.connection.request(
                    "POST", "/v1/query/\(kind)", headers: [("Content-Type", "application/json")], body: Array(body.utf8)
                )
                #expect(response.status == status, "\(kind) \(body.prefix(100)): \(response.text.prefix(300))")
                try expectProblem(response, "\(kind) \(body.prefix(100))")
            }
            let binary = try server.client.connection.request(
                "POST", "/v1/query/aggregate", body: [0x7B, 0x22, 0xFF, 0xFE, 0x22, 0x3A, 0x31, 0x7D])
            #expect(binary.status == 400)
            try server.expectSound()
        }

        @Test("The query command prints what the server answers")
        func command() throws {
            let server = try server()
            let run = try ChildProcess.run(
                try Repository.program("weir"),
                [
                    "query", "top", "--url", server.process.url, "--site", "shop", "--range", "all", "--by", "event",
                    "--metrics", "events,visitors", "--limit", "3", "--json",
                ])
            #expect(run.exitCode == 0, "\(run.errors)")
            let posted = try server.client.query(
                "top", ["range": "all", "by": "event", "metrics": ["events", "visitors"], "limit": 3], site: "shop")
            #expect(JSONDifference.describe(expected: posted, actual: try JSON(parsing: run.output)) == [])
            let wrong = try ChildProcess.run(
                try Repository.program("weir"), ["query", "top", "--url", server.process.url, "--by", "nonsense"])
            #expect(wrong.exitCode != 0)
            #expect(wrong.errors.contains("nonsense"))
        }
    }
}
