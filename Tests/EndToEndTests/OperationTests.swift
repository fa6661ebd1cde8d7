import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Running the server", .timeLimit(.minutes(3)))
    struct OperationTests {
        private func serve(_ arguments: [String]) throws -> (exitCode: Int32, output: String, errors: String) {
            try ChildProcess.run(try Repository.program("weir"), ["serve"] + arguments, seconds: 30)
        }

        @Test("A second server on the same directory is refused, and the first goes on")
        func second() throws {
            let server = try TestServer()
            try server.client.send([#"{"event":"a","visitor":"v"}"#], site: "first")
            let run = try serve([
                "--data", server.folder.path, "--http", "127.0.0.1:0", "--udp", "127.0.0.1:0",
            ])
            #expect(run.exitCode != 0)
            #expect(!run.output.contains("listening"))
            #expect(run.errors.contains(server.folder.path), "\(run.errors)")
            #expect(try server.count("first") == 1)
            try server.expectSound()
        }

        @Test(
            "Without keys, the server listens on loopback addresses only",
            arguments: [
                ["--http", "0.0.0.0:0", "--udp", "127.0.0.1:0"], ["--http", "127.0.0.1:0", "--udp", "0.0.0.0:0"],
            ])
        func loopback(addresses: [String]) throws {
            let folder = try TemporaryFolder("data")
            let run = try serve(["--data", folder.path] + addresses)
            #expect(run.exitCode != 0)
            #expect(run.errors.contains("key"), "\(run.errors)")
        }

        @Test("A directory or an address that cannot be used is refused with its name")
        func startErrors() throws {
            let server = try TestServer()
            let folder = try TemporaryFolder("data")
            let file = folder.path + "/file"
            try Data("text".utf8).write(to: URL(fileURLWithPath: file))
            for (arguments, named) in [
                (["--data", file, "--http", "127.0.0.1:0", "--udp", "127.0.0.1:0"], file),
                (
                    [
                        "--data", folder.path + "/a", "--http", "127.0.0.1:\(server.process.port)", "--udp",
                        "127.0.0.1:0",
                    ],
                    "\(server.process.port)"
                ),
                (["--data", folder.path + "/b", "--http", "nonsense", "--udp", "127.0.0.1:0"], "nonsense"),
            ] {
                let run = try serve(arguments)
                #expect(run.exitCode != 0, "\(arguments)")
                #expect(run.errors.contains(named), "\(arguments): \(run.errors)")
                #expect(!run.output.contains("listening"), "\(arguments)")
            }
        }

        @Test("It prints one line when it listens, and nothing else on standard output")
        func output() throws {
            let server = try TestServer()
            try server.client.send([#"{"event":"a","visitor":"v"}"#])
            let code = try server.process.terminate()
            #expect(code == 0)
            let lines = server.process.output.split(separator: "\n")
            #expect(lines.count == 1)
            #expect(lines.first?.hasPrefix("listening http=127.0.0.1:") == true)
        }

        @Test("Environment and configuration file set what flags do not")
        func settings() throws {
            let folder = try TemporaryFolder("settings")
            let file = folder.path + "/weir.json"
            try Data(#"{"data":"\#(folder.path)/file","http":"127.0.0.1:0","udp":"0.0.0.0:0"}"#.utf8)
                .write(to: URL(fileURLWithPath: file))
            let process = try ChildProcess(
                try Repository.program("weir"), ["serve", "--config", file, "--data", folder.path + "/flag"],
                environment: ["WEIR_UDP": "127.0.0.1:0"])
            try Deadline.poll(seconds: 30, "the server to listen: \(process.errors)") {
                process.output.contains("listening") ? true : nil
            }
            process.kill(SIGTERM)
            #expect(try process.wait(seconds: 30) == 0)
            #expect(FileManager.default.fileExists(atPath: folder.path + "/flag"))
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/file"))
        }

        @Test("Health, readiness, metrics, the API's description and the landing page are served")
        func pages() throws {
            let server = try TestServer()
            let connection = server.client.connection
            for target in ["/healthz", "/readyz"] {
                #expect(try connection.request("GET", target).status == 200, "\(target)")
            }
            try server.client.send(
                [#"{"event":"a","visitor":"v","id":"1"}"#, #"{"event":"a","visitor":"v","id":"1"}"#, "nonsense"],
                site: "pages")
            let metrics = try server.client.metrics()
            #expect(metrics.sum("weir_events_received_total", ["transport": "http"]) == 3)
            #expect(metrics.sum("weir_events_accepted_total") == 1)
            #expect(metrics.sum("weir_events_duplicate_total") == 1)
            #expect(metrics.sum("weir_events_rejected_total") == 1)
            #expect(metrics.has("weir_watermark_seconds"))
            #expect(metrics.imbalance == nil)
            let document = try connection.request("GET", "/openapi.json").json()
            #expect(document["openapi"]?.text?.hasPrefix("3.") == true)
            #expect(document["paths"]?["/v1/events"] != nil)
            let page = try connection.request("GET", "/")
            #expect(page.status == 200)
            #expect(page.headers["content-type"]?.hasPrefix("text/html") == true)
        }

        @Test("Sites are apart, and events without one belong to the default site")
        func sites() throws {
            let server = try TestServer()
            try server.client.send([#"{"event":"a","visitor":"v"}"#])
            try server.client.send(
                [#"{"event":"a","visitor":"v"}"#, #"{"event":"a","visitor":"v","site":"other"}"#], site: "named")
            #expect(try server.count("default") == 1)
            #expect(try server.count("named") == 1)
            #expect(try server.count("other") == 1)
            #expect(try server.count("unknown") == 0)
        }

        @Test("A restart after a flush and a second flush change nothing")
        func idleRestarts() throws {
            let server = try TestServer()
            let stream = RandomStream(seed: 7)
            try server.client.send(stream.lines, site: "idle")
            let before = try server.client.query("events", ["range": "all", "limit": 500], site: "idle")
            for _ in 0..<3 {
                try server.client.flush()
                try server.restart()
                let after = try server.client.query("events", ["range": "all", "limit": 500], site: "idle")
                let reference = try Reference(lines: stream.lines)
                #expect(after["events"]?.array?.count == before["events"]?.array?.count)
                #expect(try reference.disagreement("events", ["range": "all", "limit": 500], answer: after) == [])
            }
        }
    }
}
