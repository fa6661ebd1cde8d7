import Storage
import TestSupport
import Testing

extension Torture {
    /// I1: everything at once, in orders that seeds choose.
    @Suite("Schedules", .timeLimit(.minutes(60)))
    struct ScheduleTests {
        private struct Report {
            var problems: [String] = []
            var done: [String: Int] = [:]
        }

        /// Plays schedules until one shows something wrong.
        private func play(
            _ schedules: Int, steps: Int = 40, faults: String? = nil, prepare: (inout StoreOptions) -> Void = { _ in }
        ) throws -> Report {
            let seed = tortureSeed()
            var report = Report()
            for number in 0..<schedules {
                let own = seed &* 1_000_003 &+ UInt64(number)
                let schedule = try Schedule(seed: own, faults: faults, prepare: prepare)
                var problems: [String] = []
                do {
                    try schedule.run(steps: steps)
                } catch {
                    problems.append("\(error)")
                }
                problems += schedule.problems
                report.done.merge(schedule.done) { $0 + $1 }
                if !problems.isEmpty {
                    report.problems = ["WEIR_SEED=\(seed), schedule \(number):"] + problems.prefix(5) + schedule.log
                    return report
                }
            }
            return report
        }

        @Test(
            "I1, I2: queries, ingest, sealing, compaction, retention, erasure and deletion in each other's middle: every answer is the model's"
        )
        func agree() throws {
            let report = try play(TortureSize.pick(20, long: 1_000))
            #expect(report.problems.isEmpty, "\(report.problems.joined(separator: "\n"))")
            // All of it has happened, and at every place; what is rare need not in a few schedules.
            let rare = TortureSize.pick(0, long: 1) == 1 ? ["at retention.delete:"] : []
            for what in rare + [
                "ingest", "resend", "maintain", "flush", "compact", "erase", "erase meanwhile", "delete", "pass",
                "restart", "hold", "release", "at commit.written:", "at seal.committed:", "at compact.committed:",
                "at retire.delete:", "at erase.committed:", "at site.delete:",
            ] {
                #expect(report.done[what] ?? 0 > 0, "\(what) has never happened: \(report.done)")
            }
        }

        @Test("Canary: a store that leaves erased visitors in sealed segments is found out")
        func forgottenMasks() throws {
            let report = try play(40) { $0.forgetsMasks = true }
            #expect(!report.problems.isEmpty)
        }

        @Test("Canary: a store that acknowledges what it has not written is found out")
        func skippedWrite() throws {
            let report = try play(40, faults: "commit.write=skip@3")
            #expect(!report.problems.isEmpty)
        }
    }
}
