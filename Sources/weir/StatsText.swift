import Client
import Events
import Queries
import Storage

/// The figures of a store as text and as JSON.
enum StatsText {
    // MARK: Text

    /// Tables: each site's levels, then its bytes by group, then by column.
    static func lines(_ stats: StoreStats) -> [String] {
        var lines: [String] = []
        for site in stats.sites {
            lines.append(
                "site \(Console.harmless(site.name)): \(CommandOutput.count(site.rows)) sealed events in "
                    + "\(CommandOutput.count(site.segments)) segments, \(CommandOutput.count(site.logRows)) log rows, "
                    + "\(CommandOutput.count(site.deadLetters)) dead letters, \(CommandOutput.size(site.total.stored))")
            lines.append("")
            if !site.levels.isEmpty { lines += levels(site) + [""] }
            lines += sizes(
                "what", site.groups.sorted { $0.value.stored > $1.value.stored }.map { ($0.key.rawValue, $0.value) })
            lines.append("")
            if !site.parts.isEmpty || !site.columns.isEmpty { lines += columns(site) + [""] }
        }
        lines += [
            "ids: \(CommandOutput.size(stats.ids.stored))",
            "directory: \(CommandOutput.size(stats.directoryBytes)) (tables \(CommandOutput.size(stats.tableBytes)), "
                + "log \(CommandOutput.size(stats.logBytes)), other \(CommandOutput.size(stats.otherBytes)))",
        ]
        if stats.unreadable > 0 {
            lines.append("\(CommandOutput.count(stats.unreadable)) rows are unreadable; `weir check` says more")
        }
        return lines
    }

    private static func levels(_ site: StoreStats.Site) -> [String] {
        var table = TextTable(header: ["level", "segments", "events", "visitors", "first", "last"])
        for level in site.levels {
            table.rows.append([
                TextTable.Cell("\(level.level)"), number(level.segments), number(level.rows), number(level.visitors),
                TextTable.Cell(time(level.first)), TextTable.Cell(time(level.last)),
            ])
        }
        return table.lines
    }

    private static func columns(_ site: StoreStats.Site) -> [String] {
        let parts = site.parts.map { (name: $0.key, size: $0.value, encodings: [String: Int]()) }
        let columns = site.columns.map { (name: "column \($0.name)", size: $0.total, encodings: $0.encodings) }
        let rows = (parts + columns).sorted { ($1.size.stored, $0.name) < ($0.size.stored, $1.name) }
        var table = sizeTable("part or column", rows.map { ($0.name, $0.size) })
        guard rows.contains(where: { !$0.encodings.isEmpty }) else { return table.lines }
        table.header.append("encodings (chunks)")
        for (index, row) in rows.enumerated() {
            let words = row.encodings.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
            table.rows[index].append(TextTable.Cell(words.joined(separator: ", ")))
        }
        return table.lines
    }

    private static func sizes(_ title: String, _ sizes: [(String, StoreStats.Size)]) -> [String] {
        sizeTable(title, sizes).lines
    }

    private static func sizeTable(_ title: String, _ sizes: [(String, StoreStats.Size)]) -> TextTable {
        let total = max(1, sizes.reduce(0) { $0 + $1.1.stored })
        var table = TextTable(header: [title, "blocks", "stored", "before", "ratio", "share"])
        for (name, size) in sizes {
            let share = (Double(size.stored) / Double(total) * 1000).rounded() / 10
            table.rows.append([
                TextTable.Cell(name), number(size.blocks),
                TextTable.Cell(CommandOutput.size(size.stored), isNumber: true),
                TextTable.Cell(CommandOutput.size(size.raw), isNumber: true),
                TextTable.Cell("\(rounded(size.ratio))", isNumber: true), TextTable.Cell("\(share) %", isNumber: true),
            ])
        }
        return table
    }

    private static func number(_ value: Int) -> TextTable.Cell {
        TextTable.Cell(CommandOutput.count(value), isNumber: true)
    }

    private static func time(_ milliseconds: Int64) -> String {
        (CivilTime.earliest...CivilTime.latest).contains(milliseconds)
            ? CivilTime.format(milliseconds) : "\(milliseconds)"
    }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

    // MARK: JSON

    /// The document that `weir stats --help` describes.
    static func json(_ stats: StoreStats, directory: String) -> JSONValue {
        .object([
            ("directory", .string(directory)), ("format", integer(Int(stats.formatVersion))),
            ("directory_bytes", integer(stats.directoryBytes)),
            (
                "files",
                .object([
                    ("tables", integer(stats.tableBytes)), ("log", integer(stats.logBytes)),
                    ("other", integer(stats.otherBytes)),
                ])
            ),
            ("unreadable", integer(stats.unreadable)), ("groups", json(stats.groups)), ("ids", json(stats.ids)),
            ("sites", .array(stats.sites.map(json))),
        ])
    }

    private static func json(_ site: StoreStats.Site) -> JSONValue {
        .object([
            ("site", .string(site.name)), ("segments", integer(site.segments)), ("rows", integer(site.rows)),
            ("first", site.first.map { .integer($0) } ?? .null), ("last", site.last.map { .integer($0) } ?? .null),
            ("levels", .array(site.levels.map(json))), ("log_rows", integer(site.logRows)),
            ("dead_letters", integer(site.deadLetters)), ("total", json(site.total)), ("groups", json(site.groups)),
            ("parts", json(site.parts)), ("columns", .array(site.columns.map(json))),
        ])
    }

    private static func json(_ level: StoreStats.Level) -> JSONValue {
        .object([
            ("level", .string("\(level.level)")), ("segments", integer(level.segments)), ("rows", integer(level.rows)),
            ("visitors", integer(level.visitors)), ("first", .integer(level.first)), ("last", .integer(level.last)),
        ])
    }

    private static func json(_ column: StoreStats.Column) -> JSONValue {
        .object([
            ("column", .string(column.name)), ("total", json(column.total)), ("parts", json(column.parts)),
            ("encodings", .object(column.encodings.sorted { $0.key < $1.key }.map { ($0.key, integer($0.value)) })),
        ])
    }

    private static func json(_ groups: [StoreStats.Group: StoreStats.Size]) -> JSONValue {
        .object(StoreStats.Group.allCases.map { ($0.rawValue, json(groups[$0] ?? StoreStats.Size())) })
    }

    private static func json(_ parts: [String: StoreStats.Size]) -> JSONValue {
        .object(parts.sorted { $0.key < $1.key }.map { ($0.key, json($0.value)) })
    }

    private static func json(_ size: StoreStats.Size) -> JSONValue {
        .object([
            ("blocks", integer(size.blocks)), ("stored", integer(size.stored)), ("raw", integer(size.raw)),
            ("ratio", .number((size.ratio * 1000).rounded() / 1000)),
        ])
    }

    private static func integer(_ value: Int) -> JSONValue { .integer(Int64(value)) }
}
