/// How an answer differs from the one that was expected.
public enum JSONDifference {
    /// Parts of an answer that the reference does not know: measurements, and what belongs to other features.
    static let ignoredNames: Set<String> = [
        "meta", "cursor", "next", "label",
    ]

    /// Names whose numbers are the result of a division or an interpolation.
    private static func isApproximate(_ name: String) -> Bool {
        ["rate", "step_rate", "bounce_rate", "session_duration", "events_per_visitor", "avg_ms"].contains(name)
            || name.hasPrefix("avg:") || (name.hasPrefix("p") && name.contains(":"))
            // A percentile's own name.
            || Double(name) != nil
    }

    /// Names whose texts are instants, which may be written in several ways.
    private static let instants: Set<String> = ["time", "first", "last"]

    /// Describes every difference, one a line, each with the place it is at; empty when there is none.
    ///
    /// - Parameter limit: how many differences are described.
    public static func describe(expected: JSON, actual: JSON, limit: Int = 12) -> [String] {
        var found: [String] = []
        compare(expected, actual, path: "", name: "", into: &found, limit: limit)
        return found
    }

    private static func compare(
        _ expected: JSON, _ actual: JSON, path: String, name: String, into found: inout [String], limit: Int
    ) {
        guard found.count < limit else { return }
        switch (expected, actual) {
        case (.null, .null): return
        case (.bool(let one), .bool(let other)) where one == other: return
        case (.integer(let one), .integer(let other)) where one == other: return
        case (.integer, .integer), (.number, .number), (.integer, .number), (.number, .integer):
            let one = expected.double ?? 0
            let other = actual.double ?? 0
            let tolerance = isApproximate(name) ? 1e-9 * max(abs(one), abs(other)) : 0
            if abs(one - other) <= tolerance { return }
        case (.string(let one), .string(let other)):
            if Text(one) == Text(other) { return }
            if instants.contains(name), let one = Instant(parsing: one), one == Instant(parsing: other) { return }
        case (.array(let ones), .array(let others)):
            if ones.count != others.count {
                found.append("\(path): expected \(ones.count) elements, not \(others.count)")
            }
            for (index, pair) in zip(ones, others).enumerated() {
                compare(pair.0, pair.1, path: "\(path)[\(index)]", name: name, into: &found, limit: limit)
            }
            return
        case (.object(let ones), .object(let others)):
            for key in Set(ones.keys).union(others.keys).subtracting(ignoredNames).sorted() {
                let place = path.isEmpty ? key : "\(path).\(key)"
                guard let one = ones[key] else {
                    found.append("\(place): expected nothing, not \(shown(others[key] ?? .null))")
                    continue
                }
                guard let other = others[key] else {
                    found.append("\(place): expected \(shown(one)), which is missing")
                    continue
                }
                compare(one, other, path: place, name: key, into: &found, limit: limit)
            }
            return
        default: break
        }
        found.append("\(path): expected \(shown(expected)), not \(shown(actual))")
    }

    private static func shown(_ value: JSON) -> String {
        let text = value.description
        return text.count > 200 ? text.prefix(200) + "…" : text
    }
}
