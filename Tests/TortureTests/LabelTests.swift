import Foundation
import RocksDB
import Storage
import TestSupport
import Testing

extension Torture {
    /// A1: a process that dies, or a step that fails, at every place the store knows by name.
    @Suite("At every fault point", .timeLimit(.minutes(30)))
    struct LabelTests {
        /// Points that no code passes yet; to be emptied.
        private static let unreachable: Set<FaultPoint> = []

        /// One point, and which of its hits it is about.
        private struct Case: Sendable, CustomStringConvertible {
            var point: FaultPoint
            var hit: Int
            var seed: UInt64

            var description: String { "\(point.rawValue)@\(hit), seed \(seed)" }
        }

        /// All points, with the hits that are tried.
        private func cases(onlyFirst: Bool = false) -> [Case] {
            let seed = tortureSeed()
            return FaultPoint.allCases.filter { !Self.unreachable.contains($0) }.flatMap { point in
                (onlyFirst ? [1] : Drive(to: point).hits(isLong: TortureSize.isLong))
                    .map { Case(point: point, hit: $0, seed: seed &+ UInt64($0)) }
            }
        }

        private static func victim(_ drive: Drive) throws -> Victim {
            // Small batches of parts, so that a segment takes several.
            let victim = try Prepared.copy(arguments: ["--write-buffer", "64KiB"])
            if drive == .upgrade {
                // The marker of the format before; what is stored is readable either way.
                let database = try Database(path: victim.directory)
                var batch = WriteBatch()
                batch.put(Array("mformat".utf8), [1, 0, 0, 0])
                try database.write(batch)
            }
            return victim
        }

        @Test("A1: killed there, the first time and later, nothing acknowledged is lost and nothing counts twice")
        func killed() throws {
            let problems = try findProblems(cases()) { one in
                let drive = Drive(to: one.point)
                let victim = try Self.victim(drive)
                var generator = SeededGenerator(seed: one.seed)
                let order = "\(one.point.rawValue)=kill@\(one.hit)"
                do {
                    try victim.start(faults: order, arguments: drive.arguments(in: victim.folder))
                    try drive.run(victim, &generator) { false }
                    try victim.waitForEnd()
                } catch let ended as ServerProcess.Ended where ended.exitCode == 128 + SIGKILL {
                    // During recovery.
                }
                var problems: [String] = []
                if !victim.lastLog.contains("fault point \(one.point.rawValue), hit \(one.hit): killing") {
                    problems.append("it was not killed there: \(victim.lastLog.suffix(500))")
                }
                problems += try victim.problemsAfterRestart()
                try victim.repeatBatches(&generator)
                problems += try victim.problems().map { "after repeating: \($0)" }
                let code = try victim.terminate()
                if code != 0 { problems.append("exit \(code)") }
                return problems + victim.suspiciousLines()
            }
            #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
        }

        @Test("B: failing there leaves a line, a figure, and a store that is whole after a restart")
        func failing() throws {
            let problems = try findProblems(cases(onlyFirst: true)) { one in
                let drive = Drive(to: one.point)
                let victim = try Self.victim(drive)
                var generator = SeededGenerator(seed: one.seed)
                let sign = "injected at \(one.point.rawValue)"
                var problems: [String] = []
                do {
                    try victim.start(
                        faults: "\(one.point.rawValue)=error@1", arguments: drive.arguments(in: victim.folder))
                    guard let server = victim.server else { return ["no server"] }
                    try drive.run(victim, &generator) { server.log.contains(sign) || one.point == .ackSent }
                    problems += try Self.problemsWhileFailing(victim, one.point)
                    let code = try victim.terminate()
                    if code != 0 { problems.append("exit \(code)") }
                } catch let ended as ServerProcess.Ended {
                    // A failed recovery ends the process, and says why.
                    if drive != .open && drive != .upgrade { problems.append("\(ended)") }
                    if ended.exitCode != 1 { problems.append("exit \(ended.exitCode)") }
                }
                if one.point != .ackSent, !victim.lastLog.contains(sign) { problems.append("no line says \(sign)") }
                problems += try victim.problemsAfterRestart()
                try victim.repeatBatches(&generator)
                problems += try victim.problems().map { "after repeating: \($0)" }
                try victim.terminate()
                // What is said about it, at the place itself and where it was passed on to.
                return problems + victim.suspiciousLines(allowing: [sign, "an earlier write failed"])
            }
            #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
        }

        /// Queries are answered from what is acknowledged, whatever has failed; events are taken, or refused for good; and
        /// a figure tells.
        private static func problemsWhileFailing(_ victim: Victim, _ point: FaultPoint) throws -> [String] {
            guard let server = victim.server, server.isRunning, point != .shutdownDrain else { return [] }
            var problems = try victim.problems().map { "while it runs: \($0)" }
            let metrics = try victim.client().metrics()
            let isFailed = metrics.sum("weir_store_failed") == 1
            var generator = SeededGenerator(seed: 1)
            let status = try victim.send(batches: 1, &generator).first
            if status != (isFailed ? 503 : 200) { problems.append("failed: \(isFailed), and yet \(status ?? -1)") }
            let ready = try victim.client().connection.request("GET", "/readyz").status
            if ready != (isFailed ? 503 : 200) { problems.append("failed: \(isFailed), and yet /readyz \(ready)") }
            let figures = [
                metrics.sum("weir_store_failed"), metrics.sum("weir_maintenance_failures_total"),
                metrics.sum("weir_events_dropped_total", ["reason": "storage"]),
                metrics.sum("weir_http_requests_total", ["status": "500"]),
                metrics.sum("weir_http_requests_total", ["status": "503"]),
            ]
            if point != .ackSent, figures.allSatisfy({ $0 == 0 }) { problems.append("no figure tells") }
            return problems
        }

        @Test("Canary: an acknowledgement before the write is noticed")
        func canary() throws {
            let victim = try Prepared.copy()
            var generator = SeededGenerator(seed: tortureSeed())
            try victim.start(faults: "commit.write=skip@3")
            try victim.send(batches: 5, &generator)
            #expect(try victim.problems().isEmpty)
            try victim.kill()
            #expect(try victim.problemsAfterRestart().contains { $0.contains("acknowledged and gone") })
        }
    }
}
