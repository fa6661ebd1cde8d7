import Foundation

extension Reference {
    /// `retention`, cohort by cohort and visitor by visitor.
    ///
    /// - A visitor belongs to the cohort of the interval of their first start in the range (`first`), or to that of
    ///   every interval with a start (`every`).
    /// - They came back in an interval if a return lies in it (`on`), or in it or later (`on_or_after`), that is not
    ///   earlier than their first start in the cohort's interval; the start itself may be it.
    /// - Intervals that begin after the range's end, or after now and the last event, are null; `complete` counts those
    ///   that end before it.
    func retention(_ query: JSON) throws(ReferenceError) -> JSON {
        guard let span = try span(query) else { return ["rows": []] }
        let calendar = try calendar(query)
        let interval = query["interval"]?.text ?? "day"
        let count = Int(query["intervals"]?.int ?? 8)
        var starts: [Text: [Int64]] = [:]
        var returns: [Text: [Int64]] = [:]
        for index in try matching(query, in: span) {
            let event = events[index]
            if try matches(query["start"] ?? .null, event) { starts[event.visitor, default: []].append(event.time) }
            if try matches(query["return"] ?? .null, event) { returns[event.visitor, default: []].append(event.time) }
        }
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let known = max(now, events.map(\.time).max() ?? now) + 1
        let isAll = query["range"] == nil || query["range"]?.text == "all"
        let end = isAll ? known : min(span.to, known)

        var rows: [JSON] = []
        var start = calendar.start(of: interval, containing: span.from)
        while start < span.to, start < end {
            let next = calendar.next(after: start, interval: interval)
            var members: [Text: Int64] = [:]
            for (visitor, times) in starts {
                let own = times.filter { $0 >= start && $0 < next }.min()
                let isFirst = own == times.min()
                if let own, isFirst || query["cohorts"]?.text == "every" { members[visitor] = own }
            }
            var returned: [JSON] = []
            var complete = 0
            var from = start
            for _ in 0..<count {
                let to = calendar.next(after: from, interval: interval)
                if to <= end { complete += 1 }
                let back = members.count { visitor, own in
                    (returns[visitor] ?? []).contains { time in
                        time >= own && time >= from && (time < to || query["mode"]?.text == "on_or_after")
                    }
                }
                returned.append(from < end ? .integer(Int64(back)) : .null)
                from = to
            }
            rows.append([
                "cohort": .string(String(calendar.instant(start).text.prefix(10))),
                "size": .integer(Int64(members.count)),
                "returned": .array(returned),
                "complete": .integer(Int64(complete)),
            ])
            start = next
        }
        return ["rows": .array(rows)]
    }

    /// Whether an event is what a match says: a name, a filter, both, or any of several.
    func matches(_ match: JSON, _ event: ReferenceEvent) throws(ReferenceError) -> Bool {
        if let alternatives = match["any"]?.array {
            for alternative in alternatives where try matches(alternative, event) { return true }
            return false
        }
        guard match["event"] != nil || match["where"] != nil || match.text != nil else {
            throw ReferenceError("no match: \(match)")
        }
        if let name = match.text ?? match["event"]?.text, event.name != Text(name) { return false }
        return try ReferenceFilter(json: match["where"] ?? []).holds(event)
    }
}
