import Foundation
import RocksDB
import TestSupport
import Testing

extension Torture {
    /// A6 to A8: logs that end too early, or are damaged in the middle.
    @Suite("Damaged logs", .timeLimit(.minutes(60)))
    struct LogDamageTests {
        /// A killed server with one log of several batches, which were sent one after the other.
        private final class Scene: Sendable {
            let victim: Victim
            /// What was in files before, and what is in the log, in the order it was sent.
            let before: Set<String>
            let logged: [String]
            let log: String

            init() throws {
                let victim = try Prepared.copy()
                let before = victim.oracle.acknowledged
                // This opening has put everything into files.
                try victim.start()
                var generator = SeededGenerator(seed: 5)
                for _ in 0..<6 { try victim.send(batches: 1, events: 1...30, &generator) }
                try victim.kill()
                let logged = victim.oracle.acknowledged.subtracting(before)
                let logs = try FileManager.default.contentsOfDirectory(atPath: victim.directory)
                    .filter { $0.hasSuffix(".log") }.sorted()
                // An older one, whose content is in files, may not have been deleted yet.
                guard let log = logs.last else { throw HarnessError("no log") }
                self.victim = victim
                self.before = before
                self.logged = logged.sorted { Scene.number($0) < Scene.number($1) }
                self.log = log
            }

            private static func number(_ name: String) -> Int { Int(name.dropFirst()) ?? -1 }

            func bytes() throws -> Data {
                try Data(contentsOf: URL(fileURLWithPath: victim.directory + "/" + log))
            }

            /// A copy with another log.
            func copy(log bytes: Data) throws -> Victim {
                let copy = try victim.copy()
                try bytes.write(to: URL(fileURLWithPath: copy.directory + "/" + log))
                return copy
            }

            /// What is wrong with a copy that should open with the first batches of its log.
            ///
            /// - Returns: also how many of them there are.
            func problems(_ copy: Victim, arguments: [String] = []) throws -> (problems: [String], count: Int) {
                let visible = try copy.oracle.visible(copy.start(arguments: arguments), site: Victim.site)
                var problems: [String] = []
                let count = logged.prefix { visible.contains($0) }.count
                if visible != before.union(logged.prefix(count)) {
                    problems.append("a gap: \(visible.symmetricDifference(before.union(logged.prefix(count))))")
                }
                copy.oracle.forget(Set(logged.dropFirst(count)))
                problems += try copy.problems()
                try copy.kill()
                return (problems, count)
            }
        }

        @Test("A6: a log that is cut off opens with the batches before, says how much is left out, and goes on")
        func cutOff() throws {
            let scene = try Scene()
            let bytes = try scene.bytes()
            var generator = SeededGenerator(seed: tortureSeed())
            let part = min(bytes.count, 4096)
            let cuts = someNumbers(upTo: part, bounded: 20, using: &generator)
            let problems = try findProblems(cuts) { cut in
                let copy = try scene.copy(log: bytes.dropLast(cut))
                // At a batch's end there is nothing to say.
                let unfinished = try LogScan(directory: copy.directory).unfinishedBytes
                let found = try scene.problems(copy)
                var problems = found.problems
                if unfinished > 0, !copy.lastLog.contains("not finished") {
                    problems.append("\(unfinished) bytes are left out, and nothing is said")
                }
                // What is sent again joins it, and everything is there after another start.
                copy.oracle.forget(Set(scene.logged))
                try copy.start()
                var generator = SeededGenerator(seed: 1)
                try copy.repeatBatches(&generator)
                try copy.kill()
                problems += try copy.problemsAfterRestart()
                if copy.oracle.acknowledged != scene.victim.oracle.acknowledged { problems.append("not all again") }
                return problems + copy.suspiciousLines()
            }
            #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
        }

