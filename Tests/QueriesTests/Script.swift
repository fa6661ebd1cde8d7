import TestSupport

/// A golden query script: events, questions and the answers they must have. `Queries/scripts/README.md` describes the
/// format.
struct Script: Sendable {
    /// One block and the line its keyword is on.
    struct Block: Sendable {
        var line: Int
        var content: Content
    }

    enum Content: Sendable {
        /// Events as JSON, one a line.
        case load([String])
        case seal
        case restart
        case query(Question)
    }

    /// A question with what must come of it.
    struct Question: Sendable {
        var kind: String
        var body: String
        /// The line of the expectation's keyword.
        var expectationLine: Int
        var expectation: Expectation
    }

    enum Expectation: Sendable {
        /// Every member given is in the answer.
        case includes(JSON)
        /// The whole answer, but for `meta`.
        case equals(JSON)
        /// The query is refused with this code.
        case refused(String)
    }

    var name: String
    var blocks: [Block]

    /// Number of events in all loads.
    var events: Int {
        blocks.reduce(0) { sum, block in
            if case .load(let lines) = block.content { sum + lines.count } else { sum }
        }
    }
}

/// What is wrong with a script itself, and where.
struct ScriptError: Error, CustomStringConvertible {
    var name: String
    var line: Int
    var reason: String

    var description: String { "\(name):\(line): \(reason)" }
}
