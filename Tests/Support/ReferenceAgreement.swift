/// The property that every answer equals the reference's, wherever the events are and however they came.
///
/// Each round makes a random stream and random queries and loads the stream in several ways, each into a target of
/// its own: in one piece, split by a flush, shuffled in several batches with events sent twice, and across restarts.
/// After each part the queries are asked and compared.
public enum ReferenceAgreement {
    /// One answer that was wrong, with all that is needed to see it again.
    public struct Disagreement: Sendable, CustomStringConvertible {
        /// The run's seed and the round in it.
        public let seed: UInt64
        public let round: Int
        /// How the events came, and after which step the query was asked.
        public let arrival: String
        /// The query.
        public let kind: String
        public let query: String
        /// The differences.
        public let differences: [String]
        /// The events, in the order they came; as few as still show it.
        public let lines: [String]

        /// Everything, on several lines.
        public var description: String {
            """
            seed \(seed), round \(round), \(arrival): POST /v1/query/\(kind) \(query)
              \(differences.joined(separator: "\n  "))
            events:
              \(lines.joined(separator: "\n  "))
            """
        }
    }

    /// What a run found.
    public struct Report: Sendable, CustomStringConvertible {
        /// The seed, which runs it again.
        public let seed: UInt64
        /// Number of answers compared.
        public fileprivate(set) var compared = 0
        /// The wrong ones. A run ends with the first round that has any.
        public fileprivate(set) var disagreements: [Disagreement] = []

        /// A summary that ends with each disagreement.
        public var description: String {
            (["seed \(seed): \(compared) answers compared, \(disagreements.count) wrong"]
                + disagreements.prefix(3).map(\.description)).joined(separator: "\n\n")
        }
    }

    /// One thing that is done to a target.
    private enum Step: CustomStringConvertible {
        case load(Range<Int>)
        case flush
        case restart
        case ask

        var description: String {
            switch self {
            case .load(let range): "load \(range.lowerBound)..<\(range.upperBound)"
            case .flush: "flush"
            case .restart: "restart"
            case .ask: "ask"
            }
        }
    }

