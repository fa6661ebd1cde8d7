import Foundation

extension Reference {
    /// `funnel`, by looking at every chain there is.
    func funnel(_ query: JSON) throws(ReferenceError) -> JSON {
        let span = try span(query)
        let board = FunnelBoard(steps: query["steps"]?.array ?? [], times: query["time_to_convert"])
        let results = try funnelResults(query, span)
        var answer: [String: JSON] = ["steps": board.steps(results)]
        let by = dimensions(query["by"])
        let intervals = try query["interval"].map { (name) throws(ReferenceError) in
            try intervalStarts(query, name.text ?? "day", span)
        }
        if !by.isEmpty {
            let ranked = rankedKeys(results)
            let limit = Int(query["limit"]?.int ?? 10)
            let shown = Array(ranked.prefix(limit))
            if let intervals {
                answer["rows"] = .array(
                    intervals.flatMap { interval -> [JSON] in
                        shown.map { key -> JSON in
                            var row = interval.members
                            row["key"] = FunnelBoard.key(key)
                            row["steps"] = board.steps(interval.own(results).filter { $0.keys.contains(key) })
                            return .object(row)
                        }
                    })
                answer["other"] = .array(
                    intervals.map { interval -> JSON in
                        var row = interval.members
                        row["steps"] = board.others(interval.own(results), shown)
                        return .object(row)
                    })
            } else {
                answer["rows"] = .array(
                    shown.map { key -> JSON in
                        let own = results.filter { $0.interval == nil && $0.keys.contains(key) }
                        return ["key": FunnelBoard.key(key), "steps": board.steps(own)]
                    })
                answer["other"] = ["steps": board.others(results.filter { $0.interval == nil }, shown)]
            }
        } else if let intervals {
            answer["rows"] = .array(
                intervals.map { interval -> JSON in
                    var row = interval.members
                    row["steps"] = board.steps(interval.own(results))
                    return .object(row)
                })
        }
        if let bins = query["time_to_convert"]?["bins"]?.int, bins > 0 {
            answer["histogram"] = board.histogram(results, bins: bins)
        }
        return .object(answer)
    }

    /// `funnel/visitors`.
    func funnelVisitors(_ query: JSON) throws(ReferenceError) -> JSON {
        var funnel = query
        for name in ["by", "interval", "time_to_convert"] { funnel[name] = nil }
        let board = FunnelBoard(steps: query["steps"]?.array ?? [], times: nil)
        let step = Int(query["step"]?.int ?? 1) - 1
        var counts: [Text: Int] = [:]
        for result in try funnelResults(funnel, try span(query)) {
            let before = board.before(step)
            let isMeant =
                query["outcome"]?.text == "dropped"
                ? before.map { result.reached.contains($0) && !result.reached.contains(step) } ?? false
                : result.reached.contains(step)
            if isMeant { counts[result.visitor, default: 0] += 1 }
        }
        let ranked = counts.sorted { $0.key < $1.key }
        return [
            "visitors": .array(
                ranked.prefix(Int(query["limit"]?.int ?? 100)).map {
                    ["visitor": .string($0.key.string), "count": .integer(Int64($0.value))]
                }),
            "total": .integer(Int64(ranked.count)),
        ]
    }

    /// Keys by the number of those that took the first step, descending, then by bytes.
    private func rankedKeys(_ results: [FunnelResult]) -> [[Text?]] {
        var counts: [[Text?]: Int] = [:]
        for result in results where result.interval == nil {
            for key in result.keys { counts[key, default: 0] += 1 }
        }
        return counts.sorted { $0.value != $1.value ? $0.value > $1.value : precedes($0.key, $1.key) }.map(\.key)
    }

    func dimensions(_ json: JSON?) -> [String] {
        json?.array?.compactMap(\.text) ?? json?.text.map { [$0] } ?? []
    }

    /// The intervals of a query's range.
    private func intervalStarts(
        _ query: JSON, _ interval: String, _ span: ReferenceSpan?
    ) throws(ReferenceError) -> [FunnelInterval] {
        guard let span else { return [] }
        let calendar = try calendar(query)
        let window = try Reference.duration(query["window"] ?? "7d")
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        // The range `all` goes on to now.
        let isAll = query["range"] == nil || query["range"]?.text == "all"
        let horizon = (isAll ? max(now, span.to - 1) : min(span.to - 1, now))
        var intervals: [FunnelInterval] = []
        var start = calendar.start(of: interval, containing: span.from)
        while start < span.to {
            let end = calendar.next(after: start, interval: interval)
            let lastStart = (isAll ? end : min(end, span.to)) - 1
            intervals.append(
                FunnelInterval(
                    start: start, end: end,
                    members: [
                        "time": .string(calendar.instant(start).text),
                        "incomplete": .bool(min(horizon, isAll ? now : horizon) - lastStart < window),
                    ]))
            start = end
        }
        return intervals
    }

    // MARK: What is counted

