extension Reference {
    /// `paths`, by writing down the path of every session or visitor.
    ///
    /// - A session's (or visitor's) events that pass the query stand in order of time; those of one millisecond in the
    ///   order of their values' bytes, and of equal ones those that match `start` first, those that match `end` last.
    /// - An event's value is the first it was sent with. The same value several times in a row is one node, unless
    ///   `collapse` is false.
    /// - The path goes forwards from the first that matches `start` (without one: from the first), or backwards from the
    ///   last that matches `end`, and has at most `depth` nodes.
    /// - Each step shows its most frequent values, and the rest as one node.
    func paths(_ query: JSON) throws(ReferenceError) -> JSON {
        let dimension = query["by"]?.text ?? query["by"]?.array?.first?.text ?? "path"
        let backwards = query["end"] != nil
        var units: [PathUnit: [PathElement]] = [:]
        for index in try matching(query, in: try span(query)) {
            let event = events[index]
            var isAnchor = false
            if let match = query["start"] ?? query["end"] { isAnchor = try matches(match, event) }
            let bySession = query["count"]?.text != "visitors"
            let unit = PathUnit(visitor: event.visitor, session: bySession ? sessions.ordinals[index] : nil)
            units[unit, default: []].append(
                PathElement(
                    time: event.time, value: event.dimensions[dimension]?.first?.text, isAnchor: isAnchor))
        }
        let hasAnchor = query["start"] != nil || query["end"] != nil
        let collapses = query["collapse"]?.bool != false
        let paths = units.values.compactMap { elements -> (values: [Text?], isWhole: Bool)? in
            let nodes = Reference.nodes(elements, backwards: backwards, collapses: collapses)
            let anchor =
                !hasAnchor ? 0 : backwards ? nodes.lastIndex(where: \.isAnchor) : nodes.firstIndex(where: \.isAnchor)
            guard let anchor else { return nil }
            let walk = backwards ? Array(nodes[...anchor].reversed()) : Array(nodes[anchor...])
            let depth = Int(query["depth"]?.int ?? 4)
            return (walk.prefix(depth).map(\.value), walk.count <= depth)
        }
        return shown(paths, limit: Int(query["limit"]?.int ?? 10), backwards: backwards)
    }

    private static func nodes(_ elements: [PathElement], backwards: Bool, collapses: Bool) -> [PathElement] {
        let ordered = elements.sorted { left, right in
            if left.time != right.time { return left.time < right.time }
            if left.value != right.value { return precedes([left.value], [right.value]) }
            return left.isAnchor != right.isAnchor && left.isAnchor == !backwards
        }
        var nodes: [PathElement] = []
        for element in ordered {
            if collapses, let last = nodes.last, last.value == element.value {
                nodes[nodes.count - 1].isAnchor = last.isAnchor || element.isAnchor
            } else {
                nodes.append(element)
            }
        }
        return nodes
    }

    private func shown(_ paths: [(values: [Text?], isWhole: Bool)], limit: Int, backwards: Bool) -> JSON {
        let depth = paths.map(\.values.count).max() ?? 0
        var steps: [[ShownNode]] = []
        for step in 0..<depth {
            var counts: [Text?: Int] = [:]
            for path in paths where path.values.count > step { counts[path.values[step], default: 0] += 1 }
            let ranked = counts.sorted { $0.value != $1.value ? $0.value > $1.value : precedes([$0.key], [$1.key]) }
            var nodes = ranked.prefix(limit).map { ShownNode(values: [$0.key], isOther: false) }
            if ranked.count > limit {
                nodes.append(ShownNode(values: Set(ranked.dropFirst(limit).map(\.key)), isOther: true))
            }
            steps.append(nodes)
        }
        let order = backwards ? Array((0..<depth).reversed()) : Array(0..<depth)
        var ids: [[Int]] = steps.map { $0.map { _ in 0 } }
        var nodes: [JSON] = []
        for step in order {
            for (place, node) in steps[step].enumerated() {
                ids[step][place] = nodes.count
                let through = paths.filter { $0.values.count > step && node.values.contains($0.values[step]) }
                let ends = through.count { $0.isWhole && $0.values.count == step + 1 }
                var shown: [String: JSON] = [
                    "id": .integer(Int64(nodes.count)),
                    "step": .integer(Int64(backwards ? -step : step)),
                    "key": node.isOther ? .null : Reference.shown(node.values.first ?? nil),
                    "count": .integer(Int64(through.count)),
                    backwards ? "entries" : "drop_off": .integer(Int64(ends)),
                ]
                if node.isOther {
                    shown["other"] = .bool(true)
                    shown["values"] = .integer(Int64(node.values.count))
                }
                nodes.append(.object(shown))
            }
        }
        var links: [(source: Int, target: Int, count: Int)] = []
        for step in 0..<max(0, depth - 1) {
            for (place, node) in steps[step].enumerated() {
                for (nextPlace, next) in steps[step + 1].enumerated() {
                    let count = paths.count { path in
                        path.values.count > step + 1 && node.values.contains(path.values[step])
                            && next.values.contains(path.values[step + 1])
                    }
                    let (one, other) = (ids[step][place], ids[step + 1][nextPlace])
                    if count > 0 { links.append(backwards ? (other, one, count) : (one, other, count)) }
                }
            }
        }
        links.sort { left, right in
            if left.source != right.source { return left.source < right.source }
            return left.count != right.count ? left.count > right.count : left.target < right.target
        }
        return [
            "paths": .integer(Int64(paths.count)),
            "nodes": .array(nodes),
            "links": .array(
                links.map { link in
                    [
                        "source": .integer(Int64(link.source)), "target": .integer(Int64(link.target)),
                        "count": .integer(Int64(link.count)),
                    ]
                }),
        ]
    }
}

/// What a path is of: a visitor, or one session.
private struct PathUnit: Hashable {
    let visitor: Text
    let session: Int?
}

/// An event on a path.
private struct PathElement {
    let time: Int64
    let value: Text?
    var isAnchor: Bool
}

/// A node of the answer, and the values that it stands for.
private struct ShownNode {
    let values: Set<Text?>
    let isOther: Bool
}
