/// Reads durations as queries write them: `"500ms"`, `"90s"`, `"30m"`, `"1h"`, `"7d"`, `"2w"`, or milliseconds.
public enum DurationText {
    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000),
    ]

    /// Reads a duration from its text. Text without a unit is milliseconds.
    ///
    /// - Returns: Milliseconds, or `nil` when the text is no duration or longer than 64 bits can say.
    public static func parse(_ text: String) -> Int64? {
        let digits = text.prefix { $0 >= "0" && $0 <= "9" }
        guard !digits.isEmpty, let amount = Int64(digits) else { return nil }
        let suffix = text[digits.endIndex...]
        if suffix.isEmpty { return amount }
        guard let unit = units.first(where: { $0.suffix == suffix }) else { return nil }
        let (product, overflow) = amount.multipliedReportingOverflow(by: unit.milliseconds)
        return overflow ? nil : product
    }

    /// Reads a duration from a query.
    ///
    /// - Parameters:
    ///   - path: The place in the query, for the message.
    ///   - minimum: The shortest that makes sense there, in milliseconds.
    /// - Throws: `invalid_duration`.
    static func parse(_ value: JSONValue, path: String, minimum: Int64) throws(QueryError) -> Int64 {
        var milliseconds: Int64?
        switch value {
        case .integer(let number): milliseconds = number
        case .number(let number): milliseconds = Int64(exactly: number)
        case .string(let text): milliseconds = parse(text)
        default: break
        }
        guard let milliseconds, milliseconds >= minimum else {
            let shown = value.canonicalText.map(ShownText.quoted) ?? value.kindName
            throw QueryError(
                .invalidDuration,
                "`\(path)`: \(shown) is no duration. Write \"90s\", \"30m\", \"1h\", \"7d\" or whole milliseconds, "
                    + "at least \(minimum) and at most 9223372036854775807 ms", field: path)
        }
        return milliseconds
    }
}
