import Foundation

/// A query's `where`, evaluated literally.
struct ReferenceFilter {
    let json: JSON

    /// Whether an event passes.
    func holds(_ event: ReferenceEvent) throws(ReferenceError) -> Bool {
        try ReferenceFilter.evaluate(json, event)
    }

    private static func evaluate(_ filter: JSON, _ event: ReferenceEvent) throws(ReferenceError) -> Bool {
        if let all = filter.array ?? filter["all"]?.array {
            for part in all where !(try evaluate(part, event)) { return false }
            return true
        }
        if let any = filter["any"]?.array {
            for part in any where try evaluate(part, event) { return true }
            return false
        }
        if let not = filter["not"] { return try !evaluate(not, event) }
        return try test(filter, event)
    }

    private static func test(_ filter: JSON, _ event: ReferenceEvent) throws(ReferenceError) -> Bool {
        guard let dimension = filter["dim"]?.text else { throw ReferenceError("a test without a dimension") }
        let present = event.texts(dimension)
        let wanted = filter["values"]?.array ?? []
        let texts = wanted.compactMap(text)
        switch filter["op"]?.text ?? "is" {
        case "is": return equals(present, wanted, texts)
        case "is_not": return !equals(present, wanted, texts)
        case "contains": return anyPair(present, texts) { $0.contains($1) }
        case "starts_with": return anyPair(present, texts) { $0.starts(with: $1) }
        case "ends_with": return anyPair(present, texts) { $0.ends(with: $1) }
        case "matches":
            for pattern in texts {
                guard let expression = try? NSRegularExpression(pattern: pattern.string) else {
                    throw ReferenceError("an unreadable pattern \(pattern)")
                }
                for value in present {
                    let whole = NSRange(value.string.startIndex..., in: value.string)
                    if expression.firstMatch(in: value.string, range: whole) != nil { return true }
                }
            }
            return false
        case "exists": return present.isEmpty == (wanted.first?.bool == false)
        case "gt": return numbers(dimension, present, wanted) { $0 > $1 }
        case "gte": return numbers(dimension, present, wanted) { $0 >= $1 }
        case "lt": return numbers(dimension, present, wanted) { $0 < $1 }
        case "lte": return numbers(dimension, present, wanted) { $0 <= $1 }
        case let unknown: throw ReferenceError("an unknown operator \(unknown)")
        }
    }

    private static func equals(_ present: [Text], _ wanted: [JSON], _ texts: [Text]) -> Bool {
        present.isEmpty ? wanted.contains { $0.isNull } : present.contains { texts.contains($0) }
    }

    private static func anyPair(_ present: [Text], _ wanted: [Text], _ holds: (Text, Text) -> Bool) -> Bool {
        present.contains { value in wanted.contains { holds(value, $0) } }
    }

    private static func numbers(
        _ dimension: String, _ present: [Text], _ wanted: [JSON], _ holds: (Double, Double) -> Bool
    ) -> Bool {
        let bounds = wanted.compactMap { bound -> Double? in
            if dimension == "time", let instant = bound.text.flatMap(Instant.init(parsing:)) {
                return Double(instant.milliseconds)
            }
            return bound.double ?? bound.text.flatMap { Double($0) }
        }
        return present.contains { value in
            guard let number = Double(value.string) else { return false }
            return bounds.contains { holds(number, $0) }
        }
    }

    /// The text that a value of a query is compared with, `nil` for null.
    private static func text(_ value: JSON) -> Text? {
        switch value {
        case .string(let text): Text(text)
        case .bool(let bool): Text(bool ? "true" : "false")
        case .integer(let number): Text(String(number))
        case .number(let number): Text(ReferenceEvent.canonical(number))
        default: nil
        }
    }
}

/// A query that the reference does not understand: always the test's own mistake.
public struct ReferenceError: Error, CustomStringConvertible {
    /// What it stumbled over.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
