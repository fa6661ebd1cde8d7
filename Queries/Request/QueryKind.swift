/// The questions that can be asked.
public enum QueryKind: String, CaseIterable, Sendable {
    case aggregate
    case timeseries
    case top
    case funnel
    case funnelVisitors = "funnel/visitors"
    case retention
    case paths
    case sessions
    case events
    case values
    case schema

    /// Reads the kind from the path of a request.
    public init(path text: String) throws(QueryError) {
        if let kind = QueryKind(rawValue: text) {
            self = kind
            return
        }
        let known = QueryKind.allCases.map(\.rawValue)
        throw QueryError(
            .unknownKind,
            "There is no query of kind \(ShownText.quoted(text))\(NearestName.hint(for: text, among: known)). "
                + "There are \(known.joined(separator: ", "))")
    }
}

/// A query of any kind, read and checked.
///
/// Two queries are equal when they ask the same; but as text compares as `String` does, with differently composed
/// letters equal, a cache of answers must go by the bytes of the request instead.
public enum Query: Sendable, Equatable {
    case aggregate(AggregateQuery)
    case timeseries(TimeseriesQuery)
    case top(TopQuery)
    case funnel(FunnelQuery)
    case retention(RetentionQuery)
    case paths(PathsQuery)
    case sessions(SessionsQuery)
    case funnelVisitors(FunnelVisitorsQuery)
    case events(EventsQuery)
    case values(ValuesQuery)
    case schema(SchemaQuery)

    /// Which question it is.
    public var kind: QueryKind {
        switch self {
        case .aggregate: .aggregate
        case .timeseries: .timeseries
        case .top: .top
        case .funnel: .funnel
        case .retention: .retention
        case .paths: .paths
        case .sessions: .sessions
        case .funnelVisitors: .funnelVisitors
        case .events: .events
        case .values: .values
        case .schema: .schema
        }
    }

    /// What all kinds have in common.
    public var common: CommonQuery {
        switch self {
        case .aggregate(let query): query.common
        case .timeseries(let query): query.common
        case .top(let query): query.common
        case .funnel(let query): query.common
        case .retention(let query): query.common
        case .paths(let query): query.common
        case .sessions(let query): query.common
        case .funnelVisitors(let query): query.funnel.common
        case .events(let query): query.common
        case .values(let query): query.common
        case .schema(let query): query.common
        }
    }
}
