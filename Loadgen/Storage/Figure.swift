import Foundation

/// One line of the benchmark's table.
struct Figure: Codable, Sendable {
    /// What a figure is held against.
    struct Target: Codable, Sendable {
        /// `<=`, `<` or `>=`.
        var relation: String
        var value: Double
        /// Whether the ratio to the peer, rather than the figure itself, is meant.
        var ofRatio = false
    }

    var section: String
    var name: String
    var unit: String
    /// `nil` where it was not measured.
    var value: Double?
    /// The same of ClickHouse's engine.
    var peer: Double?
    var target: Target?

    /// The figure by the peer's.
    var ratio: Double? {
        guard let value, let peer, peer > 0 else { return nil }
        return value / peer
    }

    /// Whether the target is met; `nil` without one or without a figure.
    var isMet: Bool? {
        guard let target, let measured = target.ofRatio ? ratio : value else { return nil }
        return switch target.relation {
        case "<=": measured <= target.value
        case "<": measured < target.value
        default: measured >= target.value
        }
    }

    private enum CodingKeys: String, CodingKey {
        case section, name, unit, value, peer, ratio, target, isMet = "met"
    }

    /// Creates a line.
    init(
        _ section: String, _ name: String, _ unit: String, _ value: Double?, peer: Double? = nil,
        target: Target? = nil
    ) {
        self.section = section
        self.name = name
        self.unit = unit
        self.value = value
        self.peer = peer
        self.target = target
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        section = try container.decode(String.self, forKey: .section)
        name = try container.decode(String.self, forKey: .name)
        unit = try container.decode(String.self, forKey: .unit)
        value = try container.decodeIfPresent(Double.self, forKey: .value)
        peer = try container.decodeIfPresent(Double.self, forKey: .peer)
        target = try container.decodeIfPresent(Target.self, forKey: .target)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(section, forKey: .section)
        try container.encode(name, forKey: .name)
        try container.encode(unit, forKey: .unit)
        try container.encodeIfPresent(value, forKey: .value)
        try container.encodeIfPresent(peer, forKey: .peer)
        try container.encodeIfPresent(ratio, forKey: .ratio)
        try container.encodeIfPresent(target, forKey: .target)
        try container.encodeIfPresent(isMet, forKey: .isMet)
    }

    /// The line of the table.
    var line: String {
        let goal = target.map { "\($0.relation) \(Self.text($0.value))\($0.ofRatio ? "x" : "")" } ?? ""
        let verdict = isMet.map { $0 ? "met" : "MISSED" } ?? ""
        return Self.columns(
            name + (unit.isEmpty ? "" : ", " + unit), value.map { Self.text($0) } ?? "not measured",
            peer.map { Self.text($0) } ?? "", ratio.map { Self.text($0) } ?? "", goal, verdict)
    }

    /// Lays out one line.
    static func columns(
        _ name: String, _ value: String, _ peer: String, _ ratio: String, _ target: String, _ verdict: String
    ) -> String {
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        var line = "  " + name + String(repeating: " ", count: max(1, 52 - name.count))
        line += right(value, 12) + right(peer, 12) + right(ratio, 8) + right(target, 13) + "  " + verdict
        while line.last == " " { line.removeLast() }
        return line
    }

    /// A number with as many places as it deserves.
    static func text(_ value: Double) -> String {
        if value >= 1e9 { return String(format: "%.2f G", value / 1e9) }
        if value >= 1e5 { return String(format: "%.2f M", value / 1e6) }
        if value == value.rounded(), value < 1e5 { return String(format: "%.0f", value) }
        return String(format: value < 10 ? "%.3f" : value < 1000 ? "%.1f" : "%.0f", value)
    }
}
