/// What an event must be like, as a funnel's steps say it: its name, a filter, both, or any of several such.
public struct EventMatch: Sendable, Equatable {
    /// At least one; an event matches when it matches any of them.
    public var alternatives: [StepMatch]

    public init(alternatives: [StepMatch]) {
        self.alternatives = alternatives
    }

    /// The match as a filter.
    var asFilter: Filter { .any(alternatives.map(\.asFilter)) }
}

extension EventMatch {
    /// Reads a name, or an object with `event`, `where`, both, or `any`. An empty `where` alone is any event.
    ///
    /// - Parameter what: what it is, for messages: `the start`.
    init(_ value: JSONValue, path: String, what: String, filters: inout FilterReader) throws(QueryError) {
        if case .string = value {
            self.init(alternatives: [try StepMatch(value, path: path, filters: &filters)])
            return
        }
        let reader = try ObjectReader(value, path: path, what: what, known: ["event", "where", "any"])
        guard let any = reader["any"] else {
            // No filters at all: any event, which a step of a funnel has no use for.
            if reader["event"] == nil, reader["where"] == .array([]) {
                self.init(alternatives: [StepMatch(event: nil, filter: .all([]))])
                return
            }
            self.init(alternatives: [try StepMatch(reader, what: what, filters: &filters)])
            return
        }
        guard reader["event"] == nil, reader["where"] == nil else {
            throw QueryError(
                .invalidQuery,
                "`\(path)` has `any` beside `event` or `where`; put these into each of the alternatives", field: path)
        }
        guard case .array = any, let elements = try reader.list("any", limit: QueryLimits.maxAlternatives),
            !elements.isEmpty
        else {
            throw QueryError(
                .invalidQuery,
                "`\(reader.path("any"))` is an array of 1 to \(QueryLimits.maxAlternatives) alternatives",
                field: reader.path("any"))
        }
        var alternatives: [StepMatch] = []
        for element in elements {
            alternatives.append(try StepMatch(element.value, path: element.path, filters: &filters))
        }
        self.init(alternatives: alternatives)
    }
}

extension ObjectReader {
    /// What an event must be like; `nil` when the query does not say.
    func match(_ key: String, what: String, filters: inout FilterReader) throws(QueryError) -> EventMatch? {
        guard let value = self[key] else { return nil }
        return try EventMatch(value, path: path(key), what: what, filters: &filters)
    }
}
