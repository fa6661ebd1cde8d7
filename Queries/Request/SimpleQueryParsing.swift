import Events

extension AggregateQuery {
    init(_ reader: ObjectReader, common: CommonQuery) throws(QueryError) {
        self.init(common: common)
        metrics = try reader.metrics("metrics") ?? metrics
        if let compare = try reader.string("compare") {
            guard compare == "previous" else {
                throw QueryError(
                    .invalidQuery,
                    "`compare`: \(ShownText.quoted(compare)) is not known. There is \"previous\", "
                        + "the range of equal length just before", field: "compare")
            }
            comparePrevious = true
        }
    }
}

extension TimeseriesQuery {
    init(_ reader: ObjectReader, common: CommonQuery) throws(QueryError) {
        self.init(common: common)
        metrics = try reader.metrics("metrics") ?? metrics
        interval = try reader.choice("interval", Interval.self) ?? interval
        by = try reader.dimensions("by", limit: 1)?.first
        limit = try reader.integer("limit", 1...QueryLimits.maxSeriesKeys, named: "maxSeriesKeys") ?? limit
    }
}

extension TopQuery {
    init(_ reader: ObjectReader, common: CommonQuery) throws(QueryError) {
        guard let by = try reader.dimensions("by", limit: QueryLimits.maxGroupingDimensions) else {
            throw reader.missing("by", "it names the dimension, or the dimensions, whose values are ranked")
        }
        self.init(common: common, by: by)
        metrics = try reader.metrics("metrics") ?? metrics
        orderBy = metrics.first ?? .events
        if let text = try reader.string("order_by") {
            let metric = try Metric(text, path: "order_by")
            guard metrics.contains(metric) else {
                let names = metrics.map(\.name).joined(separator: ", ")
                throw QueryError(
                    .invalidQuery,
                    "`order_by`: rows can be ordered by one of `metrics` (\(names)); add `\(metric.name)` to these",
                    field: "order_by")
            }
            orderBy = metric
        }
        descending = try reader.choice("order", Direction.self) != .ascending
        limit = try reader.integer("limit", 1...QueryLimits.maxTopRows, named: "maxTopRows") ?? limit
        offset = try reader.integer("offset", 0...QueryLimits.maxOffset, named: "maxOffset") ?? offset
        for element in try reader.list("having", limit: QueryLimits.maxHaving, named: "maxHaving") ?? [] {
            having.append(try Having(element.value, path: element.path))
        }
        other = try reader.bool("other") ?? other
        seriesInterval = try reader.choice("series", Interval.self)
        approximate = try reader.bool("approximate") ?? approximate
    }

    private enum Direction: String, CaseIterable {
        case ascending = "asc"
        case descending = "desc"
    }
}

extension Having {
    init(_ value: JSONValue, path: String) throws(QueryError) {
        let reader = try ObjectReader(value, path: path, what: "a condition", known: ["metric", "op", "value"])
        guard let name = try reader.string("metric") else {
            throw reader.missing("metric", "it names what is compared")
        }
        guard let number = try reader.number("value") else {
            throw reader.missing("value", "it is the number to compare with")
        }
        guard let op = try reader.choice("op", Op.self) else {
            throw reader.missing("op", "there are \(Op.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.init(metric: try Metric(name, path: reader.path("metric")), op: op, value: number)
    }
}

extension EventsQuery {
    init(_ reader: ObjectReader, common: CommonQuery) throws(QueryError) {
        self.init(common: common)
        limit = try reader.integer("limit", 1...QueryLimits.maxEvents, named: "maxEvents") ?? limit
        cursor = try reader.string("cursor")
        if let cursor, cursor.isEmpty || cursor.utf8.count > QueryLimits.maxCursorBytes {
            throw QueryError(
                .invalidCursor, "`cursor` is not one that an answer gave; leave it out to begin with the newest",
                field: "cursor")
        }
        columns = try reader.dimensions("columns", limit: 256)
    }
}

extension ValuesQuery {
    init(_ reader: ObjectReader, common: CommonQuery) throws(QueryError) {
        guard let dimension = try reader.dimension("dim") else {
            throw reader.missing("dim", "it names the dimension whose values are suggested")
        }
        guard dimension != .field(.time) else {
            throw QueryError(.invalidQuery, "`dim`: there are no suggestions for `time`", field: "dim")
        }
        self.init(common: common, dimension: dimension)
        prefix = try reader.string("prefix") ?? prefix
        limit = try reader.integer("limit", 1...QueryLimits.maxValues, named: "maxValues") ?? limit
    }
}
