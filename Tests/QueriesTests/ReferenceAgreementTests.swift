import Foundation
import TestSupport
import Testing

@Suite("The comparison with the reference")
struct ReferenceAgreementTests {
    private let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)

    @Test("A target that is the reference agrees with it")
    func agrees() async throws {
        let report = try await ReferenceAgreement.run(seed: seed, rounds: 40) { ReferenceTarget() }
        #expect(report.disagreements.isEmpty, "\(report)")
        #expect(report.compared > 1000)
    }

    @Test("A target with a flaw is found out", arguments: FlawedTarget.Flaw.allCases)
    func findsFlaws(flaw: FlawedTarget.Flaw) async throws {
        let report = try await ReferenceAgreement.run(seed: seed, rounds: 200, shrink: false) { FlawedTarget(flaw) }
        #expect(!report.disagreements.isEmpty, "seed \(seed)")
    }

    @Test("A failing stream is cut down to what shows the failure")
    func shrinks() async throws {
        let report = try await ReferenceAgreement.run(seed: seed, rounds: 200) { FlawedTarget(.losesPageViewsOnFlush) }
        let smallest = try #require(report.disagreements.map(\.lines.count).min(), "seed \(seed)")
        #expect(smallest <= 4, "\(report)")
    }
}

/// The reference with one deliberate mistake: whatever does not notice it proves nothing.
final class FlawedTarget: QueryTarget {
    enum Flaw: String, CaseIterable, Sendable {
        case losesLastEventOnRestart
        case losesPageViewsOnFlush
        case ignoresIds
        case narrowsWindows
        case ignoresStrictIncrease
        case closesRanges
        case comparesStringsByLooks
        case overstatesTop
        case ignoresTimezones
        case ignoresRetentionModes
        case ignoresCollapse
    }

    private let flaw: Flaw
    private var lines: [String] = []

    init(_ flaw: Flaw) {
        self.flaw = flaw
    }

    func load(_ ndjsonLines: [String]) async throws {
        for line in ndjsonLines {
            var event = try JSON(parsing: line)
            switch flaw {
            case .ignoresIds: event["id"] = nil
            case .comparesStringsByLooks:
                if let plan = event["props"]?["plan"]?.text, plan == "\u{E9}" { event["props"]?["plan"] = "\u{E9}" }
            default: break
            }
            lines.append(event.description)
        }
    }

    func flush() async throws {
        if flaw == .losesPageViewsOnFlush { lines.removeAll { $0.contains("page_view") } }
    }

    func restart() async throws {
        if flaw == .losesLastEventOnRestart, !lines.isEmpty { lines.removeLast() }
    }

    func query(_ kind: String, _ json: String) async throws -> String {
        var query = try JSON(parsing: json)
        switch flaw {
        case .narrowsWindows: if let window = query["window"]?.int { query["window"] = .integer(window / 2) }
        case .ignoresStrictIncrease: query["strict_increase"] = nil
        case .ignoresTimezones: query["timezone"] = nil
        case .ignoresRetentionModes: query["mode"] = nil
        case .ignoresCollapse: query["collapse"] = nil
        case .closesRanges:
            if let to = query["range"]?["to"]?.int { query["range"]?["to"] = .integer(to + 1) }
        default: break
        }
        var answer = try Reference(lines: lines).answer(kind, query)
        if flaw == .overstatesTop, let rows = answer["rows"]?.array, kind == "top" {
            answer["rows"] = .array(
                rows.map { row in
                    var row = row
                    if let count = row["events"]?.int, count > 3 { row["events"] = .integer(count + 1) }
                    return row
                })
        }
        return answer.description
    }
}
