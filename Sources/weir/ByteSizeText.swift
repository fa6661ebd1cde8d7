/// Reads sizes as people write them: `512MiB`, `2GiB`, `1TB`, or bytes.
enum ByteSizeText {
    private static let units: [(suffix: String, bytes: Int)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("kB", 1000), ("MB", 1_000_000),
        ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1), ("", 1),
    ]

    /// Reads a size from its text.
    ///
    /// - Returns: bytes, or `nil` when the text is no size or more than 63 bits can say.
    static func parse(_ text: String) -> Int? {
        let digits = text.prefix { $0 >= "0" && $0 <= "9" }
        guard let amount = Int(digits), let unit = units.first(where: { $0.suffix == text[digits.endIndex...] }) else {
            return nil
        }
        let (product, overflow) = amount.multipliedReportingOverflow(by: unit.bytes)
        return overflow ? nil : product
    }
}
