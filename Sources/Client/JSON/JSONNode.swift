/// A JSON value that keeps its members' order and its numbers' text.
///
/// For answers and queries, which are small; events never pass through it.
public enum JSONNode: Sendable, Equatable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number, as it is written.
    case number(String)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONNode])
    /// An object; names may repeat, the first one counts.
    case object([JSONMember])

    /// The member of an object, `nil` for a missing one and for any other value.
    public subscript(name: String) -> JSONNode? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The text of a string.
    public var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The number as a whole one.
    public var integer: Int? {
        if case .number(let text) = self { Int(text) } else { nil }
    }

    /// The number.
    public var double: Double? {
        if case .number(let text) = self { Double(text) } else { nil }
    }

    /// The elements of an array.
    public var elements: [JSONNode]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members of an object.
    public var members: [JSONMember]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// Sets a member of an object, in its old place or at the end; any other value becomes an object first.
    public mutating func set(_ name: String, _ value: JSONNode) {
        var members = self.members ?? []
        if let index = members.firstIndex(where: { $0.name == name }) {
            members[index].value = value
        } else {
            members.append(JSONMember(name, value))
        }
        self = .object(members)
    }

    /// The value as JSON without blanks.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    private func append(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .number(let text): bytes.append(contentsOf: text.utf8)
        case .string(let text): JSONText.appendString(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSONText.appendString(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}

/// One member of an object.
public struct JSONMember: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Its value.
    public var value: JSONNode

    /// Creates a member.
    public init(_ name: String, _ value: JSONNode) {
        self.name = name
        self.value = value
    }
}
