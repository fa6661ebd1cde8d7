/// A query whose answer is wanted again whenever it changes.
public struct LiveQuery: Sendable {
    /// What is asked.
    public let request: QueryRequest
    /// The least time between two answers, milliseconds.
    public let everyMs: Int64

    /// Time between two answers where the query says nothing.
    public static let defaultEveryMs: Int64 = 1_000
    /// The least and the most that `every` may be.
    public static let everyLimits: ClosedRange<Int64> = 100...3_600_000

    /// Equal keys are the same live query.
    public var key: [UInt8] { request.key + "\(everyMs)".utf8 }

    /// Reads a live query from the parameters of a GET request: those of a query, and `every`, a duration, beside them
    /// or in `q`.
    ///
    /// - Parameter site: the site of a query that names none; `nil` for `default`.
    public init(kind: String, parameters: [(String, String)], site: String? = nil) throws(QueryError) {
        let kind = try QueryKind(path: kind)
        var rest: [(String, String)] = []
        var every: JSONValue?
        for parameter in parameters {
            if parameter.0 == "every", every == nil {
                every = .string(parameter.1)
            } else {
                rest.append(parameter)
            }
        }
        var value = try QueryParameters.value(of: rest)
        if case .object(var members) = value,
            let index = members.firstIndex(where: { $0.key.utf8.elementsEqual("every".utf8) })
        {
            guard every == nil else {
                throw QueryError(
                    .invalidQuery, "`every` stands both in `q` and beside it; write one of them", field: "every")
            }
            every = members.remove(at: index).value
            value = .object(members)
        }
        everyMs = try every.map { (every) throws(QueryError) in try Self.duration(every) } ?? Self.defaultEveryMs
        request = try QueryRequest(kind, value: value, site: site)
    }

    private static func duration(_ value: JSONValue) throws(QueryError) -> Int64 {
        let reader = try ObjectReader(.object([("every", value)]), path: "", what: "a live query", known: ["every"])
        let duration = try reader.duration("every", minimum: everyLimits.lowerBound) ?? defaultEveryMs
        guard duration <= everyLimits.upperBound else {
            throw QueryError(
                .invalidDuration,
                "`every` is \(duration) ms; it may be from \(everyLimits.lowerBound) to \(everyLimits.upperBound) ms",
                field: "every")
        }
        return duration
    }
}
