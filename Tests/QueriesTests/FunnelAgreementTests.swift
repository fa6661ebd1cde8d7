import Foundation
import Queries
import TestSupport
import Testing

@Suite("Funnels against the reference")
struct FunnelAgreementTests {
    @Test("Every combination of options has the answer of an exhaustive search")
    func agrees() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = SeededGenerator.testSeed(environment: environment)
        let rounds = environment["WEIR_AGREEMENT_ROUNDS"].flatMap { Int($0) } ?? 40
        var compared = 0
        for round in 0..<rounds {
            var generator = SeededGenerator(seed: seed &* 7_000_003 &+ UInt64(round))
            let stream = RandomStream(seed: generator.next(), most: generator.pick([8, 20, 50, 90]))
            let reference = try Reference(lines: stream.lines)
            let target = StoreTarget()
            let split = generator.int(0...stream.lines.count)
            try await target.load(Array(stream.lines[..<split]))
            if generator.chance(0.5) { try await target.flush() }
            try await target.load(Array(stream.lines[split...]))
            if generator.chance(0.3) { try await target.flush() }
            for _ in 0..<40 {
                let query = RandomQuery(
                    seed: generator.next(), over: stream, kinds: ["funnel", "funnel", "funnel", "funnel/visitors"])
                let differences: [String]
                do {
                    let answer = try JSON(parsing: try await target.query(query.kind, query.json.description))
                    differences = try reference.disagreement(query.kind, query.json, answer: answer)
                } catch let error as QueryError {
                    differences = ["\(error)"]
                }
                compared += 1
                guard differences.isEmpty else {
                    Issue.record(
                        """
                        seed \(seed), round \(round): POST /v1/query/\(query.kind) \(query.json)
                          \(differences.joined(separator: "\n  "))
                        events:
                          \(stream.lines.joined(separator: "\n  "))
                        """)
                    return
                }
            }
        }
        try await StoreTarget.waitUntilClosed()
        #expect(compared == rounds * 40)
    }
}
