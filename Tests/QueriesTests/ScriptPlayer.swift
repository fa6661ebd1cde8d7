import Queries
import TestSupport

/// Plays a script in a variant and tells what differs.
struct ScriptPlayer {
    let script: Script
    /// Makes an empty target, merging its segments or not.
    let make: (_ compacts: Bool) -> any QueryTarget

    /// Plays the script in every variant.
    ///
    /// - Returns: one line a failure, with the script's name and line, the variant and the difference; it ends after
    ///   the first variant that has any, as the others would mostly say the same.
    func play(seed: UInt64) async -> [String] {
        for variant in ScriptVariant.all(of: script, seed: seed) {
            let failures = await play(variant)
            if !failures.isEmpty { return failures }
        }
        return []
    }

    /// Plays the script in one variant.
    func play(_ variant: ScriptVariant) async -> [String] {
        let target = make(variant.compacts)
        var failures: [String] = []
        for step in variant.steps(of: script) {
            do {
                switch step.content {
                case .load(let lines): try await target.load(lines)
                case .seal: try await target.flush()
                case .restart: try await target.restart()
                case .query(let question):
                    // Twice: an answer that comes from a cache is an answer like any other.
                    for time in ["", ", asked again"] {
                        failures += try await ask(question, target).map {
                            "\(script.name):\(question.expectationLine): [\(variant)\(time)] \(question.kind): \($0)"
                        }
                    }
                }
            } catch {
                failures.append("\(script.name):\(step.line): [\(variant)] \(error)")
                return failures
            }
        }
        return failures
    }

    private func ask(_ question: Script.Question, _ target: any QueryTarget) async throws -> [String] {
        let text: String
        do {
            text = try await target.query(question.kind, question.body)
        } catch let error as QueryError {
            if case .refused(let code) = question.expectation {
                guard error.code != code else { return [] }
                return ["expected to be refused as \(code), not \(error.code): \(error.detail)"]
            }
            return ["refused as \(error.code): \(error.detail)"]
        }
        return question.expectation.differences(from: try JSON(parsing: text))
    }
}
