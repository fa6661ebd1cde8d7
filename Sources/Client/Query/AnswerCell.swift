/// How the values of an answer look in a table.
enum AnswerCell {
    /// Any value: numbers right, a missing one as a dash, nested ones as JSON.
    static func make(_ node: JSONNode?) -> TextTable.Cell {
        switch node {
        case nil, .null?: TextTable.Cell("-")
        case .bool(let flag)?: TextTable.Cell(flag ? "yes" : "no")
        case .number(let text)?: TextTable.Cell(rounded(text), isNumber: true)
        case .string(let text)?: TextTable.Cell(text)
        case .array(let elements)?:
            TextTable.Cell(elements.map { make($0).text }.joined(separator: ", "))
        case .object?: TextTable.Cell(String(decoding: node?.encoded ?? [], as: UTF8.self))
        }
    }

    /// A value of a dimension, where nothing is a value too.
    static func key(_ node: JSONNode?) -> TextTable.Cell {
        switch node {
        case nil, .null?: TextTable.Cell("(none)")
        case .string("")?: TextTable.Cell("(empty)")
        default: make(node)
        }
    }

    /// A share of one, in percent.
    static func percent(_ node: JSONNode?) -> TextTable.Cell {
        guard let value = node?.double, value.isFinite, abs(value) < 1e12 else { return make(node) }
        return TextTable.Cell(decimals(value * 100, 1) + "%", isNumber: true)
    }

    /// Milliseconds as a duration of two units at most.
    static func duration(_ node: JSONNode?) -> TextTable.Cell {
        guard let value = node?.double, value.isFinite, (0..<1e15).contains(value) else { return make(node) }
        let milliseconds = Int(value.rounded())
        let seconds = milliseconds / 1000
        let text =
            switch milliseconds {
            case ..<1000: "\(milliseconds)ms"
            case ..<60_000: decimals(value / 1000, 1) + "s"
            case ..<3_600_000: "\(seconds / 60)m \(seconds % 60)s"
            case ..<86_400_000: "\(seconds / 3600)h \(seconds % 3600 / 60)m"
            default: "\(seconds / 86400)d \(seconds % 86400 / 3600)h"
            }
        return TextTable.Cell(text, isNumber: true)
    }

    /// A number with at most four digits after its point; whole ones as they are.
    private static func rounded(_ text: String) -> String {
        guard text.contains(where: { ".eE".contains($0) }), let value = Double(text), abs(value) < 1e12 else {
            return text
        }
        var shown = decimals(value, 4)
        // A small number would otherwise vanish.
        if value != 0, !shown.contains(where: { ("1"..."9").contains($0) }) { return text }
        while shown.last == "0" { shown.removeLast() }
        if shown.last == "." { shown.removeLast() }
        return shown
    }

    /// `value`, which is below 10¹⁴, with exactly `count` digits after the point, at least one.
    private static func decimals(_ value: Double, _ count: Int) -> String {
        let scale = (0..<count).reduce(1) { product, _ in product * 10 }
        let units = Int((abs(value) * Double(scale)).rounded())
        let fraction = String(units % scale)
        let sign = value < 0 && units > 0 ? "-" : ""
        return "\(sign)\(units / scale)." + String(repeating: "0", count: count - fraction.count) + fraction
    }
}
