/// The naive evaluator: what every query must answer over a handful of events, computed in the most obvious way.
///
/// It has nothing in common with the store: no columns, no runs, no roll-ups, no shared code. Its speed does not
/// matter.
///
/// Where the contract leaves room, it decides so:
/// - the sum of nothing is 0; mean, extremes and percentiles of nothing are null, as is a ratio to nothing;
/// - percentiles interpolate linearly between closest ranks, rank = p / 100 · (n − 1);
/// - `all` is from the site's first event to its last;
/// - a visitor stands in a funnel's row by one chain: the longest, of those the fastest, of those the first, of those
///   the one whose events come earliest; of events that are equal in all of this, the one with the least value.
public struct Reference: Sendable {
    /// The name that makes an event a page view.
    static let pageView = Text("page_view")

    /// The stored events in the order of arrival, the second of two with one id left out.
    public let events: [ReferenceEvent]
    let sessions: ReferenceSessions

    /// Takes events in the order they arrive.
    public init(_ arriving: [ReferenceEvent]) {
        var seen: Set<Text> = []
        events = arriving.filter { $0.id.map { seen.insert($0).inserted } ?? true }
        sessions = ReferenceSessions(events)
    }

    /// Takes events as JSON lines.
    ///
    /// - Throws: when a line is no valid event.
    public init(lines: [String]) throws {
        self.init(
            try lines.map { line in
                guard let event = ReferenceEvent(try JSON(parsing: line)) else {
                    throw ReferenceError("a line that is no event: \(line)")
                }
                return event
            })
    }

    /// The expected answer, without `meta`.
    ///
    /// - Complexity: as bad as it needs to be.
    public func answer(_ kind: String, _ query: JSON) throws(ReferenceError) -> JSON {
        switch kind {
        case "aggregate": try aggregate(query)
        case "timeseries": try timeseries(query)
        case "top": try top(query)
        case "funnel": try funnel(query)
        case "retention": try retention(query)
        case "paths": try paths(query)
        case "sessions": try sessions(query)
        case "funnel/visitors": try funnelVisitors(query)
        case "events": try rawEvents(query)
        case "values": try values(query)
        case "schema": try schema(query)
        default: throw ReferenceError("an unknown kind \(kind)")
        }
    }

    /// How an answer differs from the expected one, one difference a line; empty when it does not.
    public func disagreement(_ kind: String, _ query: JSON, answer: JSON) throws(ReferenceError) -> [String] {
        if kind == "events" { return try rawEventsDisagreement(query, answer: answer) }
        let expected = try self.answer(kind, query)
        if kind == "schema" {
            return JSONDifference.describe(expected: expected, actual: Reference.comparableSchema(answer))
        }
        return JSONDifference.describe(expected: expected, actual: answer)
    }
}

// MARK: - What all kinds share

/// A half-open span of time, Unix milliseconds.
struct ReferenceSpan {
    var from: Int64
    var to: Int64
}

extension Reference {
    /// The query's range; `nil` for all of a site without events.
    func span(_ query: JSON) throws(ReferenceError) -> ReferenceSpan? {
        guard let range = query["range"], range.text != "all" else {
            guard let first = events.map(\.time).min(), let last = events.map(\.time).max() else { return nil }
            return ReferenceSpan(from: first, to: last + 1)
        }
        guard let from = Reference.milliseconds(range["from"]), let to = Reference.milliseconds(range["to"]) else {
            throw ReferenceError("a range that is neither absolute nor all: \(range)")
        }
        return ReferenceSpan(from: from, to: to)
    }

    private static func milliseconds(_ json: JSON?) -> Int64? {
        json?.int ?? json?.text.flatMap(Instant.init(parsing:))?.milliseconds
    }

    /// A duration, milliseconds.
    static func duration(_ json: JSON?) throws(ReferenceError) -> Int64 {
        if let milliseconds = json?.int { return milliseconds }
        let units: [Character: Int64] = ["s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let text = json?.text, let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast())
        else { throw ReferenceError("no duration: \(json?.description ?? "nothing")") }
        return count * unit
    }

    /// Indices of the events in the range that pass the query's filter, in order of arrival.
    func matching(_ query: JSON, in span: ReferenceSpan?) throws(ReferenceError) -> [Int] {
        guard let span else { return [] }
        let filter = ReferenceFilter(json: query["where"] ?? [])
        var found: [Int] = []
        for (index, event) in events.enumerated() where event.time >= span.from && event.time < span.to {
            if try filter.holds(event) { found.append(index) }
        }
        return found
    }

    func calendar(_ query: JSON) throws(ReferenceError) -> ReferenceCalendar {
        let name = query["timezone"]?.text ?? "UTC"
        guard let calendar = ReferenceCalendar(name: name) else { throw ReferenceError("no time zone \(name)") }
        return calendar
    }

    func metricNames(_ query: JSON) -> [String] {
        query["metrics"]?.array?.compactMap(\.text) ?? ["events", "visitors"]
    }

    /// The texts an event has in a dimension, a missing one counting as one null.
    func keys(_ dimension: String, of index: Int) -> [Text?] {
        let texts = events[index].texts(dimension)
        return texts.isEmpty ? [nil] : texts
    }

    /// A key as an answer shows it.
    static func shown(_ key: Text?) -> JSON {
        key.map { .string($0.string) } ?? .null
    }
}
