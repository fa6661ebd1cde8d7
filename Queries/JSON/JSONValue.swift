/// A JSON document held as a value, its objects in the order in which they were written.
///
/// Two objects are equal when they have equal members in the same order: answers promise their order, so tests can too.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A whole number that was written without fraction or exponent and fits 64 bits with a sign.
    case integer(Int64)
    /// A whole number above `Int64.max` that still fits 64 bits; kept apart so that large ids lose no digit.
    case unsigned(UInt64)
    /// Any other number. Not finite ones are written as `null`.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([(key: String, value: JSONValue)])

    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.unsigned(let a), .unsigned(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a == b
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a.elementsEqual(b) { $0.key == $1.key && $0.value == $1.value }
        default: false
        }
    }

    /// The member of an object by its name; `nil` when there is none or this is no object.
    ///
    /// - Complexity: O(members).
    public subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// What the value is, as error messages call it: `a string`, `an object`, …
    public var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .unsigned, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// The text under which a scalar is compared: strings as they are, numbers in canonical form (`3` for `3.0`),
    /// `true` and `false`. `nil` for `null`, arrays and objects.
    public var canonicalText: String? {
        switch self {
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .unsigned(let number): String(number)
        case .number(let number): NumberText.canonical(number)
        case .null, .array, .object: nil
        }
    }

    /// The value of a number of any kind, rounded to the nearest double; `nil` for everything else.
    public var doubleValue: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .unsigned(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }
}
