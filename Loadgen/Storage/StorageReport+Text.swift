import Foundation

extension StorageReport {
    /// The table for people.
    func text(machine: String) -> String {
        var lines: [String] = []
        if !machine.isEmpty { lines.append("machine: \(machine)") }
        var section = ""
        for figure in figures {
            if figure.section != section {
                section = figure.section
                let peer = clickHouse == nil ? "" : "ClickHouse"
                lines.append(Figure.columns("", "", "", "", "", ""))
                lines.append(
                    "== \(section)" + String(repeating: " ", count: max(1, 54 - 3 - section.count))
                        + Self.heading(peer))
            }
            lines.append(figure.line)
        }
        lines.append("")
        lines += columnLines
        return lines.joined(separator: "\n") + "\n"
    }

    private static func heading(_ peer: String) -> String {
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        return right("Weir", 12) + right(peer, 12) + right(peer.isEmpty ? "" : "ratio", 8) + right("target", 13)
    }

    /// Bytes an event by column, and by part.
    private var columnLines: [String] {
        guard let sizes, sizes.events > 0 else { return [] }
        let peers = Dictionary((clickHouse?.columns ?? []).map { ($0.name, $0.bytes) }, uniquingKeysWith: +)
        func line(_ share: SizesResult.Share, _ peer: Int?) -> String {
            let value = Double(share.bytes) / Double(sizes.events)
            let other = peer.map { Double($0) / Double(clickHouse?.events ?? 1) }
            return Figure.columns(
                share.name, String(format: "%.3f", value), other.map { String(format: "%.3f", $0) } ?? "",
                other.map { $0 > 0 ? String(format: "%.2f", value / $0) : "" } ?? "", "", "")
        }
        var lines = ["== bytes an event by column"]
        lines += sizes.columns.map { line($0, peers[$0.name]) }
        lines += ["", "== bytes an event by part of a segment"]
        lines += sizes.parts.map { line($0, nil) }
        lines += ["", "== bytes an event by what they are for"]
        lines += sizes.groups.map { line($0, nil) }
        lines.append("")
        lines.append(
            "\(sizes.segments) sealed segments, \(sizes.events) events, \(sizes.visitors) visitors over all segments")
        return lines
    }
}
