import Foundation
import Synchronization
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Checking, backing up and restoring", .timeLimit(.minutes(3)))
    struct BackupTests {
        private func weir(_ arguments: String...) throws -> (exitCode: Int32, output: String, errors: String) {
            try ChildProcess.run(try Repository.program("weir"), arguments, seconds: 60)
        }

        private func names(_ path: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        }

        private func events(_ request: Int) -> [String] {
            (0..<25).map {
                #"{"event":"e\#($0 % 3)","visitor":"r\#(request)","time":\#(1_767_225_600_000 + $0 * 1000)}"#
            }
        }

        /// A12 from outside: every request that was answered before the command began is in its copy, and none by half.
        @Test("A12: a running server is backed up while events come in, and the copy serves what was acknowledged")
        func running() throws {
            let server = try TestServer()
            let folder = try TemporaryFolder("backups")
            let port = server.process.port
            let acknowledged = Atomic<Int>(0)
            let isDone = Atomic<Bool>(false)
            let group = DispatchGroup()
            let process = server.process
            DispatchQueue.global().async(group: group) {
                guard let client = try? WeirClient(process) else { return }
                var request = 0
                while !isDone.load(ordering: .acquiring) {
                    guard (try? client.send(events(request))) != nil else { return }
                    request += 1
                    acknowledged.store(request, ordering: .releasing)
                    if request % 20 == 0 { try? client.flush() }
                }
            }
            var before: [Int] = []
            for round in 0..<3 {
                usleep(150_000)
                before.append(acknowledged.load(ordering: .acquiring))
                let run = try weir("backup", server.folder.path, folder.path + "/\(round)")
                #expect(run.exitCode == 0, "\(run.errors)")
                #expect(run.output.hasPrefix("backed up to \(folder.path)/\(round): "), "\(run.output)")
            }
            isDone.store(true, ordering: .releasing)
            group.wait()
            let last = acknowledged.load(ordering: .acquiring)
            #expect(last > 10)
            #expect(try server.client.metrics().sum("weir_backups_total", ["result": "ok"]) == 3)
            try server.expectSound()
            #expect(port == server.process.port)
            for (round, before) in before.enumerated() {
                let check = try weir("check", folder.path + "/\(round)")
                #expect(check.exitCode == 0 && check.output.contains("nothing is damaged"), "\(check.output)")
                let data = folder.path + "/restored-\(round)"
                let restore = try weir("restore", folder.path + "/\(round)", data)
                #expect(
                    restore.exitCode == 0 && restore.output.hasPrefix("restored to \(data): 1 site, "), "\(restore)")
                let copy = try ServerProcess(directory: data)
                let answer = try WeirClient(copy).query(
                    "top", ["by": "visitor", "metrics": ["events"], "limit": 100_000, "range": "all"])
                var counts: [String: Int64] = [:]
                for row in answer["rows"]?.array ?? [] {
                    counts[row["key"]?.array?.first?.text ?? ""] = row["events"]?.int ?? 0
                }
                #expect(counts.values.allSatisfy { $0 == 25 })
                #expect(Set(counts.keys) == Set((0..<counts.count).map { "r\($0)" }))
                #expect(counts.count >= before && counts.count <= last, "round \(round)")
                #expect(try copy.terminate() == 0)
            }
        }

        @Test("A stopped store: backup, check, stats and restore; what a server left behind is not believed")
        func stopped() throws {
            let server = try TestServer()
            let folder = try TemporaryFolder("backups")
            try server.client.send(events(1))
            try server.client.flush()
            try server.client.send(events(2))
            let data = server.folder.path
            let file = data + "/SERVER"
            #expect(try String(contentsOfFile: file, encoding: .utf8).hasPrefix("127.0.0.1:\(server.process.port)\n"))
            let left = try Data(contentsOf: URL(fileURLWithPath: file))
            #expect(try server.process.terminate() == 0)
            #expect(!FileManager.default.fileExists(atPath: file))
            // As after a crash: the address of a process that is gone.
            try left.write(to: URL(fileURLWithPath: file))

            let check = try weir("check", data)
            #expect(check.exitCode == 0 && check.output.split(separator: "\n").count == 1, "\(check)")
            let json = try JSON(parsing: Array(try weir("check", data, "--json", "--rate", "1000").output.utf8))
            #expect(json["damaged"]?.int == 0)
            #expect(json["checked"]?["sealed_rows"]?.int == 25)
            #expect(json["checked"]?["rows_in_flight"]?.int == 25)
            let stats = try JSON(parsing: Array(try weir("stats", data, "--json", "--encodings").output.utf8))
            #expect(stats["sites"]?.array?.first?["site"]?.text == "default")
            #expect(stats["sites"]?.array?.first?["rows"]?.int == 25)
            #expect(stats["sites"]?.array?.first?["log_rows"]?.int == 1)
            #expect(stats["groups"]?["events"]?["stored"]?.int ?? 0 > 0)
            #expect(stats["directory_bytes"]?.int ?? 0 > 1000)
            #expect(try weir("stats", data).output.contains("site default: 25 sealed events"))
            let backup = try weir("backup", data, folder.path + "/copy", "--json")
            #expect(try JSON(parsing: Array(backup.output.utf8))["files"]?.int ?? 0 > 3, "\(backup)")
            let restore = try weir("restore", folder.path + "/copy", folder.path + "/new", "--json")
            #expect(try JSON(parsing: Array(restore.output.utf8))["sealed_rows"]?.int == 25, "\(restore)")
            #expect(try names(folder.path) == ["copy", "new"])
            let copy = try ServerProcess(directory: folder.path + "/new")
            let answer = try WeirClient(copy).query("aggregate", ["range": "all", "metrics": ["events", "visitors"]])
            #expect(answer["metrics"]?["events"]?.int == 50)
            #expect(answer["metrics"]?["visitors"]?.int == 2)
        }

        @Test("Stats beside a running server; check refuses it with 2 and says why")
        func besideServer() throws {
            let server = try TestServer()
            try server.client.send(events(1))
            let stats = try weir("stats", server.folder.path, "--json")
            #expect(stats.exitCode == 0, "\(stats.errors)")
            #expect(try JSON(parsing: Array(stats.output.utf8))["sites"]?.array?.first?["log_rows"]?.int == 1)
            let check = try weir("check", server.folder.path)
            #expect(check.exitCode == 2 && check.errors.contains("in use"), "\(check)")
            let missing = try weir("check", server.folder.path + "/nothing")
            #expect(missing.exitCode == 2 && missing.errors.contains("no store"), "\(missing)")
            try server.client.send(events(2))
            #expect(try server.count("default") == 50)
            try server.expectSound()
        }

        @Test("Damage is listed with 1 and refuses the restore, of which nothing is left")
        func damage() throws {
            let server = try TestServer()
            let folder = try TemporaryFolder("backups")
            // Enough for the parts to fill blocks of RocksDB's by themselves, apart from the rows of the store itself.
            let lines = (0..<4000).map {
                #"{"event":"e","visitor":"v\#($0)","url":"https://shop.example/\#($0 * 7919)","time":1767225600000}"#
            }
            try server.client.send(lines, site: "shop")
            try server.client.flush()
            #expect(try weir("backup", server.folder.path, folder.path + "/copy").exitCode == 0)
            // One byte of the parts, which stand at the beginning of the largest file.
            let files = try names(folder.path + "/copy").filter { $0.hasSuffix(".sst") }
                .map { URL(fileURLWithPath: folder.path + "/copy/" + $0) }
            let largest = try #require(
                try files.max { try Data(contentsOf: $0).count < Data(contentsOf: $1).count })
            var bytes = try Data(contentsOf: largest)
            bytes[bytes.count / 4] ^= 1
            try bytes.write(to: largest)
            let check = try weir("check", folder.path + "/copy")
            #expect(check.exitCode == 1 && check.output.contains(".sst"), "\(check)")
            let json = try JSON(parsing: Array(try weir("check", folder.path + "/copy", "--json").output.utf8))
            #expect(json["damaged"]?.int ?? 0 > 0)
            #expect(json["findings"]?.array?.first?["kind"]?.text != nil)
            let restore = try weir("restore", folder.path + "/copy", folder.path + "/new")
            #expect(restore.exitCode == 1 && restore.errors.contains("damaged"), "\(restore)")
            #expect(try names(folder.path) == ["copy"])
        }

        @Test("The backup's address refuses what a web page can send, and every bad request by a stable code")
        func refusals() throws {
            let server = try TestServer()
            let folder = try TemporaryFolder("backups")
            try server.client.send(events(1))
            try Data("x".utf8).write(to: URL(fileURLWithPath: folder.path + "/file"))
            func ask(_ body: String, _ headers: [(String, String)]) throws -> HTTPResponse {
                try server.process.connect().request(
                    "POST", "/v1/admin/backup", headers: headers, body: Array(body.utf8))
            }
            let json = [("Content-Type", "application/json")]
            let good = #"{"to":"\#(folder.path)/copy"}"#
            for (body, headers, status, code) in [
                (good, [], 415, "unsupported_media_type"),
                (good, [("Content-Type", "text/plain")], 415, "unsupported_media_type"),
                (good, json + [("Origin", "http://127.0.0.1:\(server.process.port)")], 403, "forbidden_origin"),
                ("{", json, 400, "invalid_json"), ("", json, 400, "invalid_json"),
                ("[]", json, 400, "invalid_parameter"), (#"{"to":1}"#, json, 400, "invalid_parameter"),
                (#"{"to":"relative"}"#, json, 400, "invalid_parameter"),
                (#"{"to":"/a\u0000b"}"#, json, 400, "invalid_parameter"),
                (#"{"to":"\#(folder.path)/copy","x":1}"#, json, 400, "invalid_parameter"),
                (#"{"to":"\#(folder.path)/missing/copy"}"#, json, 400, "backup_target_unusable"),
                (#"{"to":"\#(server.folder.path)/copy"}"#, json, 400, "backup_target_unusable"),
                (#"{"to":"\#(folder.path)/file"}"#, json, 409, "backup_target_exists"),
                (#"{"to":"\#(folder.path)"}"#, json, 409, "backup_target_exists"),
            ] as [(String, [(String, String)], Int, String)] {
                let response = try ask(body, headers)
                #expect(response.status == status, "\(body) \(headers): \(response.text)")
                #expect(try response.json()["code"]?.text == code, "\(body) \(headers): \(response.text)")
            }
            #expect(try names(folder.path) == ["file"])
            let response = try ask(good, [("Content-Type", "application/json; charset=utf-8")])
            #expect(response.status == 200, "\(response.text)")
            #expect(try response.json()["to"]?.text == folder.path + "/copy")
            #expect(try ask(good, json).status == 409)
            let metrics = try server.client.metrics()
            #expect(metrics.sum("weir_backups_total", ["result": "ok"]) == 1)
            #expect(metrics.sum("weir_backups_total", ["result": "failed"]) == 5)
            try server.expectSound()
        }
    }
}
