import Foundation
import Glibc
import TestSupport
import Testing

extension Torture {
    /// A9 and B10: files of RocksDB's that are missing, cut off, old, or twice there.
    @Suite("Damaged files", .timeLimit(.minutes(60)))
    struct FileDamageTests {
        /// What is done to a file.
        enum Damage: String, CaseIterable, Sendable {
            case remove, empty, half, zeros, flip, duplicate

            func apply(to path: String) throws {
                let url = URL(fileURLWithPath: path)
                var bytes = try Data(contentsOf: url)
                switch self {
                case .remove: return try FileManager.default.removeItem(at: url)
                case .empty: bytes = Data()
                case .half: bytes = bytes.prefix(bytes.count / 2)
                case .zeros: bytes = Data(count: bytes.count)
                case .flip: if !bytes.isEmpty { bytes[bytes.count / 2] ^= 0x10 }
                // Behind itself: as when an append was done twice.
                case .duplicate: bytes += bytes
                }
                try bytes.write(to: url)
            }
        }

        /// A server that has everything in files but a few batches.
        private static func scene() throws -> Victim {
            let victim = try Prepared.copy()
            var generator = SeededGenerator(seed: 6)
            try victim.start().flush()
            try victim.send(batches: 2, &generator)
            try victim.kill()
            return victim
        }

        private static func names(_ directory: String, _ isWanted: (String) -> Bool) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: directory).filter(isWanted).sorted()
        }

        @Test(
            "A9: CURRENT or the manifest damaged: refused with a reason, or whole; nothing is deleted",
            arguments: Damage.allCases)
        func manifest(damage: Damage) throws {
            let original = try Self.scene()
            for prefix in ["CURRENT", "MANIFEST-"] {
                let victim = try original.copy()
                let names = try Self.names(victim.directory) { $0.hasPrefix(prefix) }
                let name = try #require(names.last)
                try damage.apply(to: victim.directory + "/" + name)
                try expectRefusedOrWhole(victim, mention: [name, prefix], "\(name) \(damage)")
            }
        }

        @Test(
            "B10: a file of sorted keys damaged: an error that names it, never a smaller number",
            arguments: Damage.allCases)
        func sorted(damage: Damage) throws {
            let original = try Self.scene()
            for name in try Self.names(original.directory, { $0.hasSuffix(".sst") }) {
                let victim = try original.copy()
                try damage.apply(to: victim.directory + "/" + name)
                // RocksDB looks for a file that is missing under its old extension at last.
                try expectRefusedOrWhole(victim, mention: [String(name.dropLast(3))], "\(name) \(damage)")
            }
        }

        @Test("A9: an older manifest under today's files is refused, or everything is there")
        func stale() throws {
            let old = try Self.scene()
            let new = try old.copy()
            var generator = SeededGenerator(seed: 7)
            for _ in 0..<2 {
                try new.start()
                try new.send(batches: 2, &generator)
                try new.client().flush()
                try new.send(batches: 1, &generator)
                try new.kill()
            }
            let isManifest: (String) -> Bool = { $0 == "CURRENT" || $0.hasPrefix("MANIFEST-") }
            for name in try Self.names(new.directory, isManifest) {
                try FileManager.default.removeItem(atPath: new.directory + "/" + name)
            }
            for name in try Self.names(old.directory, isManifest) {
                try FileManager.default.copyItem(
                    atPath: old.directory + "/" + name, toPath: new.directory + "/" + name)
            }
            try expectRefusedOrWhole(new, mention: ["MANIFEST", ".sst", ".log"], "a stale manifest")
        }

        /// Either it does not start, says why with the file's name, and has changed nothing; or it starts, and each answer is an
        /// error or the right one, and no file with data is gone that was not damaged.
        private func expectRefusedOrWhole(
            _ victim: Victim, mention names: [String], _ what: String
        ) throws {
            let before = try LogDamageTests.contents(victim.directory)
            do {
                let client = try victim.start()
                let problems = try Self.problems(client, victim.oracle, names)
                #expect(problems == [], "\(what): \(problems)")
                try victim.kill()
                let after = try LogDamageTests.contents(victim.directory)
                // RocksDB writes new files out of old ones, so names change; what there is must not become less.
                let size: ([String: Data]) -> Int = { files in
                    files.filter { $0.key.hasSuffix(".sst") }.reduce(0) { $0 + $1.value.count }
                }
                #expect(size(after) * 2 >= size(before), "\(what): files are gone")
            } catch let ended as ServerProcess.Ended {
                #expect(ended.exitCode == 1, "\(what): \(ended)")
                #expect(names.contains { ended.log.contains($0) }, "\(what): not named in \(ended.log)")
                let after = try LogDamageTests.contents(victim.directory)
                // Where only a row was unreadable, RocksDB has turned its log into a file by then.
                for (name, bytes) in before where name.hasSuffix(".sst") {
                    #expect(after[name] == bytes, "\(what): \(name) was changed")
                }
                // No crash loop: the same again, in words.
                #expect(throws: ServerProcess.Ended.self, "\(what)") { try victim.start() }
            }
        }

        private static func problems(_ client: WeirClient, _ oracle: Oracle, _ names: [String]) throws -> [String] {
            let reference = try Reference(
                lines: oracle.acknowledged.sorted().flatMap { oracle.sent[$0]?.lines ?? [] })
            var problems: [String] = []
            for (kind, query) in Oracle.queries {
                var query = query
                query["site"] = .string(Victim.site)
                let response = try client.connection.request(
                    "POST", "/v1/query/\(kind)", headers: [("Content-Type", "application/json")],
                    body: Array(query.description.utf8))
                if response.status == 200 {
                    problems += try reference.disagreement(kind, query, answer: try response.json())
                        .map { "\(kind): \($0)" }
                } else if response.status != 500 || !names.contains(where: { response.text.contains($0) }) {
                    problems.append("\(kind): \(response.status) \(response.text)")
                }
            }
            return problems
        }

        @Test("Canary: a store without a segment is not whole")
        func canary() throws {
            let victim = try Self.scene()
            var generator = SeededGenerator(seed: 8)
            victim.oracle.acknowledge(victim.oracle.begin(&generator))
            let problems = try Self.problems(victim.start(), victim.oracle, [])
            #expect(!problems.isEmpty)
        }
    }
}
