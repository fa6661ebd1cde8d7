import Foundation
import TestSupport
import Testing

extension Torture {
    /// B3: reads that fail, or that bring other bytes than were written.
    @Suite("Reads that fail", .timeLimit(.minutes(60)))
    struct ReadErrorTests {
        /// A server with everything in files, so that queries have to read them.
        private static func sealed() throws -> Victim {
            let victim = try Prepared.copy()
            let client = try victim.start()
            try client.flush()
            // After a failed read of its own, while it rewrites files, RocksDB takes no writes any more. Here queries are to
            // fail, so the background comes to rest first.
            try Deadline.poll(seconds: 30, "the background to come to rest") {
                let before = try client.metrics().sum("weir_compactions_total")
                usleep(1_000_000)
                let after = try client.metrics()
                let isAtRest = after.sum("weir_compactions_total") == before && after.sum("weir_segments_retired") == 0
                return isAtRest ? true : nil
            }
            try victim.terminate()
            return victim
        }

        @Test(
            "B3: a query whose reads fail is an error or the right answer, never a smaller number, and passes",
            arguments: ["errno=EIO", "flip", "short"])
        func query(action: String) throws {
            let victim = try Self.sealed()
            let shim = try Shim("pread:path=\(victim.directory)/:path=.sst:\(action)", isArmed: false)
            let client = try victim.start(shim: shim)
            shim.arm(true)
            let (status, problems) = try Self.ask(client, victim.oracle)
            #expect(problems == [], "\(problems)")
            #expect(shim.acted() > 0, "the queries read nothing")
            if action != "short" { #expect(status == 500) }
            let log = victim.server?.log ?? ""
            if status == 500 { #expect(log.contains(" error "), "no line: \(log)") }
            shim.arm(false)
            // What failed was reading, not the data: nothing has to be started again.
            #expect(try victim.problems() == [])
            var generator = SeededGenerator(seed: 3)
            let statuses1 = try victim.send(batches: 1, &generator)
            #expect(statuses1 == [200], "\(victim.server?.log.suffix(2000) ?? "")")
            #expect(try victim.terminate() == 0)
        }

        /// Asks all queries. An answer of 200 must be the right one.
        ///
        /// - Returns: the highest status, and what was wrong.
        private static func ask(_ client: WeirClient, _ oracle: Oracle) throws -> (status: Int, problems: [String]) {
            let reference = try Reference(
                lines: oracle.acknowledged.sorted().flatMap { oracle.sent[$0]?.lines ?? [] })
            var highest = 0
            var problems: [String] = []
            for (kind, query) in Oracle.queries {
                var query = query
                query["site"] = .string(Victim.site)
                let response = try client.connection.request(
                    "POST", "/v1/query/\(kind)", headers: [("Content-Type", "application/json")],
                    body: Array(query.description.utf8))
                highest = max(highest, response.status)
                guard response.status == 200 else { continue }
                problems += try reference.disagreement(kind, query, answer: try response.json())
                    .map { "\(kind): \($0)" }
            }
            return (highest, problems)
        }

        @Test(
            "B3: a start whose reads fail is refused or whole; nothing is cut off, so the next start has it all",
            arguments: ["errno=EIO", "flip"])
        func opening(action: String) throws {
            let seed = tortureSeed()
            var generator = SeededGenerator(seed: seed)
            let first = try Prepared.copy()
            let count = try Shim("read,pread:path=\(first.directory)/")
            try first.start(shim: count)
            try first.kill()
            #expect(count.calls() > 10)
            let numbers = someNumbers(upTo: count.calls(), bounded: 10, using: &generator)
            let problems = try findProblems(numbers) { number in
                let victim = try Prepared.copy()
                let shim = try Shim("read,pread:path=\(victim.directory)/:when=\(number):\(action)")
                var problems: [String] = []
                do {
                    let client = try victim.start(shim: shim)
                    problems += try Self.ask(client, victim.oracle).problems.map { "while it runs: \($0)" }
                    try victim.kill()
                } catch let ended as ServerProcess.Ended {
                    problems += WriteErrorTests.refusal(ended, victim)
                }
                problems += try victim.problemsAfterRestart()
                return problems.map { "seed \(seed), \(shim.last): \($0)" }
            }
            #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
        }

        @Test("B3: a log that cannot be read is not taken for an empty one")
        func replay() throws {
            for rule in ["read,pread:path=.log:errno=EIO", "open:path=.log:when=1:errno=EIO"] {
                let victim = try Prepared.copy()
                let shim = try Shim("\(rule):path=\(victim.directory)/")
                let ended = #expect(throws: ServerProcess.Ended.self) { try victim.start(shim: shim) }
                #expect(ended?.exitCode == 1)
                #expect(ended?.log.contains(".log") == true, "\(ended?.log ?? "")")
                #expect(try victim.problemsAfterRestart() == [])
            }
        }

        @Test("B3: a compaction whose reads fail leaves the old segments as they are")
        func compaction() throws {
            let victim = try Self.sealed()
            let shim = try Shim("pread:path=\(victim.directory)/:path=.sst:errno=EIO", isArmed: false)
            // The parts must come from the files: nothing is kept.
            let client = try victim.start(shim: shim, arguments: ["--cache-limit", "0"])
            var generator = SeededGenerator(seed: 4)
            let before = try client.metrics().sum("weir_segments_sealed")
            shim.arm(true)
            try victim.send(batches: 2, &generator)
            try? client.flush()
            let failed = try? Deadline.poll(seconds: 8, "a compaction to fail") {
                victim.server?.log.contains("Compaction failed") == true ? true : nil
            }
            shim.arm(false)
            if failed == nil {
                // It may have been done before the rule was armed; then there is nothing to see here.
                #expect(try client.metrics().sum("weir_segments_sealed") <= before + 10)
            }
            #expect(try victim.problems() == [])
            #expect(try victim.terminate() == 0)
            #expect(try victim.problemsAfterRestart() == [])
        }

        @Test("Canary: reads that bring nothing are seen by these tests")
        func canary() throws {
            let victim = try Prepared.copy()
            var generator = SeededGenerator(seed: 3)
            let missing = victim.oracle.begin(&generator)
            victim.oracle.acknowledge(missing)
            let (status, problems) = try Self.ask(try victim.start(), victim.oracle)
            #expect(status == 200)
            #expect(!problems.isEmpty)
        }
    }
}
