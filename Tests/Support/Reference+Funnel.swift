extension Reference {
    /// `funnel`, by looking at every chain there is.
    func funnel(_ query: JSON) throws(ReferenceError) -> JSON {
        let steps = query["steps"]?.array ?? []
        let matching = try matching(query, in: try span(query))
        let bySession = query["count"]?.text == "sessions"
        var candidates: [FunnelUnit: [FunnelCandidate]] = [:]
        for index in matching {
            let event = events[index]
            var matched: Set<Int> = []
            for (number, step) in steps.enumerated() where try takes(step, event) { matched.insert(number) }
            guard !matched.isEmpty else { continue }
            let unit = FunnelUnit(visitor: event.visitor, session: bySession ? sessions.ordinals[index] : nil)
            candidates[unit, default: []].append(FunnelCandidate(index: index, time: event.time, steps: matched))
        }
        let search = FunnelSearch(
            steps: steps.count, window: try Reference.duration(query["window"] ?? "7d"),
            strict: query["strict_increase"]?.bool ?? false)

        let depths = candidates.mapValues { search.depth(of: $0) { _ in true } }
        var answer: [String: JSON] = ["steps": shownSteps(steps, Array(depths.values))]
        if let dimension = query["by"]?.text ?? query["by"]?.array?.first?.text {
            answer["rows"] = rows(dimension, steps, candidates, search, limit: Int(query["limit"]?.int ?? 10))
        }
        return .object(answer)
    }

    /// A row for each value that a first step's event has: the funnel of the chains that begin with such an event.
    private func rows(
        _ dimension: String, _ steps: [JSON], _ candidates: [FunnelUnit: [FunnelCandidate]], _ search: FunnelSearch,
        limit: Int
    ) -> JSON {
        let starts = candidates.values.joined().filter { $0.steps.contains(0) }
        let values = Set(starts.flatMap { keys(dimension, of: $0.index) })
        let rows = values.map { value in
            let depths = candidates.values.map { unit in
                search.depth(of: unit) { keys(dimension, of: $0.index).contains(value) }
            }
            return (key: value, depths: depths, first: depths.count { $0 >= 1 })
        }
        let ranked = rows.sorted { left, right in
            left.first != right.first ? left.first > right.first : precedes([left.key], [right.key])
        }
        return .array(
            ranked.prefix(limit).map { row in
                ["key": Reference.shown(row.key), "steps": shownSteps(steps, row.depths)]
            })
    }

    private func takes(_ step: JSON, _ event: ReferenceEvent) throws(ReferenceError) -> Bool {
        if let alternatives = step["any"]?.array {
            for alternative in alternatives where try takes(alternative, event) { return true }
            return false
        }
        if let name = step["event"]?.text, event.name != Text(name) { return false }
        return try ReferenceFilter(json: step["where"] ?? []).holds(event)
    }

    private func shownSteps(_ steps: [JSON], _ depths: [Int]) -> JSON {
        let counts = steps.indices.map { step in depths.count { $0 > step } }
        var shown: [JSON] = []
        for (number, step) in steps.enumerated() {
            let previous = number == 0 ? counts[0] : counts[number - 1]
            func ratio(to whole: Int) -> JSON {
                whole == 0 ? .null : .number(Double(counts[number]) / Double(whole))
            }
            shown.append([
                "event": step["any"] == nil ? step["event"] ?? .null : .null,
                "count": .integer(Int64(counts[number])),
                "rate": ratio(to: counts[0]),
                "step_rate": ratio(to: previous),
                "drop_off": .integer(Int64(previous - counts[number])),
            ])
        }
        return .array(shown)
    }
}

/// What a funnel counts: a visitor, or one session.
private struct FunnelUnit: Hashable {
    let visitor: Text
    let session: Int?
}

/// An event that matches at least one step.
private struct FunnelCandidate {
    let index: Int
    let time: Int64
    let steps: Set<Int>
}

/// The exhaustive search over the chains of one visitor or session.
private struct FunnelSearch {
    let steps: Int
    let window: Int64
    let strict: Bool

    /// A chain's end: all that matters for how it may go on. Events before its last instant cannot be taken any more.
    private struct End: Hashable {
        let length: Int
        let time: Int64
        let usedAtTime: Set<Int>
    }

    /// The longest chain, counted in steps.
    ///
    /// - Parameter isStart: which events may be a chain's first.
    func depth(of candidates: [FunnelCandidate], isStart: (FunnelCandidate) -> Bool) -> Int {
        var best = 0
        for first in candidates where first.steps.contains(0) && isStart(first) {
            // Everything is compared by differences of event times, which cannot overflow as sums with the window
            // could.
            let reachable = candidates.filter { $0.time >= first.time && $0.time - first.time <= window }
            var visited: Set<End> = []
            var pending = [End(length: 1, time: first.time, usedAtTime: [first.index])]
            while let end = pending.popLast() {
                guard visited.insert(end).inserted else { continue }
                best = max(best, end.length)
                if best == steps { return best }
                for next in reachable where next.steps.contains(end.length) {
                    if next.time < end.time || (strict && next.time == end.time) { continue }
                    if end.usedAtTime.contains(next.index) { continue }
                    let used = next.time == end.time ? end.usedAtTime.union([next.index]) : [next.index]
                    pending.append(End(length: end.length + 1, time: next.time, usedAtTime: used))
                }
            }
        }
        return best
    }
}
