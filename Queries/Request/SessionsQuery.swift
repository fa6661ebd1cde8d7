import Events

/// `sessions`: how many there are, how long and deep they are, and where they begin and end.
public struct SessionsQuery: Sendable, Equatable {
    /// What queries of every kind have.
    public var common: CommonQuery
    /// The dimension of a page view that says which page it is.
    public var by: Dimension
    /// How many entry and how many exit pages are shown.
    public var limit: Int

    public init(common: CommonQuery, by: Dimension = .field(.path), limit: Int = 10) {
        self.common = common
        self.by = by
        self.limit = limit
    }
}

extension SessionsQuery {
    /// The names that the query has beside the common ones.
    static let ownKeys = ["by", "limit"]

    init(_ reader: ObjectReader, common: CommonQuery) throws(QueryError) {
        self.init(common: common)
        by = try reader.dimensions("by", limit: 1)?.first ?? by
        limit = try reader.integer("limit", 1...QueryLimits.maxSeriesKeys) ?? limit
    }
}
