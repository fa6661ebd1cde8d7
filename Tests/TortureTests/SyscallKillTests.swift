import Foundation
import TestSupport
import Testing

extension Torture {
    /// A3 to A5: a process that dies, or a machine that loses power, at any file call, also inside RocksDB and during
    /// recovery.
    @Suite("At every file call", .timeLimit(.minutes(60)))
    struct SyscallKillTests {
        @Test("A3: killed at the Nth call that changes a file, nothing acknowledged is lost")
        func killed() throws {
            try sweep(Session.changes, action: "kill", bounded: 14)
        }

        @Test(
            "A5: without power at the Nth call, and so without all that was not synced", arguments: ["cut", "cuthalf"])
        func withoutPower(action: String) throws {
            try sweep("write,fsync,fdatasync,rename", action: action, bounded: 8)
        }

        private func sweep(_ functions: String, action: String, bounded: Int) throws {
            let seed = tortureSeed()
            var generator = SeededGenerator(seed: seed)
            let calls = try Session.calls(functions, seed: seed)
            #expect(calls > 15, "the session is too small to prove anything")
            // Threads take turns differently each time, so the last ones may not be reached.
            let numbers = someNumbers(upTo: calls, bounded: bounded, using: &generator)
            let problems = try findProblems(numbers) { number in
                let victim = try Prepared.copy(arguments: Session.arguments)
                let shim = try Shim("\(functions):path=\(victim.folder.path)/data/:when=\(number):\(action)")
                let outcome = try Session.run(victim, shim, seed: seed)
                if outcome.ended == nil, shim.acted() == 0 { victim.server?.signal(SIGTERM) }
                let code = try outcome.ended?.exitCode ?? victim.waitForEnd()
                guard shim.acted() > 0 else { return [] }
                var problems: [String] = []
                if code != 128 + SIGKILL { problems.append("exit \(code)") }
                problems += try victim.problemsAfterRestart()
                var generator = SeededGenerator(seed: seed &+ 1)
                try victim.repeatBatches(&generator)
                problems += try victim.problems().map { "after repeating: \($0)" }
                problems += victim.suspiciousLines()
                return problems.map { "seed \(seed), \(shim.last): \($0)" }
            }
            #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
        }

        @Test("A4: killed again and again while it recovers, it recovers in the end")
        func duringRecovery() throws {
            let seed = tortureSeed()
            var generator = SeededGenerator(seed: seed)
            let victim = try Prepared.copy(arguments: Session.arguments)
            let expected = Set(victim.oracle.acknowledged)
            let labels = ["recover.sites", "recover.segments", "recover.log", "recover.ids"]
            for round in 0..<TortureSize.pick(24, long: 400) {
                let number = generator.int(1...60)
                let isLabel = round % 4 == 0
                let shim = try Shim("\(Session.changes):path=\(victim.directory)/:when=\(number):kill")
                do {
                    try victim.start(
                        faults: isLabel ? labels[round / 4 % labels.count] + "=kill" : nil, shim: isLabel ? nil : shim)
                    // It got through before the call came.
                    try victim.kill()
                } catch let ended as ServerProcess.Ended {
                    #expect(ended.exitCode == 128 + SIGKILL, "seed \(seed), round \(round), \(shim.last): \(ended)")
                }
            }
            #expect(try victim.problemsAfterRestart() == [], "seed \(seed)")
            #expect(try victim.oracle.visible(victim.client(), site: Victim.site).isSuperset(of: expected))
            #expect(victim.suspiciousLines() == [], "seed \(seed)")
        }

        @Test("Canary: a sync that is reported and not done is noticed when the power fails")
        func canary() throws {
            let victim = try Prepared.copy(arguments: Session.arguments)
            let path = victim.directory
            let shim = try Shim(
                "fdatasync:path=\(path)/:path=.log:lost;write:path=\(path)/:path=.log:when=4:cut", isArmed: false)
            try victim.start(shim: shim)
            shim.arm(true)
            var generator = SeededGenerator(seed: 1)
            let statuses1 = try victim.send(batches: 3, &generator)
            #expect(statuses1 == [200, 200, 200])
            // The fourth is the one that cuts the power.
            _ = try victim.send(batches: 1, &generator)
            #expect(try victim.waitForEnd() == 128 + SIGKILL)
            #expect(try victim.problemsAfterRestart().contains { $0.contains("acknowledged and gone") })
        }
    }
}
