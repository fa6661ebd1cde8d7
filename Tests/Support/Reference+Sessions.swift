extension Reference {
    /// `sessions`: those with an event that passes the query, told as a whole.
    ///
    /// A session begins on the page of its first page view and ends on that of its last; of page views of one
    /// millisecond, the first in the order of bytes comes first. A session without a page view has no page, as has one
    /// whose page view has no value.
    func sessions(_ query: JSON) throws(ReferenceError) -> JSON {
        let dimension = query["by"]?.text ?? query["by"]?.array?.first?.text ?? "path"
        let matching = try matching(query, in: try span(query))
        let counted = Set(matching.map { sessions.ordinals[$0] })
        var entries: [Text?: (sessions: Int, bounces: Int)] = [:]
        var exits: [Text?: (sessions: Int, bounces: Int)] = [:]
        var pageviews = 0
        for session in counted {
            let views = events.indices.filter {
                sessions.ordinals[$0] == session && events[$0].name == Reference.pageView
            }
            .map { (time: events[$0].time, page: events[$0].dimensions[dimension]?.first?.text) }
            .sorted { $0.time != $1.time ? $0.time < $1.time : precedes([$0.page], [$1.page]) }
            pageviews += views.count
            let isBounce = sessions.sessions[session].isBounce
            entries[views.first?.page, default: (0, 0)].sessions += 1
            if isBounce { entries[views.first?.page, default: (0, 0)].bounces += 1 }
            exits[views.last?.page, default: (0, 0)].sessions += 1
        }
        var answer = try metrics(["sessions", "visitors", "bounce_rate", "session_duration"], over: matching)
        answer["bounces"] = .integer(Int64(counted.count { sessions.sessions[$0].isBounce }))
        answer["pageviews"] = .integer(Int64(pageviews))
        answer["pages_per_session"] =
            counted.isEmpty ? .null : .number(Double(pageviews) / Double(counted.count))
        let limit = Int(query["limit"]?.int ?? 10)
        answer["entry_pages"] = pages(entries, limit: limit, withBounces: true)
        answer["exit_pages"] = pages(exits, limit: limit, withBounces: false)
        return .object(answer)
    }

    private func pages(
        _ counts: [Text?: (sessions: Int, bounces: Int)], limit: Int, withBounces: Bool
    ) -> JSON {
        let ranked = counts.sorted { left, right in
            left.value.sessions != right.value.sessions
                ? left.value.sessions > right.value.sessions : precedes([left.key], [right.key])
        }
        let rows = ranked.prefix(limit).map { key, value -> JSON in
            var row: [String: JSON] = ["key": Reference.shown(key), "sessions": .integer(Int64(value.sessions))]
            if withBounces {
                row["bounces"] = .integer(Int64(value.bounces))
                row["bounce_rate"] = .number(Double(value.bounces) / Double(value.sessions))
            }
            return .object(row)
        }
        let rest = ranked.dropFirst(limit).map(\.value)
        var other: [String: JSON] = ["sessions": .integer(Int64(rest.reduce(0) { $0 + $1.sessions }))]
        if withBounces { other["bounces"] = .integer(Int64(rest.reduce(0) { $0 + $1.bounces })) }
        return ["rows": .array(rows), "other": .object(other), "distinct": .integer(Int64(ranked.count))]
    }
}
