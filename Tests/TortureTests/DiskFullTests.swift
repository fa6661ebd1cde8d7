import Foundation
import TestSupport
import Testing

extension Torture {
    /// B4 and B5: a disk that runs full, and has space again.
    @Suite("A full disk", .timeLimit(.minutes(60)))
    struct DiskFullTests {
        private static let megabyte: Int64 = 1 << 20

        @Test("B4: below the reserve events are refused and queries answered; with space again events are taken")
        func reserve() throws {
            let victim = try Prepared.copy(arguments: ["--disk-reserve", "10MiB"])
            let shim = try Shim("", space: 100 * Self.megabyte, spacePath: victim.directory)
            let client = try victim.start(shim: shim)
            var generator = SeededGenerator(seed: tortureSeed())
            for episode in 0..<2 {
                let statuses1 = try victim.send(batches: 2, &generator)
                #expect(statuses1 == [200, 200])
                shim.setSpace(9 * Self.megabyte)
                try Self.wait("fullness") { try client.metrics().sum("weir_disk_full") == 1 }
                let batch = victim.oracle.begin(&generator)
                let refusal = try client.connection.request(
                    "POST", "/v1/events?site=\(Victim.site)", body: batch.body)
                #expect(refusal.status == 503)
                #expect(try refusal.json()["code"]?.text == "disk_full")
                #expect(refusal.headers["retry-after"] != nil)
                #expect(try client.connection.request("GET", "/readyz").status == 503)
                #expect(try victim.problems() == [])
                // Sealing frees log rows, so it may use the reserve.
                try client.flush()
                let metrics = try client.metrics()
                #expect(metrics.sum("weir_rows_in_flight") == 0)
                #expect(metrics.sum("weir_disk_free_bytes") <= Double(9 * Self.megabyte))
                #expect(metrics.sum("weir_events_dropped_total", ["reason": "disk_full"]) > 0)
                #expect(metrics.sum("weir_store_failed") == 0)
                shim.setSpace(100 * Self.megabyte)
                try Self.wait("space") { try client.metrics().sum("weir_disk_full") == 0 }
                #expect(try victim.send(batch, over: client.connection) == 200)
                #expect(try client.connection.request("GET", "/readyz").status == 200)
                #expect(Self.count("The disk is almost full", in: victim) == episode + 1)
                #expect(Self.count("There is space on the disk again", in: victim) == episode + 1)
            }
            #expect(try victim.terminate() == 0)
            #expect(try victim.problemsAfterRestart() == [])
            #expect(victim.suspiciousLines(allowing: ["The disk is almost full"]) == [])
        }

        private static func wait(_ what: String, _ condition: () throws -> Bool) throws {
            try Deadline.poll(seconds: 10, what) { try condition() ? true : nil }
        }

        private static func count(_ text: String, in victim: Victim) -> Int {
            (victim.server?.log ?? "").split(separator: "\n").count { $0.contains(text) }
        }

        @Test(
            "B4: full at any write and with no reserve, nothing acknowledged is lost, and with space it starts at once")
        func anywhere() throws {
            let seed = tortureSeed()
            // How much a session writes.
            let limit = 1000 * Self.megabyte
            let first = try Prepared.copy(arguments: Session.arguments)
            let meter = try Shim("write:path=\(first.directory)/", space: limit, spacePath: first.directory)
            _ = try Session.run(first, meter, seed: seed)
            let written = Int(limit - meter.space)
            try first.kill()
            #expect(written > 10_000)
            let steps = TortureSize.pick(10, long: 200)
            let problems = try findProblems((0..<steps).map { written * $0 / steps }) { space in
                let victim = try Prepared.copy(arguments: Session.arguments + ["--disk-reserve", "0"])
                let shim = try Shim("", space: Int64(space), spacePath: victim.directory)
                let outcome = try Session.run(victim, shim, seed: seed, watches: true)
                var problems = outcome.problems.map { "while it runs: \($0)" }
                if let ended = outcome.ended {
                    problems += WriteErrorTests.refusal(ended, victim)
                } else {
                    if let first = outcome.statuses.firstIndex(of: 503), outcome.statuses[first...].contains(200) {
                        problems.append("refused and taken again: \(outcome.statuses)")
                    }
                    let code = try victim.terminate()
                    if code != 0 { problems.append("exit \(code)") }
                }
                problems += try victim.problemsAfterRestart()
                problems += victim.suspiciousLines(
                    allowing: [
                        "No space left", "an earlier write failed", "The disk is almost full", "sst_file_manager",
                        "Error in committing",
                    ])
                return problems.map { "seed \(seed): \($0)" }
            }
            #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
        }