    /// What each visitor, session or attempt has come to, overall and in each interval.
    private func funnelResults(_ query: JSON, _ span: ReferenceSpan?) throws(ReferenceError) -> [FunnelResult] {
        let rules = try FunnelRules(query)
        let intervals = try query["interval"].map { (name) throws(ReferenceError) in
            try intervalStarts(query, name.text ?? "day", span)
        }
        let bySession = query["count"]?.text == "sessions"
        var units: [FunnelUnit: [FunnelCandidate]] = [:]
        for index in try matching(query, in: span) {
            let event = events[index]
            let candidate = FunnelCandidate(
                index: index, time: event.time, takes: try rules.steps(event), repeats: try rules.steps(event),
                excludes: try rules.exclusions(event), values: values(rules.same, of: index),
                keys: values(dimensions(query["by"]), of: index, missing: true))
            let unit = FunnelUnit(visitor: event.visitor, session: bySession ? sessions.ordinals[index] : nil)
            units[unit, default: []].append(candidate)
        }
        var results: [FunnelResult] = []
        for (unit, candidates) in units {
            let events = candidates.sorted { ($0.time, $0.index) < ($1.time, $1.index) }
            results += FunnelCounting(rules: rules, events: events, visitor: unit.visitor).results(intervals)
        }
        return results
    }

    /// Every combination of an event's values in some dimensions.
    private func values(_ dimensions: [String], of index: Int, missing: Bool = false) -> [[Text?]] {
        guard !dimensions.isEmpty else { return [] }
        var combinations: [[Text?]] = [[]]
        for dimension in dimensions {
            let texts: [Text?] = missing ? keys(dimension, of: index) : events[index].texts(dimension)
            combinations = combinations.flatMap { begun in texts.map { begun + [$0] } }
        }
        return combinations
    }
}

/// An interval of the answer.
struct FunnelInterval {
    let start: Int64
    let end: Int64
    let members: [String: JSON]

    func own(_ results: [FunnelResult]) -> [FunnelResult] { results.filter { $0.interval == start } }
}

/// What a funnel counts: a visitor, or one session.
private struct FunnelUnit: Hashable {
    let visitor: Text
    let session: Int?
}

/// What one unit has come to.
struct FunnelResult {
    let visitor: Text
    /// The start of the interval that it is about; `nil` for all of the range.
    let interval: Int64?
    /// Steps reached, optional ones among them, by their place in the query.
    var reached: Set<Int> = []
    /// Time from the step before, by step.
    var times: [Int: Int64] = [:]
    /// From first to last step, of those who reached it.
    var conversion: Int64?
    /// Values of `by`.
    var keys: [[Text?]] = []
}

/// Turns results into the steps of an answer.
struct FunnelBoard {
    let steps: [JSON]
    let times: JSON?

    /// The last step before one that is not optional.
    func before(_ step: Int) -> Int? {
        steps.indices.last { $0 < step && steps[$0]["optional"]?.bool != true }
    }

    static func key(_ key: [Text?]) -> JSON {
        key.count == 1 ? Reference.shown(key[0]) : .array(key.map(Reference.shown))
    }

    /// What is not shown: every result once for each of its keys that is not.
    func others(_ results: [FunnelResult], _ shown: [[Text?]]) -> JSON {
        steps(all: results.flatMap { result in result.keys.filter { !shown.contains($0) }.map { _ in result } })
    }

    func steps(_ results: [FunnelResult]) -> JSON {
        let overall = results.contains { $0.interval == nil }
        return steps(all: overall ? results.filter { $0.interval == nil } : results)
    }

    private func steps(all results: [FunnelResult]) -> JSON {
        let counts = steps.indices.map { step in results.count { $0.reached.contains(step) } }
        return .array(
            steps.indices.map { number -> JSON in
                let step = steps[number]
                let previous = before(number).map { counts[$0] } ?? counts[0]
                func ratio(to whole: Int) -> JSON {
                    whole == 0 ? .null : .number(Double(counts[number]) / Double(whole))
                }
                var shown: [String: JSON] = [
                    "event": step["any"] == nil ? step["event"] ?? .null : .null,
                    "count": .integer(Int64(counts[number])),
                    "rate": ratio(to: counts[0]),
                    "step_rate": ratio(to: previous),
                    "drop_off": .integer(Int64(previous - counts[number])),
                    "avg_ms": .null,
                ]
                if step["optional"]?.bool == true { shown["optional"] = .bool(true) }
                if let times {
                    let own = results.compactMap { $0.times[number] }.sorted()
                    if !own.isEmpty { shown["avg_ms"] = .number(Double(own.reduce(0, +)) / Double(own.count)) }
                    var percentiles: [String: JSON] = [:]
                    for percent in (times["percentiles"]?.array ?? []).compactMap(\.double) {
                        percentiles[ReferenceEvent.canonical(percent)] = FunnelBoard.percentile(percent, own)
                    }
                    shown["percentiles_ms"] = .object(percentiles)
                }
                return .object(shown)
            })
    }

    private static func percentile(_ percent: Double, _ ascending: [Int64]) -> JSON {
        guard !ascending.isEmpty else { return .null }
        let rank = percent / 100 * Double(ascending.count - 1)
        let lower = Int(rank.rounded(.down))
        let upper = min(lower + 1, ascending.count - 1)
        let (one, other) = (Double(ascending[lower]), Double(ascending[upper]))
        return .number(one + (other - one) * (rank - Double(lower)))
    }

    func histogram(_ results: [FunnelResult], bins: Int64) -> JSON {
        let times = results.filter { $0.interval == nil }.compactMap(\.conversion)
        guard let least = times.min(), let most = times.max() else { return [] }
        var width: Int64 = 1
        while least + width * bins <= most { width += max(1, (most - least - width * bins) / bins) }
        return .array(
            (0..<bins).map { bin -> JSON in
                let from = least + bin * width
                return [
                    "from_ms": .integer(from), "to_ms": .integer(from + width),
                    "count": .integer(Int64(times.count { $0 >= from && $0 < from + width })),
                ]
            })
    }
}
