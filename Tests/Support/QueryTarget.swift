/// Something that stores events and answers queries: the whole server, its core in this process, or a test's own.
///
/// A target begins empty and serves one site. Its methods are called one after the other.
public protocol QueryTarget {
    /// Stores events, one JSON object a line, as a backfill; they count when this returns.
    func load(_ ndjsonLines: [String]) async throws
    /// Seals what is in flight.
    func flush() async throws
    /// Ends and begins again with what is durable.
    func restart() async throws
    /// Answers a query of `/v1/query/KIND`.
    ///
    /// - Parameter json: the query, without a site.
    func query(_ kind: String, _ json: String) async throws -> String
}

/// The reference as a target, so that the comparison itself can be tested.
public final class ReferenceTarget: QueryTarget {
    private var lines: [String] = []

    /// Creates an empty one.
    public init() {}

    public func load(_ ndjsonLines: [String]) async throws {
        lines += ndjsonLines
    }

    public func flush() async throws {}

    public func restart() async throws {}

    public func query(_ kind: String, _ json: String) async throws -> String {
        try Reference(lines: lines).answer(kind, try JSON(parsing: json)).description
    }
}