        @Test("B5: without room for its result no compaction begins, and with room it does")
        func compaction() throws {
            let victim = try Prepared.copy(arguments: ["--disk-reserve", "10MiB"])
            let shim = try Shim("", space: 10 * Self.megabyte + 1000, spacePath: victim.directory)
            let client = try victim.start(shim: shim)
            var generator = SeededGenerator(seed: tortureSeed())
            try Self.wait("a compaction to be held") { try client.metrics().sum("weir_compactions_held_total") > 0 }
            #expect(try client.metrics().sum("weir_compactions_total") == 0)
            shim.setSpace(nil)
            try Self.wait("a compaction") { try client.metrics().sum("weir_compactions_total") > 0 }
            let statuses2 = try victim.send(batches: 1, &generator)
            #expect(statuses2 == [200])
            #expect(try victim.problems() == [])
            #expect(try victim.terminate() == 0)
            #expect(try victim.problemsAfterRestart() == [])
        }

        @Test("B5: a seal or a compaction that runs out of space leaves the old data, and nothing by half")
        func whileSealing() throws {
            for point in ["seal.encoded", "seal.commit", "compact.part", "compact.commit"] {
                let victim = try Prepared.copy(arguments: Session.arguments + ["--disk-reserve", "0"])
                let shim = try Shim("", space: 1000 * Self.megabyte, spacePath: victim.directory)
                let client = try victim.start(faults: "\(point)=delay:400ms@1", shim: shim)
                var generator = SeededGenerator(seed: tortureSeed())
                try victim.send(batches: 3, events: 50...100, &generator)
                // While the step waits at its point, the disk fills up to the last kilobyte.
                let isFull = Flag()
                try concurrently(2) { index in
                    if index == 0 {
                        let client = try victim.client()
                        for _ in 0..<20 where !isFull.isSet { try? client.flush() }
                    } else {
                        usleep(200_000)
                        shim.setSpace(1000)
                        isFull.set()
                    }
                }
                usleep(500_000)
                #expect(try victim.problems() == [], "\(point)")
                _ = try? client.flush()
                #expect(try victim.problems() == [], "\(point), and another flush")
                shim.setSpace(nil)
                #expect(try victim.terminate() == 0, "\(point)")
                #expect(try victim.problemsAfterRestart() == [], "\(point)")
                #expect(
                    victim.suspiciousLines(allowing: [
                        "No space left", "an earlier write failed", "sst_file_manager", "Error in committing",
                    ]) == [], "\(point)")
            }
        }

        @Test("Canary: without a reserve the same shortage is fatal")
        func canary() throws {
            let victim = try Prepared.copy(arguments: ["--disk-reserve", "0"])
            let shim = try Shim("", space: 100 * Self.megabyte, spacePath: victim.directory)
            let client = try victim.start(shim: shim)
            var generator = SeededGenerator(seed: tortureSeed())
            let statuses3 = try victim.send(batches: 1, &generator)
            #expect(statuses3 == [200])
            shim.setSpace(0)
            let statuses4 = try victim.send(batches: 1, &generator)
            #expect(statuses4 == [503])
            #expect(try client.metrics().sum("weir_store_failed") == 1)
            shim.setSpace(nil)
            let statuses5 = try victim.send(batches: 1, &generator)
            #expect(statuses5 == [503])
        }
    }
}
