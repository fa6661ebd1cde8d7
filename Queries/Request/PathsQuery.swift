import Events

/// `paths`: what visitors do step by step after a start, or before an end, as nodes and links with counts.
public struct PathsQuery: Sendable, Equatable {
    /// Which event a path is laid from.
    public enum Anchor: Sendable, Equatable {
        /// From the first event of each session (or visitor).
        case beginning
        /// From the first event that matches, forwards.
        case start(EventMatch)
        /// From the last event that matches, backwards.
        case end(EventMatch)
    }

    /// What makes one path.
    public enum Count: String, CaseIterable, Sendable {
        case sessions
        case visitors
    }

    /// What queries of every kind have.
    public var common: CommonQuery
    /// Which event a path is laid from.
    public var anchor: Anchor
    /// The dimension whose values are the nodes.
    public var by: Dimension
    /// How many nodes a path has at most, that of the anchor among them.
    public var depth: Int
    /// How many nodes of each step are shown; the others are shown as one.
    public var limit: Int
    /// What makes one path.
    public var count: Count
    /// Whether the same value several times in a row is one node.
    public var collapse: Bool

    public init(
        common: CommonQuery, anchor: Anchor = .beginning, by: Dimension = .field(.path), depth: Int = 4,
        limit: Int = 10, count: Count = .sessions, collapse: Bool = true
    ) {
        self.common = common
        self.anchor = anchor
        self.by = by
        self.depth = depth
        self.limit = limit
        self.count = count
        self.collapse = collapse
    }

    /// Whether paths are laid backwards.
    var isBackwards: Bool {
        if case .end = anchor { true } else { false }
    }
}

extension PathsQuery {
    /// The names that the query has beside the common ones.
    static let ownKeys = ["start", "end", "by", "depth", "limit", "count", "collapse"]

    init(_ reader: ObjectReader, common: CommonQuery, filters: inout FilterReader) throws(QueryError) {
        self.init(common: common)
        if let start = try reader.match("start", what: "the start", filters: &filters) { anchor = .start(start) }
        if let end = try reader.match("end", what: "the end", filters: &filters) {
            guard anchor == .beginning else {
                throw QueryError(
                    .invalidQuery,
                    "`end`: paths are laid forwards from `start` or backwards from `end`; give one of them",
                    field: "end")
            }
            anchor = .end(end)
        }
        by = try reader.dimensions("by", limit: 1)?.first ?? by
        depth = try reader.integer("depth", 2...QueryLimits.maxPathDepth) ?? depth
        limit = try reader.integer("limit", 1...QueryLimits.maxSeriesKeys) ?? limit
        count = try reader.choice("count", Count.self) ?? count
        collapse = try reader.bool("collapse") ?? collapse
    }
}
