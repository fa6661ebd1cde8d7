import Yams

/// What is wrong with a scenario, and in which line.
public struct ScenarioError: Error, Equatable, CustomStringConvertible {
    /// A sentence for people.
    public let description: String

    init(line: Int?, _ reason: String) {
        description = (line.map { "line \($0): " } ?? "") + reason
    }
}

/// Reads one mapping of a YAML file, key by key, and finds those that nobody asked for.
final class ScenarioReader {
    private let mapping: Node.Mapping
    private let line: Int?
    private var asked: Set<String> = []

    /// Reads a file that is one mapping.
    init(yaml: String) throws(ScenarioError) {
        let root: Node?
        do { root = try Yams.compose(yaml: yaml) } catch { throw ScenarioError(line: nil, "this is no YAML: \(error)") }
        guard let mapping = root?.mapping else { throw ScenarioError(line: nil, "the file must be a mapping of keys") }
        self.mapping = mapping
        line = nil
    }

    private init(_ mapping: Node.Mapping, line: Int?) {
        self.mapping = mapping
        self.line = line
    }

    /// An error at the mapping.
    func error(_ reason: String) -> ScenarioError { ScenarioError(line: line, reason) }

    /// Makes sure that no key is left that nobody asked for.
    func finish() throws(ScenarioError) {
        for (key, _) in mapping where !asked.contains(key.string ?? "") {
            throw ScenarioError(
                line: key.mark?.line,
                "`\(key.string ?? "?")` is not known here; there are \(asked.sorted().joined(separator: ", "))")
        }
    }

    private func node(_ key: String) -> Node? {
        asked.insert(key)
        return mapping[key]
    }

    private func wrong(_ key: String, _ node: Node, _ wanted: String) -> ScenarioError {
        ScenarioError(line: node.mark?.line, "`\(key)` must be \(wanted)")
    }

    /// A mapping within; nil where it is missing.
    func section(_ key: String) throws(ScenarioError) -> ScenarioReader? {
        guard let node = node(key) else { return nil }
        guard let mapping = node.mapping else { throw wrong(key, node, "a mapping") }
        return ScenarioReader(mapping, line: node.mark?.line)
    }

    /// A text.
    func text(_ key: String) throws(ScenarioError) -> String? {
        guard let node = node(key) else { return nil }
        guard let text = node.scalar?.string, !text.isEmpty else { throw wrong(key, node, "a text") }
        return text
    }

    /// One of an enumeration's names.
    func choice<Choice: RawRepresentable & CaseIterable>(_ key: String) throws(ScenarioError) -> Choice?
    where Choice.RawValue == String {
        guard let node = node(key) else { return nil }
        guard let choice = Choice(rawValue: node.scalar?.string ?? "") else {
            throw wrong(key, node, Choice.allCases.map(\.rawValue).joined(separator: ", or "))
        }
        return choice
    }

    /// A whole number, not negative.
    func count(_ key: String) throws(ScenarioError) -> Int? {
        guard let node = node(key) else { return nil }
        guard let text = node.scalar?.string, let number = Int(text.filter { $0 != "_" }), number >= 0 else {
            throw wrong(key, node, "a whole number")
        }
        return number
    }

    /// A number, not negative.
    func number(_ key: String) throws(ScenarioError) -> Double? {
        guard let node = node(key) else { return nil }
        guard let number = Self.number(node) else { throw wrong(key, node, "a number, not negative") }
        return number
    }

    /// A number that may not be missing.
    func needed(_ key: String) throws(ScenarioError) -> Double {
        guard let number = try number(key) else { throw error("`\(key)` is missing") }
        return number
    }

    /// A list of numbers that may not be missing.
    func numbers(_ key: String) throws(ScenarioError) -> [Double] {
        guard let node = node(key) else { throw error("`\(key)` is missing") }
        let numbers = node.sequence?.compactMap { Self.number($0) }
        guard let numbers, numbers.count == node.sequence?.count else { throw wrong(key, node, "a list of numbers") }
        return numbers
    }

    /// A share: `2%` or `0.02`.
    func share(_ key: String) throws(ScenarioError) -> Double? {
        guard let node = node(key) else { return nil }
        let text = node.scalar?.string ?? ""
        let share = text.last == "%" ? Double(text.dropLast()).map { $0 / 100 } : Double(text)
        guard let share, (0...1).contains(share) else { throw wrong(key, node, "a share such as 2% or 0.02") }
        return share
    }

    /// A length of time that may not be missing, in seconds.
    func time(_ key: String) throws(ScenarioError) -> Double {
        guard let node = node(key) else { throw error("`\(key)` is missing") }
        guard let time = DurationText(node.scalar?.string ?? "") else { throw wrong(key, node, "a time such as 30s") }
        return time.seconds
    }

    private static func number(_ node: Node) -> Double? {
        guard let text = node.scalar?.string, let number = Double(text.filter { $0 != "_" }), number >= 0,
            number.isFinite
        else { return nil }
        return number
    }
}
