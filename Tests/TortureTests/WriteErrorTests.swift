import Foundation
import TestSupport
import Testing

extension Torture {
    /// B1 and B2: writes and syncs that fail, once or from then on.
    @Suite("Writes and syncs that fail", .timeLimit(.minutes(60)))
    struct WriteErrorTests {
        /// A way to fail.
        struct Failure: Sendable, CustomTestStringConvertible {
            var functions: String
            var action: String
            var isPersistent: Bool
            var bounded: Int

            var testDescription: String { "\(functions) \(action)\(isPersistent ? " from then on" : "")" }
        }

        @Test(
            "B1, B2: nothing is acknowledged after it, queries go on, a restart recovers",
            arguments: [
                Failure(functions: "fsync,fdatasync", action: "errno=EIO", isPersistent: false, bounded: 6),
                Failure(functions: "fsync,fdatasync", action: "errno=EIO", isPersistent: true, bounded: 6),
                Failure(functions: "write", action: "errno=EIO", isPersistent: false, bounded: 5),
                Failure(functions: "write", action: "torn", isPersistent: true, bounded: 5),
                Failure(functions: "write", action: "short", isPersistent: false, bounded: 3),
                Failure(
                    functions: "ftruncate,rename,unlink,open,mkdir", action: "errno=EIO", isPersistent: false,
                    bounded: 6),
                Failure(functions: "write,fsync,fdatasync", action: "errno=EROFS", isPersistent: true, bounded: 3),
            ])
        func failing(_ failure: Failure) throws {
            let seed = tortureSeed()
            var generator = SeededGenerator(seed: seed)
            let calls = try Session.calls(failure.functions, seed: seed)
            let numbers = someNumbers(upTo: calls, bounded: failure.bounded, using: &generator)
            let problems = try findProblems(numbers) { number in
                try WriteErrorTests.problems(failure, number: number, seed: seed)
            }
            #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
        }

        private static func problems(_ failure: Failure, number: Int, seed: UInt64) throws -> [String] {
            let victim = try Prepared.copy(arguments: Session.arguments)
            let when = failure.isPersistent ? "\(number)+" : "\(number)"
            let shim = try Shim(
                "\(failure.functions):path=\(victim.folder.path)/data/:when=\(when):\(failure.action)")
            let outcome = try Session.run(victim, shim, seed: seed, watches: true)
            var problems = outcome.problems.map { "while it runs: \($0)" }
            if let ended = outcome.ended {
                problems += refusal(ended, victim)
            } else {
                problems += try afterwards(victim, outcome, failure, shim)
                let code = try victim.terminate()
                if code != 0 { problems.append("exit \(code)") }
            }
            problems += try victim.problemsAfterRestart()
            var generator = SeededGenerator(seed: seed &+ 1)
            try victim.repeatBatches(&generator)
            problems += try victim.problems().map { "after repeating: \($0)" }
            problems += victim.suspiciousLines(
                allowing: [
                    "Input/output error", "Read-only file system", "an earlier write failed",
                    "Error in committing version edit",
                ])
            return problems.map { "seed \(seed), \(shim.last): \($0)" }
        }

        /// A server that does not come up says why, in one line, and ends with 1.
        static func refusal(_ ended: ServerProcess.Ended, _ victim: Victim) -> [String] {
            var problems: [String] = []
            if ended.exitCode != 1 { problems.append("exit \(ended.exitCode): \(ended.log.suffix(1000))") }
            if !ended.log.contains("error: ") || !ended.log.contains(victim.directory) {
                problems.append("refused without a reason: \(ended.log.suffix(500))")
            }
            return problems
        }

        private static func afterwards(
            _ victim: Victim, _ outcome: Session.Outcome, _ failure: Failure, _ shim: Shim
        ) throws -> [String] {
            var problems: [String] = []
            let metrics = try victim.client().metrics()
            let isFailed = metrics.sum("weir_store_failed") == 1
            if let first = outcome.statuses.firstIndex(where: { $0 != 200 }) {
                if outcome.statuses[first...].contains(200) { problems.append("taken again: \(outcome.statuses)") }
                if !isFailed { problems.append("refused, but no figure tells: \(outcome.statuses)") }
            }
            if isFailed {
                var generator = SeededGenerator(seed: 2)
                let status = try victim.send(batches: 1, &generator)
                if status != [503] { problems.append("failed, and yet \(status)") }
                let connection = try victim.client().connection
                if try connection.request("GET", "/readyz").status != 503 { problems.append("failed, and yet ready") }
                if try connection.request("GET", "/healthz").status != 200 { problems.append("not alive") }
                if !(victim.server?.log.contains("critical") ?? false) { problems.append("no critical line") }
            } else if shim.acted() > 0, failure.functions.contains("fdatasync"), failure.isPersistent {
                // It may have been one in the background; what comes next must feel it.
                var generator = SeededGenerator(seed: 2)
                let status = try victim.send(batches: 1, &generator)
                if status != [503] { problems.append("syncs fail, and yet \(status)") }
            }
            return problems
        }

        @Test("Canary: acknowledging although the sync fails is noticed")
        func canary() throws {
            // The same as a program that takes no notice of the error.
            let victim = try Prepared.copy(arguments: Session.arguments)
            let shim = try Shim("write:path=\(victim.directory)/:path=.log:when=2+:lost")
            let outcome = try Session.run(victim, shim, seed: tortureSeed())
            #expect(outcome.statuses.contains(200))
            try victim.kill()
            #expect(try victim.problemsAfterRestart().contains { $0.contains("acknowledged and gone") })
        }
    }
}