    /// Runs rounds until one has a disagreement.
    ///
    /// - Parameters:
    ///   - seed: makes the run; equal seeds make equal runs.
    ///   - rounds: number of streams.
    ///   - queries: queries a stream.
    ///   - shrink: whether a failing stream is cut down before it is reported, which asks the target many times more.
    ///   - make: makes an empty target.
    /// - Throws: what the target throws, with the round added to it.
    public static func run(
        seed: UInt64, rounds: Int, queries: Int = 12, shrink: Bool = true, make: () async throws -> any QueryTarget
    ) async throws -> Report {
        var report = Report(seed: seed)
        for round in 0..<rounds {
            var generator = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(round))
            let stream = RandomStream(seed: generator.next())
            let questions = (0..<queries).map { _ in RandomQuery(seed: generator.next(), over: stream) }
            for (name, lines, steps) in plans(stream, &generator) {
                let (compared, found) = try await play(lines, steps, questions, make: make) {
                    step, question, differences in
                    Disagreement(
                        seed: seed, round: round, arrival: "\(name), step \(step) of \(steps)", kind: question.kind,
                        query: question.json.description, differences: differences, lines: lines)
                }
                report.compared += compared
                for disagreement in found.prefix(3) {
                    report.disagreements.append(
                        shrink ? try await smallest(disagreement, steps, make: make) : disagreement)
                }
                if !found.isEmpty { break }
            }
            if !report.disagreements.isEmpty { break }
        }
        return report
    }

    /// The ways in which a stream arrives.
    private static func plans(
        _ stream: RandomStream, _ generator: inout SeededGenerator
    ) -> [(name: String, lines: [String], steps: [Step])] {
        let count = stream.lines.count
        let whole = 0..<count
        let split = generator.int(0...count)
        var shuffled = stream.lines.shuffled(using: &generator)
        var batches: [Step] = []
        var position = 0
        while position < shuffled.count {
            let end = min(shuffled.count, position + generator.int(1...max(1, count / 3)))
            batches.append(.load(position..<end))
            if generator.chance(0.4) { batches.append(.flush) }
            if generator.chance(0.15) { batches.append(.restart) }
            position = end
        }
        // A client that saw no answer sends its batch again: what has an id counts once all the same.
        let repeated = shuffled.filter { $0.contains("\"id\":") }
        if !repeated.isEmpty {
            batches.append(.load(shuffled.count..<(shuffled.count + repeated.count)))
            shuffled += repeated
        }
        return [
            ("one batch", stream.lines, [.load(whole), .ask, .restart, .ask, .flush, .ask, .restart, .ask]),
            (
                "growing", stream.lines,
                [.load(0..<split), .ask, .flush, .ask, .load(split..<count), .ask, .flush, .ask]
            ),
            ("split", stream.lines, [.load(0..<split), .flush, .load(split..<count), .ask, .flush, .ask]),
            ("shuffled", shuffled, batches + [.ask, .flush, .ask]),
        ]
    }

    private static func play(
        _ lines: [String], _ steps: [Step], _ questions: [RandomQuery], make: () async throws -> any QueryTarget,
        wrong: (Int, RandomQuery, [String]) -> Disagreement
    ) async throws -> (compared: Int, found: [Disagreement]) {
        var reference = try Reference(lines: [])
        var loaded: [String] = []
        let target = try await make()
        var compared = 0
        for (number, step) in steps.enumerated() {
            switch step {
            case .load(let range):
                let part = Array(lines[min(range.lowerBound, lines.count)..<min(range.upperBound, lines.count)])
                guard !part.isEmpty else { continue }
                try await target.load(part)
                loaded += part
                reference = try Reference(lines: loaded)
            case .flush: try await target.flush()
            case .restart: try await target.restart()
            case .ask:
                var found: [Disagreement] = []
                for question in questions {
                    let differences = try await ask(target, question, reference)
                    compared += 1
                    if !differences.isEmpty { found.append(wrong(number, question, differences)) }
                }
                if !found.isEmpty { return (compared, found) }
            }
        }
        return (compared, [])
    }

    private static func ask(
        _ target: any QueryTarget, _ question: RandomQuery, _ reference: Reference
    ) async throws -> [String] {
        let text = question.json.description
        do {
            // Twice: an answer that has been kept is an answer like any other.
            let answer = try JSON(parsing: try await target.query(question.kind, text))
            let differences = try reference.disagreement(question.kind, question.json, answer: answer)
            let again = try JSON(parsing: try await target.query(question.kind, text))
            let later = JSONDifference.describe(expected: answer, actual: again)
            return differences + later.map { "asked again: \($0)" }
        } catch let error as ReferenceError {
            throw error
        } catch {
            return ["no answer: \(error)"]
        }
    }

    /// Leaves out events, in ever smaller pieces, as long as the answer stays wrong.
    private static func smallest(
        _ disagreement: Disagreement, _ steps: [Step], make: () async throws -> any QueryTarget
    ) async throws -> Disagreement {
        guard let json = try? JSON(parsing: disagreement.query) else { return disagreement }
        let question = RandomQuery(kind: disagreement.kind, json: json)
        var kept = Array(disagreement.lines.indices)
        var best = disagreement
        var budget = 150
        var piece = max(1, kept.count / 2)
        while piece >= 1, budget > 0 {
            var position = 0
            while position < kept.count, kept.count > 1, budget > 0 {
                budget -= 1
                var fewer = kept
                fewer.removeSubrange(position..<min(kept.count, position + piece))
                let lines = fewer.map { disagreement.lines[$0] }
                let shifted = steps.map { shift($0, kept: fewer) }
                let (_, found) = try await play(lines, shifted, [question], make: make) { _, _, differences in
                    Disagreement(
                        seed: disagreement.seed, round: disagreement.round, arrival: disagreement.arrival,
                        kind: question.kind, query: disagreement.query, differences: differences, lines: lines)
                }
                if let smaller = found.first {
                    best = smaller
                    kept = fewer
                } else {
                    position += piece
                }
            }
            piece /= 2
        }
        return best
    }

    /// The same step where only some of the events are left.
    private static func shift(_ step: Step, kept: [Int]) -> Step {
        guard case .load(let range) = step else { return step }
        let lower = kept.count { $0 < range.lowerBound }
        return .load(lower..<(lower + kept.count { range.contains($0) }))
    }
}
