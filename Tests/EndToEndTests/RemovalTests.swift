import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Removing what was stored", .timeLimit(.minutes(3)))
    struct RemovalTests {
        private let seed = testSeed()

        private func delete(_ server: TestServer, _ target: String) throws -> HTTPResponse {
            try server.client.connection.request("DELETE", target)
        }

        /// Events and dead letters that an answer says were removed; empty if it does not say that it was done.
        private func figures(_ answer: JSON, _ done: String) -> [Int64] {
            guard answer[done]?.bool == true else { return [] }
            return ["events", "dead_letters"].compactMap { answer[$0]?.int }
        }

        /// Waits until nothing that was removed is left on the disk.
        private func waitUntilGone(_ server: TestServer) throws {
            try Deadline.poll(seconds: 60, "what was removed to go from the disk") {
                let metrics = try server.client.metrics()
                let pending = ["weir_erasures_pending", "weir_purges_pending", "weir_segments_retired"]
                return pending.allSatisfy { metrics.sum($0) == 0 } ? true : nil
            }
        }

        /// Whether any file below a folder holds a text.
        private func files(of path: String, hold text: String) throws -> Bool {
            let wanted = Data(text.utf8)
            let names = try FileManager.default.subpathsOfDirectory(atPath: path)
            for name in names {
                var isFolder: ObjCBool = false
                let file = path + "/" + name
                guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder), !isFolder.boolValue,
                    let contents = FileManager.default.contents(atPath: file)
                else { continue }
                if contents.range(of: wanted) != nil { return true }
            }
            return false
        }

        @Test("An erased visitor is gone from every answer at once, after restarts, and from the disk")
        func erasure() throws {
            let server = try TestServer()
            let visitor = "Zoë / 4711?&#%"
            let quoted = JSON.string(visitor).description
            let line = { (name: String, who: String, time: Int) in
                #"{"event":"\#(name)","visitor":\#(who),"time":\#(1_767_225_600_000 + time)}"#
            }
            let mine = (0..<40).map { line("mine", quoted, $0 * 1000) }
            let others = (0..<60).map { line("theirs", "\"other-\($0 % 7)\"", $0 * 1000) }
            try server.client.send(Array(mine[..<20]) + others[..<30], site: "shop")
            try server.client.flush()
            try server.client.send(Array(mine[20...]) + others[30...], site: "shop")
            try server.client.send([#"{"visitor":\#(quoted)}"#, #"{"visitor":"other-1"}"#], site: "shop")
            #expect(try server.count("shop") == 100)

            let target = "/v1/visitors/Zo%C3%AB%20%2F%204711%3F%26%23%25"
            let elsewhere = try delete(server, target + "?site=other")
            #expect(try elsewhere.status == 200 && elsewhere.json()["events"]?.int == 0)
            let answer = try delete(server, target + "?site=shop")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try figures(answer.json(), "erased") == [40, 1])
            #expect(try server.count("shop") == 60)
            let repeated = try delete(server, target + "?site=shop").json()
            #expect(figures(repeated, "erased") == [0, 0])

            try server.killAndRestart()
            #expect(try server.count("shop") == 60)
            for (kind, query) in [
                ("values", ["dim": "event", "range": "all"] as JSON), ("top", ["by": "visitor", "range": "all"]),
                ("schema", [:]), ("events", ["range": "all", "limit": 500]),
            ] {
                let text = try server.client.query(kind, query, site: "shop").description
                #expect(!text.contains("mine") && !text.contains("4711"), "\(kind): \(text.prefix(300))")
            }
            try server.client.send([line("back", quoted, 0)], site: "shop")
            #expect(try server.count("shop") == 61)
            #expect(try delete(server, target + "?site=shop").json()["events"]?.int == 1)
            try server.client.flush()
            try waitUntilGone(server)
            #expect(try server.count("shop") == 60)
            let metrics = try server.client.metrics()
            #expect(metrics.sum("weir_erased_events_total") == 1)
            #expect(metrics.sum("weir_segments_masked") == 0)
            #expect(try server.process.terminate() == 0)
            #expect(try !files(of: server.folder.path, hold: "4711"))
            try server.start()
            #expect(try server.count("shop") == 60)
            try server.expectSound()
        }

        @Test("A visitor's id that cannot be one is refused, and so are other methods")
        func refusals() throws {
            let server = try TestServer()
            for (target, status, code) in [
                ("/v1/visitors/%zz", 400, "invalid_visitor"), ("/v1/visitors/%ff", 400, "invalid_visitor"),
                ("/v1/visitors/" + String(repeating: "a", count: 201), 400, "invalid_visitor"),
                ("/v1/visitors/a?site=%20", 400, "invalid_site"), ("/v1/visitors/", 404, "not_found"),
                ("/v1/visitors/a/b", 404, "not_found"), ("/v1/sites/a%20b", 400, "invalid_site"),
                ("/v1/sites/nobody", 404, "unknown_site"), ("/v1/sites/", 404, "not_found"),
            ] {
                let answer = try delete(server, target)
                #expect(answer.status == status, "\(target): \(answer.text)")
                #expect(try answer.json()["code"]?.text == code, "\(target)")
            }
            #expect(try server.client.connection.request("GET", "/v1/visitors/a").status == 405)
            let unknown = try delete(server, "/v1/visitors/nobody?site=nowhere")
            #expect(unknown.status == 200)
            #expect(try unknown.json()["events"]?.int == 0)
        }

        @Test("A deleted site is gone, and begins anew with the next event")
        func sites() throws {
            let server = try TestServer()
            let lines = (0..<50).map { #"{"event":"unmistakable","visitor":"v\#($0 % 5)","id":"\#($0)"}"# }
            for site in ["shop", "blog"] { try server.client.send(lines, site: site) }
            try server.client.flush()
            try server.client.send([#"{"visitor":"has no name"}"#], site: "shop")
            let answer = try delete(server, "/v1/sites/shop")
            #expect(try figures(answer.json(), "deleted") == [50, 1])
            #expect(try server.count("shop") == 0)
            #expect(try server.count("blog") == 50)
            #expect(try delete(server, "/v1/sites/shop").status == 404)
            try server.killAndRestart()
            #expect(try server.count("shop") == 0)
            #expect(try server.count("blog") == 50)
            // The same ids are new ones there, and old ones here.
            let again = try server.client.send(lines, site: "shop")
            #expect(again["accepted"]?.int == 50)
            #expect(try server.client.send(lines, site: "blog")["duplicate"]?.int == 50)
            #expect(try delete(server, "/v1/sites/shop").json()["events"]?.int == 50)
            #expect(try delete(server, "/v1/sites/blog").json()["events"]?.int == 50)
            try waitUntilGone(server)
            #expect(try server.process.terminate() == 0)
            #expect(try !files(of: server.folder.path, hold: "unmistakable"))
        }

        @Test("A retention deletes what is little, holds what is much, and goes on when it is confirmed")
        func retention() throws {
            let server = try TestServer()
            let day: Int64 = 86_400_000
            func events(_ count: Int, daysAgo: Int64) -> [String] {
                (0..<count).map {
                    #"{"event":"e","visitor":"v","time":\#(now() - daysAgo * day - Int64($0) * 1000)}"#
                }
            }
            for (site, ages) in [("little", [400]), ("much", [400, 300]), ("kept", [400])] as [(String, [Int64])] {
                for age in ages {
                    try server.client.send(events(10, daysAgo: age), site: site)
                    try server.client.flush()
                }
                try server.client.send(events(90, daysAgo: 0), site: site)
            }
            #expect(try server.process.terminate() == 0)
            let folder = try TemporaryFolder("settings")
            let file = folder.path + "/weir.json"
            try Data(#"{"retention":"30d","sites":{"kept":{"retention":"forever"}}}"#.utf8)
                .write(to: URL(fileURLWithPath: file))
            let process = try ServerProcess(directory: server.folder.path, arguments: ["--config", file])
            let client = try WeirClient(process)
            func count(_ site: String) throws -> Int64? {
                try client.query("aggregate", ["range": "all", "metrics": ["events"]], site: site)["metrics"]?[
                    "events"]?
                    .int
            }
            try Deadline.poll(seconds: 30, "the first pass") { try count("little") == 90 ? true : nil }
            #expect(try count("much") == 110)
            #expect(try count("kept") == 100)
            let target = "/v1/admin/retention?site=much"
            let asked = try client.connection.request("POST", target).json()
            #expect(asked["held"]?["events"]?.int == 20 && asked["confirmed"]?.bool == false, "\(asked)")
            #expect(try client.metrics().sum("weir_retention_held", ["site": "much"]) == 20)
            let confirmed = try client.connection.request("POST", target + "&confirm=true").json()
            #expect(confirmed["due"]?["events"]?.int == 20 && confirmed["confirmed"]?.bool == true, "\(confirmed)")
            try Deadline.poll(seconds: 30, "the confirmed pass") { try count("much") == 90 ? true : nil }
            #expect(try client.connection.request("POST", "/v1/admin/retention?site=no").status == 404)
            #expect(try process.terminate() == 0)
        }

        @Test(
            "A retention that cannot be meant is refused at the start",
            arguments: [["--retention", "5m"], ["--retention", "soon"]])
        func settings(arguments: [String]) throws {
            let folder = try TemporaryFolder("data")
            let run = try ChildProcess.run(
                try Repository.program("weir"),
                ["serve", "--data", folder.path, "--http", "127.0.0.1:0", "--udp", "127.0.0.1:0"] + arguments,
                seconds: 30)
            #expect(run.exitCode != 0 && run.errors.contains("retention"), "\(run.errors)")
        }
    }
}
