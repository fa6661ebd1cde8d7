import TestSupport

extension Script.Expectation {
    /// Describes how an answer differs from what is expected, one difference a line; empty when it does not.
    func differences(from answer: JSON) -> [String] {
        var found: [String] = []
        switch self {
        case .includes(let expected): compare(expected, answer, at: "", exactly: false, into: &found)
        case .equals(let expected):
            var answer = answer
            answer["meta"] = nil
            compare(expected, answer, at: "", exactly: true, into: &found)
        case .refused(let code): found.append("expected to be refused as \(code), but there is an answer: \(answer)")
        }
        return found
    }

    private func compare(_ expected: JSON, _ actual: JSON, at place: String, exactly: Bool, into found: inout [String])
    {
        switch (expected, actual) {
        case (.null, .null): return
        case (.bool(let one), .bool(let other)) where one == other: return
        case (.string(let one), .string(let other)) where one.utf8.elementsEqual(other.utf8): return
        case (.integer(let one), .integer(let other)) where one == other: return
        case (.integer, .number), (.number, .integer), (.number, .number):
            // A quotient is written with as many digits as are of interest, at least nine of them.
            let one = expected.double ?? 0
            let other = actual.double ?? 0
            if abs(one - other) <= 1e-9 * max(abs(one), abs(other)) { return }
        case (.array(let ones), .array(let others)):
            guard ones.count == others.count else {
                found.append("\(place): expected \(ones.count) elements, not \(others.count): \(actual)")
                return
            }
            for (index, pair) in zip(ones, others).enumerated() {
                compare(pair.0, pair.1, at: "\(place)[\(index)]", exactly: exactly, into: &found)
            }
            return
        case (.object(let ones), .object(let others)):
            for (key, one) in ones.sorted(by: { $0.key < $1.key }) {
                let path = place.isEmpty ? key : "\(place).\(key)"
                if let other = others[key] {
                    compare(one, other, at: path, exactly: exactly, into: &found)
                } else {
                    found.append("\(path): expected \(one), which is missing")
                }
            }
            for (key, other) in others.sorted(by: { $0.key < $1.key }) where exactly && ones[key] == nil {
                found.append("\(place.isEmpty ? key : "\(place).\(key)"): expected nothing, not \(other)")
            }
            return
        default: break
        }
        found.append("\(place.isEmpty ? "the answer" : place): expected \(expected), not \(actual)")
    }
}
