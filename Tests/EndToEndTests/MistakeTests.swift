import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What a hand gets wrong: each mistake is answered with what it is and what to do, and does nothing.
    @Suite("Mistakes", .timeLimit(.minutes(3)))
    struct MistakeTests {
        private func weir(
            _ arguments: [String], environment: [String: String] = [:]
        ) throws -> (exitCode: Int32, output: String, errors: String) {
            try ChildProcess.run(
                try Repository.program("weir"), arguments, environment: environment, seconds: 60)
        }

        @Test("Removals and confirmations with slips in them are refused, and nothing is removed")
        func removals() throws {
            let server = try TestServer()
            try server.client.send([#"{"event":"a","visitor":"v1"}"#], site: "shop")
            try server.client.send([#"{"event":"a","visitor":"v1"}"#])
            let long = String(repeating: "a", count: 201)
            let page = [("Origin", "http://127.0.0.1:\(server.process.port)")]
            let body = Array(#"{"confirm":true}"#.utf8)
            let cases: [(String, String, [(String, String)], [UInt8]?, Int, String)] = [
                ("DELETE", "/v1/visitors/v1?sit=shop", [], nil, 400, "invalid_parameter"),
                ("DELETE", "/v1/visitors/v1?site=", [], nil, 400, "invalid_parameter"),
                ("DELETE", "/v1/visitors/v1?site=shop&site=default", [], nil, 400, "invalid_parameter"),
                ("DELETE", "/v1/visitors/v1?site=no%20site", [], nil, 400, "invalid_site"),
                ("DELETE", "/v1/visitors/v1?site=shop", page, nil, 403, "forbidden_origin"),
                ("DELETE", "/v1/visitors/", [], nil, 404, "not_found"),
                ("DELETE", "/v1/visitors/v1/", [], nil, 404, "not_found"),
                ("DELETE", "/v1/visitors/%", [], nil, 400, "invalid_visitor"),
                ("DELETE", "/v1/visitors/v1%2", [], nil, 400, "invalid_visitor"),
                ("DELETE", "/v1/visitors/%ff", [], nil, 400, "invalid_visitor"),
                ("DELETE", "/v1/visitors/\(long)", [], nil, 400, "invalid_visitor"),
                ("DELETE", "/v1/sites/", [], nil, 404, "not_found"),
                ("DELETE", "/v1/sites/%", [], nil, 400, "invalid_site"),
                ("DELETE", "/v1/sites/%ff", [], nil, 400, "invalid_site"),
                ("DELETE", "/v1/sites/\(long)", [], nil, 400, "invalid_site"),
                ("DELETE", "/v1/sites/shop?site=other", [], nil, 400, "invalid_parameter"),
                ("DELETE", "/v1/sites/shop", page, nil, 403, "forbidden_origin"),
                ("DELETE", "/v1/sites/other", [], nil, 404, "unknown_site"),
                ("GET", "/v1/sites/shop", [], nil, 405, "method_not_allowed"),
                ("POST", "/v1/admin/retention?site=other", [], nil, 404, "unknown_site"),
                ("POST", "/v1/admin/retention?site=shop&confirm=yes", [], nil, 400, "invalid_parameter"),
                ("POST", "/v1/admin/retention?site=shop&confim=true", [], nil, 400, "invalid_parameter"),
                ("POST", "/v1/admin/retention?confirm=true&confirm=false", [], nil, 400, "invalid_parameter"),
                ("POST", "/v1/admin/retention?site=shop&confirm=true", page, nil, 403, "forbidden_origin"),
                ("POST", "/v1/admin/retention?site=shop", [], body, 400, "unexpected_body"),
            ]
            for (method, target, headers, body, status, code) in cases {
                let answer = try WeirClient(server.process).connection
                    .request(method, target, headers: headers, body: body)
                #expect(answer.status == status, "\(method) \(target): \(answer.text)")
                #expect(try answer.json()["code"]?.text == code, "\(method) \(target): \(answer.text)")
                #expect(answer.headers["content-type"] == "application/problem+json")
            }
            #expect(try server.count("shop") == 1 && server.count("default") == 1)
            let report = try server.client.connection.request("POST", "/v1/admin/retention?site=shop")
            #expect(try report.status == 200 && report.json()["confirmed"]?.bool == false)
            try server.expectSound()
        }

        @Test("A backup that cannot be made says why before anything is copied, and leaves nothing behind")
        func backups() throws {
            let server = try TestServer()
            let folder = try TemporaryFolder("targets")
            let place = folder.path
            try FileManager.default.createDirectory(atPath: place + "/full/inside", withIntermediateDirectories: true)
            try Data("x".utf8).write(to: URL(fileURLWithPath: place + "/file"))
            try FileManager.default.createSymbolicLink(atPath: place + "/link", withDestinationPath: place + "/nowhere")
            let before = try FileManager.default.subpathsOfDirectory(atPath: place).sorted()
            let json = [("Content-Type", "application/json")]
            func quoted(_ path: String) -> String { #"{"to":"\#(path)"}"# }
            let long = String(repeating: "n", count: 300)
            let cases: [([(String, String)], String, Int, String, String)] = [
                ([], quoted(place + "/new"), 415, "unsupported_media_type", "application/json"),
                ([("Content-Type", "text/plain")], quoted(place + "/b"), 415, "unsupported_media_type", "Content-Type"),
                (json, "", 400, "invalid_json", "no JSON"), (json, "[]", 400, "invalid_parameter", "absolute"),
                (json, #"{"to":5}"#, 400, "invalid_parameter", "absolute"),
                (json, quoted("relative/path"), 400, "invalid_parameter", "absolute"),
                (json, quoted(place + "/full"), 409, "backup_target_exists", "choose another"),
                (json, quoted(place + "/file"), 409, "backup_target_exists", "choose another"),
                (json, quoted(place + "/file/new"), 400, "backup_target_unusable", "Not a directory"),
                (json, quoted(place + "/no/parent"), 400, "backup_target_unusable", "no directory \(place)/no;"),
                (json, quoted(place + "/link"), 400, "backup_target_unusable", "symbolic link"),
                (json, quoted(place + "/" + long), 400, "backup_target_unusable", "too long"),
                (json, quoted(server.folder.path + "/inside"), 400, "backup_target_unusable", "outside"),
            ]
            for (headers, body, status, code, words) in cases {
                let answer = try WeirClient(server.process).connection
                    .request("POST", "/v1/admin/backup", headers: headers, body: Array(body.utf8))
                #expect(answer.status == status, "\(body): \(answer.text)")
                let problem = try answer.json()
                #expect(problem["code"]?.text == code, "\(body): \(answer.text)")
                #expect(problem["detail"]?.text?.contains(words) == true, "\(body): \(answer.text)")
            }
            #expect(try FileManager.default.subpathsOfDirectory(atPath: place).sorted() == before)
            try server.expectSound()
        }

        @Test("Commands on what is no store say so, with their exit codes, and change nothing")
        func directories() throws {
            let server = try TestServer()
            let folder = try TemporaryFolder("mistakes")
            let place = folder.path
            try FileManager.default.createDirectory(atPath: place + "/empty", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: place + "/other", withIntermediateDirectories: true)
            for name in ["/file", "/other/letter.txt"] {
                try Data("x".utf8).write(to: URL(fileURLWithPath: place + name))
            }
            let before = try FileManager.default.subpathsOfDirectory(atPath: place).sorted()
            let used = server.folder.path
            let serve = ["serve", "--http", "127.0.0.1:0", "--udp", "off", "--data"]
            let cases: [([String], Int32, String)] = [
                (["check", place + "/missing"], 2, "no such directory"), (["check", ""], 2, "no such directory"),
                (["check", place + "/file"], 2, "Not a directory"), (["check", place + "/empty"], 2, "holds no store"),
                (["check", used], 2, "in use by another process"), (["check"], 64, "Missing expected argument"),
                (["check", used, "--rate", "-1"], 64, "--rate must be a number above 0"),
                (["stats", place + "/missing"], 2, "no such directory"),
                (["stats", place + "/empty"], 2, "holds no store"),
                (["backup", place + "/missing", place + "/new"], 1, "no such directory"),
                (["backup", place + "/empty", place + "/new"], 1, "holds no store"),
                (["backup", used, place + "/other"], 1, "choose another"),
                (["backup", used, place + "/no/parent"], 1, "no directory \(place)/no;"),
                (["backup", used, ""], 64, "must not be empty"),
                (["restore", place + "/empty", place + "/new"], 1, "holds no store"),
                (["restore", place + "/empty", place + "/other"], 1, "choose another"),
                (["restore", used, place + "/new"], 1, "in use by another process"),
                (["restore", used, ""], 64, "must not be empty"),
                (serve + [used], 1, "in use by another process"), (serve + [place + "/file"], 1, "not a directory"),
                (serve + [place + "/no/parent"], 1, "cannot be made"), (serve + [""], 1, "must not be empty"),
            ]
            for (arguments, code, words) in cases {
                let run = try weir(arguments)
                #expect(run.exitCode == code, "\(arguments): \(run)")
                #expect(run.errors.contains(words), "\(arguments): \(run)")
            }
            #expect(try FileManager.default.subpathsOfDirectory(atPath: place).sorted() == before)
            try server.expectSound()
        }

        @Test("Settings that mean nothing are named with what they must be, and nothing is started")
        func settings() throws {
            let folder = try TemporaryFolder("settings")
            let serve = ["serve", "--http", "127.0.0.1:0", "--udp", "off", "--data", folder.path + "/data"]
            let options: [([String], String)] = [
                (["--retention", "3x"], "retention: must be forever or a duration"),
                (["--retention", "-3d"], "retention: must be forever or a duration"),
                (["--retention", "1m"], "at least an hour"), (["--cache-limit", "-1"], "cache-limit: must be a size"),
                (["--cache-limit", "99999999999TiB"], "cache-limit: must be a size"),
                (["--disk-reserve", "x"], "disk-reserve: must be a size"),
                (["--write-buffer", "1"], "write-buffer: must be a size between"),
                (["--late-limit", "-1h"], "late-limit: must be a duration"), (["--threads", "-1"], "threads: must be"),
                (["--log-level", "loud"], "log-level: must be one of"),
                (["--config", folder.path + "/none.json"], "cannot be read"),
            ]
            for (arguments, words) in options {
                let run = try weir(serve + arguments)
                #expect(run.exitCode == 1 && run.errors.contains(words), "\(arguments): \(run)")
            }
            for (faults, words) in [
                ("bad=kill", "there is no point \"bad\"; there are: ingest.parsed"),
                ("seal.commit=explode", "an action is kill"), ("seal.commit", "an order is"),
                ("seal.commit=kill@0", "from 1"),
            ] {
                let run = try weir(serve, environment: ["WEIR_FAULTS": faults])
                #expect(run.exitCode == 1 && run.errors.contains(words), "\(faults): \(run)")
            }
            let file = folder.path + "/weir.json"
            for (text, words) in [
                ("{", "is not a JSON object"), (#"{"datta":"x"}"#, "unknown key \"datta\""),
                (#"{"retention":5}"#, "\"retention\" in \(file) must be a text in quotes"),
                (#"{"cache":{"limit":5000000}}"#, "\"cache.limit\" in \(file) must be a text in quotes"),
                (#"{"threads":"two"}"#, "\"threads\" in \(file) must be a whole number"),
                (#"{"sites":{"a b":{"retention":"3d"}}}"#, "is no site"),
                (#"{"sites":{"a":{"retention":"3x"}}}"#, "must be forever or a duration"),
                (#"{"sites":{"a":{"retentoin":"3d"}}}"#, "unknown key \"sites.a.retentoin\""),
            ] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: file))
                let run = try weir(serve + ["--config", file])
                #expect(run.exitCode == 1 && run.errors.contains(words), "\(text): \(run)")
            }
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/data"))
        }

        @Test("What a site's retention would delete at once is refused over HTTP, with its reason, and counted")
        func tooOld() throws {
            let folder = try TemporaryFolder("retention")
            let file = folder.path + "/weir.json"
            try Data(#"{"sites":{"short":{"retention":"2d"}}}"#.utf8).write(to: URL(fileURLWithPath: file))
            let server = try TestServer(arguments: ["--config", file])
            let old = now() - 3 * 86_400_000
            for (site, accepted) in [("short", 1), ("other", 2)] as [(String, Int64)] {
                let answer = try server.client.send(
                    [#"{"event":"a","visitor":"v","time":\#(old)}"#, #"{"event":"a","visitor":"v"}"#], site: site)
                #expect(answer["accepted"]?.int == accepted, "\(answer)")
            }
            let metrics = try server.client.metrics()
            #expect(metrics.sum("weir_events_rejected_total", ["reason": "time_too_old"]) == 1)
            let letters = try server.client.connection.request("GET", "/v1/dead-letters?site=short").text
            #expect(letters.contains("time_too_old") && letters.contains("are kept for 172800 s"))
            try server.expectSound()
        }
    }
}
