/// What comparing a server's answers with a run's seed came to.
public struct Verification: Sendable, Codable {
    /// Events that the run sent, good ones, each counted once.
    public var sent = 0
    /// Those of them in acknowledged requests.
    public var acknowledged = 0
    /// Those that the server shows.
    public var visible = 0
    /// Answers that were compared.
    public var answers = 0
    /// What does not agree, the first few of each kind in words.
    public var differences: [String] = []

    /// Whether everything agrees.
    public var isProven: Bool { differences.isEmpty }

    /// The differences of one kind that are told one by one.
    static let toldOfAKind = 5

    /// The result for people, with a newline at its end.
    public var text: String {
        let counts =
            "\(RunReport.grouped(acknowledged)) acknowledged ⊆ \(RunReport.grouped(visible)) visible ⊆ "
            + "\(RunReport.grouped(sent)) sent events"
        guard !isProven else { return "verified: \(counts); \(answers) answers agree\n" }
        return "not verified (\(RunReport.grouped(visible)) visible, \(RunReport.grouped(acknowledged)) acknowledged, "
            + "\(RunReport.grouped(sent)) sent):\n" + differences.map { "  \($0)\n" }.joined()
    }
}

/// Gathers differences, the first few of each kind in words and the rest as a number.
struct DifferenceList {
    private var kinds: [(name: String, told: [String], count: Int)] = []

    /// Adds a difference of a kind.
    mutating func add(_ kind: String, _ detail: @autoclosure () -> String) {
        let index =
            kinds.firstIndex { $0.name == kind }
            ?? {
                kinds.append((kind, [], 0))
                return kinds.count - 1
            }()
        kinds[index].count += 1
        if kinds[index].told.count < Verification.toldOfAKind { kinds[index].told.append(detail()) }
    }

    /// All in words.
    var texts: [String] {
        kinds.flatMap { kind in
            let rest = kind.count - kind.told.count
            return kind.told.map { "\(kind.name): \($0)" } + (rest > 0 ? ["\(kind.name): \(rest) more"] : [])
        }
    }
}
