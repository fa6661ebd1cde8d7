/// An answer of the query API as lines for a terminal.
public enum AnswerText {
    /// Renders an answer.
    ///
    /// - Parameters:
    ///   - kind: the kind of query.
    ///   - query: the query itself, for the names of its dimensions.
    ///   - answer: what came back.
    public static func lines(kind: String, query: JSONNode, answer: JSONNode) -> [String] {
        var lines =
            switch kind {
            case "aggregate": aggregate(answer)
            case "timeseries": timeseries(query, answer)
            case "top": top(query, answer)
            case "funnel": funnel(query, answer)
            case "retention": retention(query, answer)
            case "paths": paths(query, answer)
            case "sessions": sessions(query, answer)
            case "events": events(answer)
            default: generic(answer)
            }
        if lines.isEmpty { lines = generic(answer) }
        if let meta = footer(answer["meta"]) { lines += ["", meta] }
        return lines
    }

    // MARK: Kinds

    private static func aggregate(_ answer: JSONNode) -> [String] {
        guard let metrics = answer["metrics"]?.members else { return [] }
        let previous = answer["previous"]
        var table = TextTable(
            header: previous == nil ? ["metric", "value"] : ["metric", "value", "previous", "change"])
        for metric in metrics {
            var row = [TextTable.Cell(metric.name), AnswerCell.make(metric.value)]
            if let previous {
                let before = previous[metric.name]
                row += [AnswerCell.make(before), change(from: before, to: metric.value)]
            }
            table.rows.append(row)
        }
        return table.lines
    }

    private static func change(from before: JSONNode?, to now: JSONNode) -> TextTable.Cell {
        guard let before = before?.double, let now = now.double, before != 0 else { return AnswerCell.make(nil) }
        let share = AnswerCell.percent(.number(String((now - before) / abs(before))))
        return TextTable.Cell(share.text.hasPrefix("-") ? share.text : "+" + share.text, isNumber: true)
    }

    private static func timeseries(_ query: JSONNode, _ answer: JSONNode) -> [String] {
        guard let rows = answer["rows"]?.elements else { return [] }
        let table = rowTable(rows, first: ["time"], keys: dimensions(query))
        return rows.isEmpty ? ["no rows"] : table.lines
    }

    private static func top(_ query: JSONNode, _ answer: JSONNode) -> [String] {
        guard let rows = answer["rows"]?.elements else { return [] }
        let keys = dimensions(query)
        var table = rowTable(rows, first: [], keys: keys)
        if let other = answer["other"], other.members != nil {
            if rows.isEmpty { table.header = (keys.isEmpty ? ["key"] : keys) + names(in: [other], without: ["key"]) }
            // The first column stands for the whole key; members that only the shown rows have stay empty.
            let cells = table.header.dropFirst().map { name in
                other[name].map { AnswerCell.make($0) } ?? TextTable.Cell("")
            }
            table.rows.append([TextTable.Cell("(other)")] + cells)
        }
        var lines = table.rows.isEmpty ? ["no rows"] : table.lines
        if let distinct = answer["distinct"], distinct != .null {
            lines += ["", "\(AnswerCell.make(distinct).text) distinct"]
        }
        return lines
    }

    private static func funnel(_ query: JSONNode, _ answer: JSONNode) -> [String] {
        guard let steps = answer["steps"]?.elements else { return [] }
        var lines = funnelTable(steps).lines
        let name = dimensions(query).joined(separator: ", ")
        for row in answer["rows"]?.elements ?? [] {
            var title = name.isEmpty ? "" : "\(name): "
            title += AnswerCell.key(row["key"] ?? row["time"]).text
            if row["incomplete"] == .bool(true) { title += " (incomplete)" }
            lines += ["", Console.harmless(title)] + funnelTable(row["steps"]?.elements ?? []).lines
        }
        if let other = answer["other"]?["steps"]?.elements { lines += ["", "(other)"] + funnelTable(other).lines }
        return lines
    }

    private static func funnelTable(_ steps: [JSONNode]) -> TextTable {
        let hasTimes = steps.contains { $0["avg_ms"]?.double != nil }
        var header = ["step", "event", "count", "rate", "step rate", "drop-off"]
        if hasTimes { header.append("avg time") }
        var table = TextTable(header: header)
        for (index, step) in steps.enumerated() {
            let name = step["event"] ?? step["label"] ?? step["any"]
            var row = [
                TextTable.Cell(String(index + 1), isNumber: true), AnswerCell.make(name),
                AnswerCell.make(step["count"]), AnswerCell.percent(step["rate"]),
                AnswerCell.percent(step["step_rate"]), AnswerCell.make(step["drop_off"]),
            ]
            if hasTimes { row.append(AnswerCell.duration(step["avg_ms"])) }
            table.rows.append(row)
        }
        return table
    }

