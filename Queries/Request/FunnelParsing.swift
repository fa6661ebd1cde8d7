extension FunnelQuery {
    /// - Parameter limits: what `limit` may be.
    init(
        _ reader: ObjectReader, common: CommonQuery, filters: inout FilterReader,
        limits: ClosedRange<Int> = 1...QueryLimits.maxSeriesKeys
    ) throws(QueryError) {
        self.init(common: common, steps: try Self.steps(reader, filters: &filters))
        windowMs = try reader.duration("window", minimum: 0) ?? windowMs
        strictIncrease = try reader.bool("strict_increase") ?? strictIncrease
        order = try reader.choice("order", Order.self) ?? order
        attempt = try reader.choice("attempt", Attempt.self) ?? attempt
        count = try reader.choice("count", Count.self) ?? count
        same = try reader.dimensions("same", limit: QueryLimits.maxGroupingDimensions) ?? same
        for element in try reader.list("exclude", limit: QueryLimits.maxSteps) ?? [] {
            exclude.append(
                try FunnelExclusion(element.value, path: element.path, steps: steps.count, filters: &filters))
        }
        by = try reader.dimensions("by", limit: QueryLimits.maxGroupingDimensions) ?? by
        attribution = try Attribution(reader, steps: steps.count)
        limit = try reader.integer("limit", limits) ?? limit
        interval = try reader.choice("interval", Interval.self)
        if let value = reader["time_to_convert"] { timeToConvert = try TimeToConvert(value, path: "time_to_convert") }
    }

    private static func steps(_ reader: ObjectReader, filters: inout FilterReader) throws(QueryError) -> [FunnelStep] {
        guard let value = reader["steps"] else {
            throw reader.missing("steps", "a funnel has 1 to \(QueryLimits.maxSteps) of them")
        }
        guard case .array(let elements) = value else { throw reader.wrongType("steps", value, "an array of steps") }
        guard !elements.isEmpty else {
            throw QueryError(
                .invalidQuery, "`steps` is empty; a funnel has 1 to \(QueryLimits.maxSteps) of them", field: "steps")
        }
        guard elements.count <= QueryLimits.maxSteps else {
            throw QueryError(
                .tooManySteps,
                "`steps` has \(elements.count) steps, more than the \(QueryLimits.maxSteps) there may be (limit maxSteps)",
                field: "steps")
        }
        var steps: [FunnelStep] = []
        for (index, element) in elements.enumerated() {
            steps.append(try FunnelStep(element, path: "steps[\(index)]", filters: &filters))
        }
        return steps
    }
}

extension FunnelQuery.Attribution {
    fileprivate init(_ reader: ObjectReader, steps: Int) throws(QueryError) {
        switch reader["attribution"] {
        case nil, .string("first"): self = .first
        case .string("last"): self = .last
        case .string:
            throw QueryError(
                .invalidQuery, "`attribution` is \"first\", \"last\" or the number of a step", field: "attribution")
        default: self = .step(try reader.step("attribution", of: steps) ?? 1)
        }
    }
}

extension FunnelStep {
    fileprivate init(_ value: JSONValue, path: String, filters: inout FilterReader) throws(QueryError) {
        if case .string = value {
            self.init(alternatives: [try StepMatch(value, path: path, filters: &filters)])
            return
        }
        let reader = try ObjectReader(
            value, path: path, what: "a step", known: ["event", "where", "any", "within", "optional"])
        if let any = reader["any"] {
            guard reader["event"] == nil, reader["where"] == nil else {
                throw QueryError(
                    .invalidQuery,
                    "`\(path)` has `any` beside `event` or `where`; put these into each of the alternatives",
                    field: path)
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
        } else {
            self.init(alternatives: [try StepMatch(reader, what: "a step", filters: &filters)])
        }
        withinMs = try reader.duration("within", minimum: 0)
        optional = try reader.bool("optional") ?? false
    }
}

extension StepMatch {
    init(_ value: JSONValue, path: String, filters: inout FilterReader) throws(QueryError) {
        if case .string(let name) = value {
            self.init(event: try Self.checked(name, path: path))
            return
        }
        let reader = try ObjectReader(value, path: path, what: "an alternative", known: ["event", "where"])
        try self.init(reader, what: "an alternative", filters: &filters)
    }

    /// Reads `event` and `where` of an object that may have other members too.
    init(_ reader: ObjectReader, what: String, filters: inout FilterReader) throws(QueryError) {
        self.init(event: nil)
        if let name = try reader.string("event") { event = try Self.checked(name, path: reader.path("event")) }
        if let value = reader["where"] { filter = try filters.filter(value, path: reader.path("where")) }
        guard event != nil || filter != nil else {
            throw QueryError(
                .invalidQuery, "`\(reader.path)`: \(what) needs an `event`, a `where`, or both", field: reader.path)
        }
    }

    private static func checked(_ name: String, path: String) throws(QueryError) -> String {
        guard (1...200).contains(name.utf8.count) else {
            throw QueryError(.invalidQuery, "`\(path)`: an event's name has 1 to 200 bytes", field: path)
        }
        return name
    }
}

extension FunnelExclusion {
    fileprivate init(
        _ value: JSONValue, path: String, steps: Int, filters: inout FilterReader
    ) throws(QueryError) {
        let reader = try ObjectReader(
            value, path: path, what: "an exclusion", known: ["event", "where", "after", "before", "policy"])
        match = try StepMatch(reader, what: "an exclusion", filters: &filters)
        after = try reader.step("after", of: steps) ?? 1
        before = try reader.step("before", of: steps) ?? steps
        policy = try reader.choice("policy", Policy.self) ?? .stop
        guard after < before else {
            throw QueryError(
                .invalidQuery, "`\(path)`: `after` (\(after)) is a step earlier than `before` (\(before))", field: path)
        }
    }
}

extension ObjectReader {
    /// The number of one of the funnel's steps, from 1.
    func step(_ key: String, of steps: Int) throws(QueryError) -> Int? {
        guard let number = try number(key) else { return nil }
        guard let step = Int(exactly: number), (1...steps).contains(step) else {
            throw QueryError(
                .invalidQuery, "`\(path(key))`: the funnel's steps have the numbers 1 to \(steps)", field: path(key))
        }
        return step
    }
}

extension TimeToConvert {
    fileprivate init(_ value: JSONValue, path: String) throws(QueryError) {
        let reader = try ObjectReader(value, path: path, what: "`time_to_convert`", known: ["percentiles", "bins"])
        percentiles = []
        for element in try reader.list("percentiles", limit: QueryLimits.maxMetrics) ?? [] {
            guard let percent = element.value.doubleValue, percent >= 0, percent <= 100 else {
                throw QueryError(
                    .invalidQuery, "`\(element.path)`: a percentile is a number from 0 to 100", field: element.path)
            }
            percentiles.append(percent)
        }
        bins = try reader.integer("bins", 0...1_000) ?? 0
    }
}
