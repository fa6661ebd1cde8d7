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
    /// - Throws: what is wrong, with the place in the JSON.
    /// - Complexity: O(bytes).
    public init(kind: String, json: [UInt8]) throws(QueryError) {
        try self.init(try QueryKind(path: kind), value: try Query.value(of: json))
    }

    /// Reads a query from the parameters of a GET request, see ``Query/parse(kind:parameters:)``.
    public init(kind: String, parameters: [(String, String)]) throws(QueryError) {
        try self.init(try QueryKind(path: kind), value: try QueryParameters.value(of: parameters))
    }

    init(_ kind: QueryKind, value: JSONValue) throws(QueryError) {
        query = try Query.parse(kind: kind, value: value)
        var writer = JSONWriter(reserving: 256)
        writer.value(.string(kind.rawValue))
        writer.value(value)
        key = writer.bytes
    }
}