    private static func events(_ answer: JSONNode) -> [String] {
        guard let rows = (answer["events"] ?? answer["rows"])?.elements else { return [] }
        let wanted = [
            "time", "event", "visitor", "user", "session", "path", "url", "country", "source", "value", "props",
        ]
        var columns = wanted.filter { name in rows.contains { $0[name] != nil && $0[name] != .null } }
        if columns.contains("path") { columns.removeAll { $0 == "url" } }
        var table = TextTable(header: columns)
        table.rows = rows.map { row in
            columns.map { $0 == "props" ? properties(row[$0]) : AnswerCell.make(row[$0]) }
        }
        var lines = columns.isEmpty ? ["no events"] : table.lines
        if let cursor = answer["cursor"]?.text { lines += ["", "more with --cursor \(Console.harmless(cursor))"] }
        return lines
    }

    private static func properties(_ node: JSONNode?) -> TextTable.Cell {
        guard let members = node?.members else { return AnswerCell.make(node) }
        return TextTable.Cell(members.map { "\($0.name)=\(AnswerCell.make($0.value).text)" }.joined(separator: " "))
    }

    /// Whatever it is: lists of objects become tables, everything else a list of names and values.
    private static func generic(_ answer: JSONNode) -> [String] {
        var lines: [String] = []
        var single = TextTable(header: ["name", "value"])
        let members = (answer.members ?? []).filter { $0.name != "meta" }
        let lists = members.filter { $0.value.elements?.contains { $0.members != nil } ?? false }
        for member in members {
            if lists.contains(member), let rows = member.value.elements {
                if lists.count > 1 { lines += (lines.isEmpty ? [] : [""]) + [Console.harmless(member.name)] }
                lines += rowTable(rows, first: [], keys: []).lines
            } else if let inner = member.value.members {
                single.rows += inner.map { [TextTable.Cell("\(member.name).\($0.name)"), AnswerCell.make($0.value)] }
            } else {
                single.rows.append([TextTable.Cell(member.name), AnswerCell.make(member.value)])
            }
        }
        if !single.rows.isEmpty { lines += (lines.isEmpty ? [] : [""]) + single.lines }
        return lines
    }

    // MARK: Parts

    /// A table of objects: the members named `first`, then the parts of `key`, then every other member in order of
    /// appearance, except a `series`, which would not fit a cell.
    private static func rowTable(_ rows: [JSONNode], first: [String], keys: [String]) -> TextTable {
        let parts = rows.map { row in row["key"].map { $0.elements?.count ?? 1 } ?? 0 }.max() ?? 0
        let others = names(in: rows, without: first + ["key", "series"])
        let keyNames = (0..<parts).map { part in
            keys.count == parts ? keys[part] : parts == 1 ? "key" : "key \(part + 1)"
        }
        var table = TextTable(header: first + keyNames + others)
        table.rows = rows.map { row in
            let key = row["key"]?.elements ?? [row["key"] ?? .null]
            let keyCells = (0..<parts).map { AnswerCell.key($0 < key.count ? key[$0] : nil) }
            return first.map { AnswerCell.make(row[$0]) } + keyCells + others.map { AnswerCell.make(row[$0]) }
        }
        return table
    }

    /// The names of all members, each once, in order of appearance.
    private static func names(in rows: [JSONNode], without known: [String]) -> [String] {
        var names: [String] = []
        var seen = Set(known)
        for row in rows {
            for member in row.members ?? [] where seen.insert(member.name).inserted { names.append(member.name) }
        }
        return names
    }

    static func dimensions(_ query: JSONNode) -> [String] {
        switch query["by"] {
        case .string(let name)?: [name]
        case .array(let names)?: names.compactMap(\.text)
        default: []
        }
    }

    private static func footer(_ meta: JSONNode?) -> String? {
        guard let meta, meta.members != nil else { return nil }
        var parts: [String] = []
        if let took = meta["took_ms"] { parts.append("\(AnswerCell.make(took).text) ms") }
        if let rows = meta["rows_scanned"] { parts.append("\(AnswerCell.make(rows).text) rows scanned") }
        if meta["exact"] == .bool(false) {
            parts.append("approximate" + (meta["relative_error"].map { ", ±\(AnswerCell.percent($0).text)" } ?? ""))
        }
        return parts.isEmpty ? nil : "(\(parts.joined(separator: ", ")))"
    }
}
