import Queries

/// Reads the small JSON documents of requests that are no queries, and says which member is wrong.
struct DocumentReader {
    private let members: [(key: String, value: JSONValue)]

    /// Reads a body that is an object; an empty one is an empty object.
    init(_ body: [UInt8]) throws(Problem) {
        let isBlank = body.allSatisfy { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
        let value: JSONValue
        do throws(JSONError) {
            value = isBlank ? .object([]) : try JSONParser.parse(body)
        } catch {
            throw Problem(
                400, code: "invalid_json", title: "The body is no JSON",
                detail: "\(error.detail), at byte \(error.position).")
        }
        try self.init(value, called: "body")
    }

    /// Reads a value that is an object.
    ///
    /// - Parameter name: what messages call it.
    init(_ value: JSONValue, called name: String) throws(Problem) {
        guard case .object(let members) = value else {
            throw Problem.invalidParameter(name, "must be an object, and is \(value.kindName).")
        }
        self.members = members
    }

    /// The names of the members, in their order.
    var names: [String] { members.map(\.key) }

    /// Refuses members of other names, so that no slip of the finger is taken for a rule left out.
    func requireOnly(_ known: Set<String>) throws(Problem) {
        for (key, _) in members where !known.contains(key) {
            throw Problem.invalidParameter(
                key, "there is no such member here; there are " + known.sorted().joined(separator: ", ") + ".")
        }
    }

    /// A member; of several of one name the last counts, and null is absent.
    subscript(name: String) -> JSONValue? {
        guard let value = members.last(where: { $0.key == name })?.value, value != .null else { return nil }
        return value
    }

    func string(_ name: String) throws(Problem) -> String? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value else { throw wrong(name, "a string", value) }
        return text
    }

    func array(_ name: String) throws(Problem) -> [JSONValue]? {
        guard let value = self[name] else { return nil }
        guard case .array(let elements) = value else { throw wrong(name, "an array", value) }
        return elements
    }

    func flag(_ name: String, default fallback: Bool = false) throws(Problem) -> Bool {
        guard let value = self[name] else { return fallback }
        guard case .bool(let flag) = value else { throw wrong(name, "true or false", value) }
        return flag
    }

    func number(_ name: String) throws(Problem) -> Double? {
        guard let value = self[name] else { return nil }
        guard let number = value.doubleValue else { throw wrong(name, "a number", value) }
        return number
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let value = self[name] else { return nil }
        guard case .integer(let number) = value, range.contains(Int(number)) else {
            throw Problem.invalidParameter(
                name, "must be an integer from \(range.lowerBound) to \(range.upperBound).")
        }
        return Int(number)
    }

    /// RFC 3339 or Unix milliseconds.
    func time(_ name: String) throws(Problem) -> Int64? {
        guard let value = self[name] else { return nil }
        switch value {
        case .integer(let milliseconds) where Timestamp.range.contains(milliseconds): return milliseconds
        case .string(let text):
            if let time = Timestamp.parse(rfc3339: text) { return time }
            fallthrough
        default:
            throw Problem.invalidParameter(name, "must be an RFC 3339 time or Unix milliseconds.")
        }
    }

    private func wrong(_ name: String, _ expected: String, _ value: JSONValue) -> Problem {
        Problem.invalidParameter(name, "must be \(expected), and is \(value.kindName).")
    }
}