        @Test("A6: garbage or zeros behind the log cost nothing")
        func tails() throws {
            let scene = try Scene()
            let bytes = try scene.bytes()
            var generator = SeededGenerator(seed: tortureSeed())
            let garbage = Data((0..<5000).map { _ in UInt8.random(in: 0...255, using: &generator) })
            for tail in [garbage, garbage.prefix(3), Data(count: 5000), Data(count: 40_000) + garbage] {
                let copy = try scene.copy(log: bytes + tail)
                let (problems, count) = try scene.problems(copy)
                #expect(problems == [])
                #expect(count == scene.logged.count)
                #expect(try copy.problemsAfterRestart() == [])
            }
        }

        @Test(
            "A7: a byte that changed in the middle refuses the store and deletes nothing, until one says to go on without"
        )
        func changed() throws {
            let scene = try Scene()
            let bytes = try scene.bytes()
            var generator = SeededGenerator(seed: tortureSeed())
            let positions = someNumbers(upTo: bytes.count, bounded: 14, using: &generator).map { $0 - 1 }
            let problems = try findProblems(positions) { position in
                var changed = bytes
                changed[position] ^= 0x08
                let copy = try scene.copy(log: changed)
                let files = try Self.contents(copy.directory)
                var problems: [String] = []
                do {
                    // Only at the very end can it be a write that was not finished.
                    let (found, count) = try scene.problems(copy)
                    problems += found
                    if count < scene.logged.count - 1 { problems.append("opened with \(count) batches") }
                } catch let ended as ServerProcess.Ended {
                    problems += WriteErrorTests.refusal(ended, copy)
                    if !ended.log.contains(scene.log) { problems.append("the log is not named: \(ended.log)") }
                    if try Self.contents(copy.directory) != files { problems.append("files were changed") }
                    problems += try scene.problems(copy, arguments: ["--accept-log-loss"]).problems
                    problems += try copy.problemsAfterRestart()
                }
                return problems
            }
            #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
        }

        /// The files that matter with their contents.
        static func contents(_ directory: String) throws -> [String: Data] {
            var contents: [String: Data] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name != "LOCK" {
                contents[name] = FileManager.default.contents(atPath: directory + "/" + name)
            }
            return contents
        }

        @Test("A8: an old log that could not be deleted and is damaged harms nobody, start after start")
        func old() throws {
            let victim = try Prepared.copy(arguments: Session.arguments)
            let shim = try Shim("unlink:path=\(victim.directory)/:path=.log:errno=EIO")
            let seed = tortureSeed()
            let outcome = try Session.run(victim, shim, seed: seed)
            #expect(outcome.statuses.allSatisfy { $0 == 200 }, "\(outcome)")
            // A log becomes old when a write buffer is full, and how soon that is depends on what is written beside.
            var generator = SeededGenerator(seed: seed)
            var logs = try Self.logs(of: victim)
            for _ in 0..<100 where logs.count <= 3 {
                let statuses = try victim.send(batches: 2, events: 100...200, &generator)
                #expect(statuses == [200, 200])
                logs = try Self.logs(of: victim)
            }
            try victim.kill()
            #expect(logs.count > 3, "no old logs: \(logs), WEIR_SEED=\(seed)")
            for log in logs.dropLast(2) {
                let path = victim.directory + "/" + log
                var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                guard !bytes.isEmpty else { continue }
                bytes[bytes.count / 2] ^= 0x10
                try bytes.write(to: URL(fileURLWithPath: path))
            }
            for _ in 0..<3 { #expect(try victim.problemsAfterRestart() == []) }
        }

        private static func logs(of victim: Victim) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: victim.directory)
                .filter { $0.hasSuffix(".log") }.sorted()
        }

        @Test("Canary: what --accept-log-loss gives up is missed")
        func canary() throws {
            let scene = try Scene()
            var bytes = try scene.bytes()
            bytes[40] ^= 1
            let copy = try scene.copy(log: bytes)
            try copy.start(arguments: ["--accept-log-loss"])
            #expect(try copy.problems().contains { $0.contains("acknowledged and gone") })
        }
    }
}
