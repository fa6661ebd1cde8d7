/// Retention, paths and sessions.
extension AnswerText {
    /// A cohort a line, with the share that came back in each interval; those that are not over are marked.
    static func retention(_ query: JSONNode, _ answer: JSONNode) -> [String] {
        guard let rows = answer["rows"]?.elements else { return [] }
        guard !rows.isEmpty else { return ["no cohorts"] }
        let intervals = rows.map { $0["returned"]?.elements?.count ?? 0 }.max() ?? 0
        let name = query["interval"]?.text ?? "day"
        var table = TextTable(header: ["cohort", "size"] + (0..<intervals).map { "\(name) \($0)" })
        var hasOpen = false
        for row in rows {
            let size = row["size"]?.double ?? 0
            let complete = row["complete"]?.integer ?? .max
            var cells = [AnswerCell.make(row["cohort"]), AnswerCell.make(row["size"])]
            for (step, count) in (row["returned"]?.elements ?? []).enumerated() {
                guard let count = count.double else {
                    cells.append(TextTable.Cell(""))
                    continue
                }
                var cell =
                    size > 0 ? AnswerCell.percent(.number(String(count / size))) : TextTable.Cell("-", isNumber: true)
                if step >= complete, size > 0 {
                    cell.text += "*"
                    hasOpen = true
                }
                cells.append(cell)
            }
            table.rows.append(cells)
        }
        return table.lines + (hasOpen ? ["", "* not over yet"] : [])
    }

    /// The nodes of each step, and then where paths go from one to the next.
    static func paths(_ query: JSONNode, _ answer: JSONNode) -> [String] {
        guard let nodes = answer["nodes"]?.elements, let links = answer["links"]?.elements else { return [] }
        guard !nodes.isEmpty else { return ["no paths"] }
        let total = answer["paths"]?.double ?? 0
        let isBackwards = nodes.contains { $0["entries"] != nil }
        let by = dimensions(query).first ?? "path"
        var table = TextTable(header: ["step", by, "paths", "share", isBackwards ? "entries" : "drop-off"])
        var names: [String: TextTable.Cell] = [:]
        for node in nodes {
            let name = pathNode(node)
            if let id = node["id"] { names[AnswerCell.make(id).text] = name }
            let share = (node["count"]?.double).map { JSONNode.number(String(total > 0 ? $0 / total : 0)) }
            table.rows.append([
                AnswerCell.make(node["step"]), name, AnswerCell.make(node["count"]), AnswerCell.percent(share),
                AnswerCell.make(node["entries"] ?? node["drop_off"]),
            ])
        }
        var moves = TextTable(header: ["step", "from", "to", "paths"])
        for link in links {
            let source = AnswerCell.make(link["source"]).text
            let target = AnswerCell.make(link["target"]).text
            let step = nodes.first { AnswerCell.make($0["id"]).text == source }?["step"]
            moves.rows.append([
                AnswerCell.make(step), names[source] ?? TextTable.Cell(source), names[target] ?? TextTable.Cell(target),
                AnswerCell.make(link["count"]),
            ])
        }
        let count = AnswerCell.make(answer["paths"]).text
        return table.lines + (links.isEmpty ? [] : [""] + moves.lines) + ["", "\(count) paths"]
    }

    private static func pathNode(_ node: JSONNode) -> TextTable.Cell {
        guard node["other"] == .bool(true) else { return AnswerCell.key(node["key"]) }
        return TextTable.Cell("(\(AnswerCell.make(node["values"]).text) others)")
    }

    /// The numbers, and then the entry and the exit pages.
    static func sessions(_ query: JSONNode, _ answer: JSONNode) -> [String] {
        guard answer["sessions"] != nil else { return [] }
        var table = TextTable(header: ["metric", "value"])
        for member in answer.members ?? [] where member.name != "meta" && member.value.members == nil {
            let cell =
                switch member.name {
                case "bounce_rate": AnswerCell.percent(member.value)
                case "session_duration": AnswerCell.duration(member.value)
                default: AnswerCell.make(member.value)
                }
            table.rows.append([TextTable.Cell(member.name), cell])
        }
        var lines = table.lines
        let by = dimensions(query).first ?? "path"
        for (name, title) in [("entry_pages", "entry"), ("exit_pages", "exit")] {
            guard let pages = answer[name], let rows = pages["rows"]?.elements, !rows.isEmpty else { continue }
            let hasBounces = rows.contains { $0["bounce_rate"] != nil }
            var table = TextTable(header: ["\(title) \(by)", "sessions"] + (hasBounces ? ["bounce rate"] : []))
            for row in rows {
                table.rows.append(
                    [AnswerCell.key(row["key"]), AnswerCell.make(row["sessions"])]
                        + (hasBounces ? [AnswerCell.percent(row["bounce_rate"])] : []))
            }
            if let other = pages["other"]?["sessions"], other.double != 0 {
                table.rows.append([TextTable.Cell("(other)"), AnswerCell.make(other)])
            }
            lines += [""] + table.lines
        }
        return lines
    }
}
