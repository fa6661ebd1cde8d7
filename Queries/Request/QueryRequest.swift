/// A query with its own bytes, by which answers are remembered.
public struct QueryRequest: Sendable {
    /// The query, read and checked.
    public let query: Query
    /// The kind and the query as JSON without white space. Equal keys are equal queries, byte by byte; queries that
    /// differ in the order of their members have different keys.
    public let key: [UInt8]

    /// Reads a query from the JSON of a request.
    ///
    /// - Parameters:
    ///   - kind: the last part of the request's path, such as `top`.
    ///   - json: the body; empty is the same as `{}`.
    ///   - site: the site of a query that names none; `nil` for `default`.
    /// - Throws: what is wrong, with the place in the JSON.
    /// - Complexity: O(bytes).
    public init(kind: String, json: [UInt8], site: String? = nil) throws(QueryError) {
        try self.init(try QueryKind(path: kind), value: try Query.value(of: json), site: site)
    }

    /// Reads a query from the parameters of a GET request, see ``Query/parse(kind:parameters:)``.
    public init(kind: String, parameters: [(String, String)], site: String? = nil) throws(QueryError) {
        try self.init(try QueryKind(path: kind), value: try QueryParameters.value(of: parameters), site: site)
    }

    init(_ kind: QueryKind, value: JSONValue, site: String? = nil) throws(QueryError) {
        let value = Self.naming(site, in: value)
        query = try Query.parse(kind: kind, value: value)
        var writer = JSONWriter(reserving: 256)
        writer.value(.string(kind.rawValue))
        writer.value(value)
        key = writer.bytes
    }

    /// The query with the site that it does not name itself.
    private static func naming(_ site: String?, in value: JSONValue) -> JSONValue {
        guard let site, case .object(let members) = value else { return value }
        switch value["site"] {
        case nil, .null?: return .object(members.filter { $0.key != "site" } + [(key: "site", value: .string(site))])
        default: return value
        }
    }
}
