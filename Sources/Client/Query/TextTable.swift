/// Rows of text that are printed with aligned columns.
public struct TextTable: Sendable, Equatable {
    /// One cell.
    public struct Cell: Sendable, Equatable {
        /// What it shows.
        public var text: String
        /// Whether it stands at its column's right edge.
        public var isNumber: Bool

        /// Creates a cell.
        public init(_ text: String, isNumber: Bool = false) {
            self.text = text
            self.isNumber = isNumber
        }
    }

    /// The longest text a cell shows, in characters; the rest is cut off.
    public static let widestCell = 80

    /// What stands above the columns.
    public var header: [String]
    /// The rows; a short one is filled up with empty cells.
    public var rows: [[Cell]]

    /// Creates a table.
    public init(header: [String], rows: [[Cell]] = []) {
        self.header = header
        self.rows = rows
    }

    /// The table's lines: the header, a rule, the rows, with two blanks between columns and none at the end of a line.
    ///
    /// A column's header stands right if all its cells that hold something do. Control characters are replaced.
    public var lines: [String] {
        let count = max(header.count, rows.map(\.count).max() ?? 0)
        var texts = [pad(header, to: count).map(Self.fit)]
        texts += rows.map { row in pad(row.map(\.text), to: count).map(Self.fit) }
        let widths = (0..<count).map { column in texts.map { $0[column].count }.max() ?? 0 }
        let isRight = (0..<count).map { column in
            let cells = rows.compactMap { $0.indices.contains(column) ? $0[column] : nil }
            let shown = cells.filter { !$0.text.isEmpty && $0.text != "-" }
            return !shown.isEmpty && shown.allSatisfy(\.isNumber)
        }
        var lines = texts.map { row in
            let padded = row.indices.map { column in
                let blanks = String(repeating: " ", count: widths[column] - row[column].count)
                return isRight[column] ? blanks + row[column] : row[column] + blanks
            }
            return Self.withoutTrailingBlanks(padded.joined(separator: "  "))
        }
        lines.insert(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "), at: 1)
        return lines
    }

    private func pad(_ texts: [String], to count: Int) -> [String] {
        texts + Array(repeating: "", count: count - texts.count)
    }

    private static func fit(_ text: String) -> String {
        let text = Console.harmless(text)
        guard text.count > widestCell else { return text }
        return text.prefix(widestCell - 1) + "…"
    }

    private static func withoutTrailingBlanks(_ line: String) -> String {
        var line = line[...]
        while line.last == " " { line.removeLast() }
        return String(line)
    }
}
