extension Query {
    /// Reads a query from the JSON of a request.
    ///
    /// - Parameters:
    ///   - kind: The last part of the request's path, such as `top`.
    ///   - json: The body; empty is the same as `{}`.
    /// - Throws: What is wrong, with the place in the JSON.
    /// - Complexity: O(bytes).
    public static func parse(kind: String, json: [UInt8]) throws(QueryError) -> Query {
        try parse(kind: try QueryKind(path: kind), value: try value(of: json))
    }

    /// The JSON of a request's body; an empty body is the same as `{}`.
    static func value(of json: [UInt8]) throws(QueryError) -> JSONValue {
        guard json.count <= QueryLimits.maxQueryBytes else {
            throw QueryError(
                .limitExceeded,
                "The query has \(json.count) bytes, more than the \(QueryLimits.maxQueryBytes) there may be "
                    + "(limit maxQueryBytes)")
        }
        let isBlank = json.allSatisfy { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        return isBlank ? .object([]) : try JSONText.parse(json, what: "The query", field: nil)
    }

    /// Reads a query from the parameters of a GET request, percent-decoded, in any order.
    ///
    /// They are the members of the JSON: lists with commas between, or as JSON text; `event=NAME` is short for a
    /// filter, and `q` holds a whole query instead of all the others.
    public static func parse(kind: String, parameters: [(String, String)]) throws(QueryError) -> Query {
        let kind = try QueryKind(path: kind)
        return try parse(kind: kind, value: QueryParameters.value(of: parameters))
    }

    /// Reads a query from JSON that has been parsed.
    static func parse(kind: QueryKind, value: JSONValue) throws(QueryError) -> Query {
        let known = CommonQuery.knownKeys + kind.ownKeys
        let article = kind == .aggregate || kind == .events ? "an" : "a"
        let reader = try ObjectReader(value, path: "", what: "\(article) \(kind.rawValue) query", known: known)
        var filters = FilterReader()
        let common = try CommonQuery(reader, filters: &filters)
        switch kind {
        case .aggregate: return .aggregate(try AggregateQuery(reader, common: common))
        case .timeseries: return .timeseries(try TimeseriesQuery(reader, common: common))
        case .top: return .top(try TopQuery(reader, common: common))
        case .funnel:
            let funnel = try FunnelQuery(reader, common: common, filters: &filters)
            try funnel.requirePossible()
            return .funnel(funnel)
        case .retention: return .retention(try RetentionQuery(reader, common: common, filters: &filters))
        case .paths: return .paths(try PathsQuery(reader, common: common, filters: &filters))
        case .sessions: return .sessions(try SessionsQuery(reader, common: common))
        case .funnelVisitors:
            return .funnelVisitors(try FunnelVisitorsQuery(reader, common: common, filters: &filters))
        case .events: return .events(try EventsQuery(reader, common: common))
        case .values: return .values(try ValuesQuery(reader, common: common))
        case .schema: return .schema(SchemaQuery(common: common))
        }
    }
}

extension QueryKind {
    /// The names a query of this kind has beside the common ones.
    var ownKeys: [String] {
        switch self {
        case .aggregate: ["metrics", "compare"]
        case .timeseries: ["metrics", "interval", "by", "limit"]
        case .top:
            ["by", "metrics", "order_by", "order", "limit", "offset", "having", "other", "series", "approximate"]
        case .funnel: QueryKind.funnelKeys
        case .funnelVisitors: QueryKind.funnelKeys + ["step", "outcome", "cursor"]
        case .retention: RetentionQuery.ownKeys
        case .paths: PathsQuery.ownKeys
        case .sessions: SessionsQuery.ownKeys
        case .events: ["limit", "cursor", "columns"]
        case .values: ["dim", "prefix", "limit"]
        case .schema: []
        }
    }
}

extension QueryKind {
    private static let funnelKeys = [
        "steps", "window", "strict_increase", "order", "attempt", "count", "same", "exclude", "by", "attribution",
        "limit", "interval", "time_to_convert",
    ]
}

/// Reads JSON text inside a query.
enum JSONText {
    static func parse(_ bytes: [UInt8], what: String, field: String?) throws(QueryError) -> JSONValue {
        do {
            return try JSONParser.parse(bytes, maxBytes: QueryLimits.maxQueryBytes)
        } catch {
            throw QueryError(
                .invalidJSON, "\(what) is not valid JSON. \(error.detail) (at byte \(error.position))", field: field)
        }
    }
}
