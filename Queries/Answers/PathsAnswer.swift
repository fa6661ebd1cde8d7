extension PathsQuery {
    /// Answers the query: nodes, step by step, and the links between those of neighbouring steps, by the nodes' ids.
    ///
    /// Each step shows the values that most paths have there, and the others as one node, so that everything adds up.
    func answer(_ execution: Execution, _ range: ResolvedRange) throws(QueryError) -> [(key: String, value: JSONValue)]
    {
        let result = try PathsScan(execution: execution, query: self, range: range).run()
        try execution.check()
        let (shown, shownOf) = choose(result)
        var links: [UInt64: Int] = [:]
        for link in result.tally.links {
            let (from, to) = (shownOf[link.from], shownOf[link.to])
            let (source, target) = isBackwards ? (to, from) : (from, to)
            links[UInt64(source) << 32 | UInt64(target), default: 0] += link.count
        }
        // Those of a node follow each other, the most frequent first.
        let ordered = links.sorted { left, right in
            if left.key >> 32 != right.key >> 32 { return left.key < right.key }
            return left.value != right.value ? left.value > right.value : left.key < right.key
        }
        let nodesJSON = shown.enumerated().map { id, node in json(node, id: id, result.values) }
        let linksJSON = ordered.map { link -> JSONValue in
            .object([
                ("source", .integer(Int64(link.key >> 32))),
                ("target", .integer(Int64(link.key & 0xFFFF_FFFF))),
                ("count", .integer(Int64(link.value))),
            ])
        }
        return [
            ("paths", .integer(Int64(result.tally.paths))), ("nodes", .array(nodesJSON)), ("links", .array(linksJSON)),
        ]
    }

    /// A node of the answer.
    private struct Shown {
        /// 0 for the anchor's, then 1, 2, …, backwards -1, -2, ….
        var step: Int
        /// The value; of other values together `nil`.
        var value: UInt32?
        var count = 0
        var ends = 0
        /// How many values it stands for.
        var values: Int
    }

    /// The nodes of the answer in its order, and for each node of the tally the one that it is shown as.
    private func choose(_ result: PathsScan.Result) -> (shown: [Shown], shownOf: [Int]) {
        let nodes = result.tally.nodes
        var ofSteps = [[Int]](repeating: [], count: depth)
        for (number, node) in nodes.enumerated() { ofSteps[node.step].append(number) }
        var shown: [Shown] = []
        var shownOf = [Int](repeating: 0, count: nodes.count)
        // From left to right, so backwards from the step that is furthest from the end.
        for numbers in isBackwards ? ofSteps.reversed() : ofSteps where !numbers.isEmpty {
            let first = FirstFew.select(numbers, limit: limit) { left, right in
                nodes[left].count != nodes[right].count
                    ? nodes[left].count > nodes[right].count
                    : result.values.precedes(nodes[left].value, nodes[right].value)
            }
            let step = isBackwards ? -nodes[numbers[0]].step : nodes[numbers[0]].step
            for number in first {
                shownOf[number] = shown.count
                shown.append(Shown(step: step, value: nodes[number].value, values: 1))
            }
            if numbers.count > first.count {
                let known = Set(first)
                for number in numbers where !known.contains(number) { shownOf[number] = shown.count }
                shown.append(Shown(step: step, value: nil, values: numbers.count - first.count))
            }
            for number in numbers {
                let place = shownOf[number]
                shown[place].count += nodes[number].count
                shown[place].ends += nodes[number].ends
            }
        }
        return (shown, shownOf)
    }

    private func json(_ node: Shown, id: Int, _ values: ValueNumbers) -> JSONValue {
        var members: [(key: String, value: JSONValue)] = [
            ("id", .integer(Int64(id))), ("step", .integer(Int64(node.step))),
            ("key", node.value.flatMap { values.text($0) }.map { .string($0) } ?? .null),
        ]
        if node.value == nil {
            members.append(("other", .bool(true)))
            members.append(("values", .integer(Int64(node.values))))
        }
        members.append(("count", .integer(Int64(node.count))))
        members.append((isBackwards ? "entries" : "drop_off", .integer(Int64(node.ends))))
        return .object(members)
    }
}
