/// A string compared byte by byte.
///
/// Swift's own strings are equal when they look the same, so a precomposed and a decomposed "é" are equal;
/// the store holds them apart, and orders by bytes.
public struct Text: Hashable, Comparable, Sendable {
    /// The string.
    public let string: String

    /// Wraps a string.
    public init(_ string: String) {
        self.string = string
    }

    public static func == (left: Text, right: Text) -> Bool {
        left.string.utf8.elementsEqual(right.string.utf8)
    }

    public static func < (left: Text, right: Text) -> Bool {
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for byte in string.utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
    }

    /// Whether the other text's bytes occur in this one.
    func contains(_ other: Text) -> Bool {
        let bytes = Array(string.utf8)
        let wanted = Array(other.string.utf8)
        guard wanted.count <= bytes.count else { return false }
        return (0...(bytes.count - wanted.count)).contains { bytes[$0..<($0 + wanted.count)].elementsEqual(wanted) }
    }

    /// Whether this text begins with the other one's bytes.
    func starts(with other: Text) -> Bool {
        string.utf8.starts(with: other.string.utf8)
    }

    /// Whether this text ends with the other one's bytes.
    func ends(with other: Text) -> Bool {
        string.utf8.reversed().starts(with: other.string.utf8.reversed())
    }
}

extension Text: CustomStringConvertible {
    /// The string itself.
    public var description: String { string }
}

/// Optional texts in the order of answers: the missing value first, then by bytes.
func precedes(_ left: [Text?], _ right: [Text?]) -> Bool {
    for (one, other) in zip(left, right) where one != other {
        guard let one else { return true }
        guard let other else { return false }
        return one < other
    }
    return left.count < right.count
}
