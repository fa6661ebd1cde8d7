/// A length of time as people type it: `500ms`, `90s`, `30m`, `1h`, `7d`.
public struct DurationText: Sendable, Hashable {
    /// The length in nanoseconds.
    public let nanoseconds: Int64

    /// Reads a whole or decimal number with a unit; nil for anything else, for zero, and above 366 days.
    public init?(_ text: String) {
        let units: [(suffix: String, nanoseconds: Double)] = [
            ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9), ("d", 86_400e9),
        ]
        guard let unit = units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
        let digits = text.dropLast(unit.suffix.count)
        guard let first = digits.utf8.first, (48...57).contains(first),
            digits.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") }),
            let number = Double(digits)
        else { return nil }
        let product = number * unit.nanoseconds
        guard product >= 1, product <= 366 * 86_400e9 else { return nil }
        nanoseconds = Int64(product)
    }

    /// A length in seconds; nil for zero, and above 366 days.
    public init?(seconds: Double) {
        guard seconds * 1e9 >= 1, seconds <= 366 * 86_400 else { return nil }
        nanoseconds = Int64(seconds * 1e9)
    }

    /// The length in seconds.
    public var seconds: Double { Double(nanoseconds) / 1e9 }
}
