import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Keys, origins and limits as an operator sets them up: with `weir key`, flags, variables and a file.
    @Suite("Protection", .timeLimit(.minutes(3)))
    struct ProtectionTests {
        private func weir(
            _ arguments: [String], environment: [String: String] = [:]
        ) throws -> (exitCode: Int32, output: String, errors: String) {
            try ChildProcess.run(try Repository.program("weir"), arguments, environment: environment, seconds: 60)
        }

        /// Makes a key and reads it from the command's output.
        private func make(_ arguments: [String], environment: [String: String] = [:]) throws -> String {
            let run = try weir(["key", "create"] + arguments, environment: environment)
            #expect(run.exitCode == 0, "\(run)")
            let key = run.output.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(key.wholeMatch(of: /weir_[0-9a-f]{12}_[0-9a-f]{40}/) != nil, "\(run)")
            return key
        }

        private func id(_ key: String) -> String { String(key.dropFirst(5).prefix(12)) }

        @Test("Keys made in a stopped store's directory are demanded by the server, and by every command")
        func stopped() throws {
            let folder = try TemporaryFolder("keys")
            let data = folder.path + "/data"
            let admin = try make(["--scope", "admin", "--data", data, "--name", "ops"])
            let write = try make(["--scope", "write", "--site", "shop"], environment: ["WEIR_DATA": data])
            let read = try make(["--scope", "read", "--site", "shop", "--data", data])
            let old = try make(["--scope", "write", "--site", "shop", "--data", data])
            #expect(try weir(["key", "revoke", id(old), "--data", data]).exitCode == 0)
            let list = try weir(["key", "list", "--data", data])
            #expect(list.exitCode == 0)
            #expect(list.output.contains("ops") && list.output.contains(id(write)) && list.output.contains("(all)"))
            #expect(try weir(["check", data]).exitCode == 0)

            let process = try ServerProcess(directory: data)
            let connection = try process.connect()
            func send(_ key: String?) throws -> Int {
                try connection.request(
                    "POST", "/v1/events?site=shop", headers: key.map { [("Authorization", "Bearer \($0)")] } ?? [],
                    body: Array(#"{"event":"a","visitor":"v"}"#.utf8)
                ).status
            }
            #expect(try [nil, old, write, read].map { try send($0) } == [401, 401, 200, 403])
            let file = folder.path + "/events.ndjson"
            try Data("{\"event\":\"b\",\"time\":1000}\n".utf8).write(to: URL(fileURLWithPath: file))
            let imported = try weir(["import", "--url", process.url, "--key", write, file])
            #expect(imported.exitCode == 0 && imported.output.contains("accepted 1"), "\(imported)")
            #expect(try weir(["import", "--url", process.url, file]).exitCode != 0)
            let asked = try weir(
                ["query", "aggregate", "--metrics", "events", "--url", process.url, "--json"],
                environment: ["WEIR_KEY": read])
            #expect(asked.output.contains(#""events":2"#), "\(asked)")
            let backup = ["backup", data, folder.path + "/copy"]
            #expect(try weir(backup).exitCode == 1)
            #expect(try weir(backup + ["--key", admin]).exitCode == 0)

            // The running server is asked, through its directory or its address.
            let fresh = try make(["--scope", "write", "--site", "shop", "--data", data, "--key", admin])
            #expect(try send(fresh) == 200)
            let revoked = try weir(["key", "revoke", id(fresh), "--url", process.url, "--key", admin])
            #expect(
                revoked.exitCode == 0 && revoked.output.contains("revoked the write key \(id(fresh))"), "\(revoked)")
            #expect(try send(fresh) == 401)
            #expect(try weir(["key", "list", "--url", process.url]).errors.contains("unauthorized"))
            #expect(try weir(["key", "revoke", "000000000000", "--url", process.url, "--key", admin]).exitCode == 1)

            // A restart, also after a kill, and a restored backup know the same keys.
            try process.kill()
            let again = try ServerProcess(directory: data)
            let headers = [("X-Weir-Key", write)]
            let body = Array(#"{"event":"c"}"#.utf8)
            #expect(try again.connect().request("POST", "/v1/events", headers: headers, body: body).status == 200)
            #expect(
                try again.connect().request("POST", "/v1/events", headers: [("X-Weir-Key", fresh)], body: body).status
                    == 401)
            #expect(try again.terminate() == 0)
            let copy = try ServerProcess(directory: folder.path + "/copy")
            #expect(try copy.connect().request("POST", "/v1/events", headers: headers, body: body).status == 200)
            #expect(try copy.terminate() == 0)

            // No secret is anywhere: not in the log, not in a file.
            let secrets = [admin, write, read, old, fresh].map { String($0.suffix(40)) }
            for secret in secrets {
                #expect(!process.log.contains(secret) && !again.log.contains(secret) && !list.output.contains(secret))
            }
            let files = try FileManager.default.subpathsOfDirectory(atPath: data).map { data + "/" + $0 }
            for file in files {
                guard let bytes = FileManager.default.contents(atPath: file) else { continue }
                for secret in secrets { #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(file)") }
            }
        }

        @Test("Mistakes of weir key are answered with what to do, and make no store")
        func mistakes() throws {
            let folder = try TemporaryFolder("key-mistakes")
            let data = folder.path + "/data"
            let cases: [([String], Int32, String)] = [
                (["create", "--scope", "owner", "--data", data], 2, "write, read or admin"),
                (["create", "--scope", "write", "--data", data], 2, "is for one site"),
                (["create", "--scope", "write", "--site", "a b", "--data", data], 2, "letters, digits"),
                (["create", "--scope", "admin", "--requests-per-second", "-1", "--data", data], 2, "between 0 and"),
                (["list", "--data", data], 1, "holds no store"), (["revoke", "12", "--data", data], 2, "12 digits"),
                (["revoke", "0123456789ab", "--data", data], 1, "holds no store"),
                (["list", "--data", data, "--url", "x"], 64, "not both"),
            ]
            for (arguments, code, words) in cases {
                let run = try weir(["key"] + arguments)
                #expect(run.exitCode == code && run.errors.contains(words), "\(arguments): \(run)")
            }
            #expect(!FileManager.default.fileExists(atPath: data))
        }

        @Test("A server that others can reach refuses to start without keys")
        func reachable() throws {
            let folder = try TemporaryFolder("reachable")
            let serve = ["serve", "--data", folder.path + "/data", "--udp"]
            for arguments in [["off", "--http", "0.0.0.0:0"], ["0.0.0.0:0", "--http", "127.0.0.1:0"]] {
                let run = try weir(serve + arguments)
                #expect(run.exitCode == 1 && run.errors.contains("weir key create --scope admin"), "\(run)")
                #expect(run.output.isEmpty)
            }
        }

        @Test("Settings of protection that mean nothing are named with what they must be")
        func settings() throws {
            let folder = try TemporaryFolder("protection")
            let serve = ["serve", "--http", "127.0.0.1:0", "--udp", "off", "--data", folder.path + "/data"]
            let options: [([String], String)] = [
                (["--origins", "shop.example"], "origins: \"shop.example\" begins neither"),
                (["--origins", "https://a,null"], "origins: \"null\""),
                (["--trusted-proxies", "10.0.0.1/8"], "trusted-proxies: 10.0.0.1/8 is no range"),
                (["--proxy-header", "x-real-ip"], "proxy-header: must be one of"),
                (["--limit-key-events", "-1"], "limit-key-events: must be between 0"),
            ]
            for (arguments, words) in options {
                let run = try weir(serve + arguments)
                #expect(run.exitCode == 1 && run.errors.contains(words), "\(arguments): \(run)")
            }
            let variable = try weir(serve, environment: ["WEIR_LIMIT_ADDRESS_REQUESTS": "99999999999"])
            #expect(variable.exitCode == 1 && variable.errors.contains("limit-address-requests"), "\(variable)")
            let file = folder.path + "/weir.json"
            for (text, words) in [
                (#"{"limit":{"key-evens":5}}"#, "unknown key \"limit.key-evens\""),
                (#"{"limit":{"key-events":"5"}}"#, "\"limit.key-events\" in \(file) must be a whole number"),
                (#"{"require":{"keys":"yes"}}"#, "\"require.keys\" in \(file) must be true or false"),
                (#"{"sites":{"a":{"origins":["x"]}}}"#, "\"sites.a.origins\" in \(file): \"x\" begins neither"),
                (#"{"sites":{"a":{"origins":5}}}"#, "must be a list of texts"),
                (#"{"sites":{"a":{"limit":{"events":5}}}}"#, "must be an object with \"key-requests\""),
            ] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: file))
                let run = try weir(serve + ["--config", file])
                #expect(run.exitCode == 1 && run.errors.contains(words), "\(text): \(run)")
            }
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/data"))
        }

        @Test("Origins and limits are taken from the file, the environment and the command line")
        func configured() throws {
            let folder = try TemporaryFolder("configured")
            let file = folder.path + "/weir.json"
            try Data(
                #"""
                {"origins": "https://all.example", "limit": {"address-events": 1000},
                 "sites": {"shop": {"origins": ["https://shop.example", "http://localhost:3000"]}}}
                """#.utf8
            ).write(to: URL(fileURLWithPath: file))
            let server = try TestServer(arguments: ["--config", file, "--limit-address-events", "5"])
            func send(_ origin: String, _ site: String) throws -> HTTPResponse {
                try server.client.connection.request(
                    "POST", "/v1/events?site=\(site)", headers: [("Origin", origin)],
                    body: Array(#"{"event":"a","visitor":"v"}"#.utf8))
            }
            let taken = try send("http://localhost:3000", "shop")
            #expect(taken.status == 200)
            #expect(taken.headers["access-control-allow-origin"] == "http://localhost:3000")
            #expect(try send("https://all.example", "shop").status == 403)
            #expect(try send("https://all.example", "free").status == 200)
            #expect(try send("https://shop.example", "free").status == 403)
            // The flag is stronger than the file: a body of many events overdraws the address's share.
            let many = Array(repeating: #"{"event":"a","visitor":"v"}"#, count: 600)
            try server.client.send(many, site: "shop")
            let refused = try send("https://shop.example", "shop")
            #expect(refused.status == 429)
            #expect((refused.headers["retry-after"].flatMap { Int($0) } ?? 0) > 60, "\(refused.headers)")
        }
    }
}
