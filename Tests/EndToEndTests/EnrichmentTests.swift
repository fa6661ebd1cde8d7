import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Dimensions that the server derives, seen from outside.
    @Suite("Derived dimensions", .timeLimit(.minutes(3)))
    struct EnrichmentTests {
        private static let firefox = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"

        /// The values of a dimension with their events, as text.
        private func top(_ server: TestServer, _ dimension: String, site: String = "default") throws -> [String: Int64]
        {
            let answer = try server.client.query(
                "top", ["by": .string(dimension), "range": "all", "limit": 1000, "metrics": ["events"]], site: site)
            var counts: [String: Int64] = [:]
            for row in answer["rows"]?.array ?? [] {
                let key = row["key"]?.array?.first
                counts[key?.text ?? key?.description ?? "", default: 0] += row["events"]?.int ?? 0
            }
            return counts
        }

        @Test("Headers say what the events do not, over HTTP and the pixel; datagrams and imports bring no header")
        func headers() throws {
            let server = try TestServer(arguments: ["--country-header", "CF-IPCountry"])
            let headers = [
                ("Content-Type", "application/x-ndjson"), ("User-Agent", Self.firefox),
                ("Accept-Language", "fr-ch, en;q=0.5"), ("CF-IPCountry", "ch"),
            ]
            let events = """
                {"event":"a","visitor":"v1"}
                {"event":"a","visitor":"v2","language":"de","country":"AT"}
                {"event":"a","visitor":"v3","user_agent":"curl/8.0"}
                """
            let connection = try WeirClient(server.process).connection
            let answer = try connection.request("POST", "/v1/events", headers: headers, body: Array(events.utf8))
            #expect(answer.status == 200, "\(answer.text)")
            _ = try connection.request("GET", "/v1/pixel.gif?event=a&visitor=v4", headers: headers)
            #expect(try top(server, "browser") == ["Firefox": 3, "curl": 1])
            #expect(try top(server, "language") == ["fr-CH": 2, "de": 1, "null": 1])
            #expect(try top(server, "country") == ["CH": 3, "AT": 1])
            let imported = try connection.request(
                "POST", "/v1/events?backfill=true&site=old", headers: headers, body: Array(events.utf8))
            #expect(imported.status == 200, "\(imported.text)")
            #expect(try top(server, "language", site: "old") == ["de": 1, "null": 2])
            #expect(try top(server, "country", site: "old") == ["AT": 1, "null": 2])
        }

        @Test("The query string is kept by the sites that keep it")
        func queryStrings() throws {
            let folder = try TemporaryFolder("config")
            let config = folder.path + "/weir.json"
            try Data(#"{"sites":{"shop":{"keep_query_string":true}}}"#.utf8)
                .write(to: URL(fileURLWithPath: config))
            let server = try TestServer(arguments: ["--config", config])
            for site in ["shop", "blog"] {
                try server.client.send(
                    [#"{"event":"a","visitor":"v1","url":"https://a.de/?q=1","time":1700000000000}"#], site: site,
                    backfill: true)
            }
            #expect(try top(server, "query_string", site: "shop") == ["q=1": 1])
            #expect(try top(server, "query_string", site: "blog") == ["null": 1])
        }

        @Test("Files that are named and missing keep the server from starting; patterns that nobody named do not")
        func missingFiles() throws {
            let folder = try TemporaryFolder("config")
            let cases = [
                (["--user-agents", folder.path + "/none"], "user-agents: "),
                (["--geoip", folder.path + "/none"], "geoip: "),
                (["--country-header", "a b"], "country-header: "),
            ]
            for (arguments, message) in cases {
                let run = try ChildProcess.run(
                    try Repository.program("weir"),
                    ["serve", "--data", folder.path + "/data", "--http", "127.0.0.1:0", "--udp", "off"] + arguments,
                    seconds: 60)
                #expect(run.exitCode == 1 && run.errors.contains("error: " + message), "\(run.errors)")
            }
            let server = try TestServer(arguments: ["--user-agents", "off"])
            try server.client.send([#"{"event":"a","visitor":"v1","user_agent":"\#(Self.firefox)"}"#])
            #expect(try top(server, "browser") == ["null": 1])
        }

        @Test(
            "A real access log is imported whole, with the pages, referrers and browsers that are in it",
            .enabled(if: Repository.hasShared, "needs the data shared with this package"))
        func accessLog() throws {
            let server = try TestServer()
            let log = Repository.shared.appendingPathComponent("datasets/semicomplete-access.log.gz").path
            let run = try ChildProcess.run(
                try Repository.program("weir"),
                [
                    "import", "--url", server.process.url, "--site", "log", "--base-url", "http://semicomplete.com",
                    log,
                ])
            #expect(run.exitCode == 0 && run.output.hasPrefix("accepted 10000, duplicate 0, rejected 0"), "\(run)")
            // What grep, cut and sort say of the file.
            #expect(
                try top(server, "props.status", site: "log")
                    == ["200": 9126, "304": 445, "404": 213, "301": 164, "206": 45, "500": 3, "403": 2, "416": 2])
            #expect(try top(server, "props.method", site: "log") == ["GET": 9952, "HEAD": 42, "POST": 5, "OPTIONS": 1])
            #expect(try top(server, "path", site: "log")["/favicon.ico"] == 807)
            let events = try top(server, "event", site: "log")
            #expect(events["error"] == 220 && events["redirect"] == 164 && events.values.reduce(0, +) == 10_000)
            let browsers = try top(server, "browser", site: "log")
            #expect(browsers.values.reduce(0, +) == 10_000 && browsers["Firefox", default: 0] > 1000)
            try server.expectSound()
        }
    }
}
