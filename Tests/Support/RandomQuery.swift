/// A random query over a ``RandomStream``.
public struct RandomQuery: Sendable {
    /// The query's kind.
    public let kind: String
    /// The query itself, without a site.
    public let json: JSON

    private static let metrics = [
        "events", "visitors", "sessions", "pageviews", "sum:value", "avg:value", "min:value", "max:value", "p50:value",
        "p95:value", "events_per_visitor", "bounce_rate", "session_duration", "sum:props.n",
    ]
    /// Metrics whose equality does not hang on how a fraction is rounded.
    private static let orders = [
        "events", "visitors", "sessions", "pageviews", "sum:value", "avg:value", "min:value", "max:value",
        "bounce_rate",
    ]
    static let keys = [
        "country", "path", "event", "host", "visitor", "props.plan", "props.tags", "props.n", "props.flag",
        "props.cart.size", "referrer_host", "utm_source", "session", "title", "props.never",
    ]
    private static let zones = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"]

    /// The kinds that are drawn, each as often as it stands here.
    public static let kinds = [
        "aggregate", "timeseries", "top", "top", "funnel", "funnel", "funnel", "funnel/visitors", "retention",
        "retention", "paths", "paths", "sessions", "events", "values", "schema",
    ]

    /// Makes a query; equal seeds and streams make equal queries.
    ///
    /// - Parameter kinds: which kinds may come.
    public init(seed: UInt64, over stream: RandomStream, kinds: [String] = RandomQuery.kinds) {
        var generator = SeededGenerator(seed: seed)
        kind = generator.pick(kinds)
        var query: [String: JSON] = [:]
        if generator.chance(0.6) { query["timezone"] = .string(generator.pick(RandomQuery.zones)) }
        if kind == "schema", generator.chance(0.3) {
            json = .object(query)
            return
        }
        query["range"] = RandomQuery.range(over: stream, using: &generator)
        if generator.chance(0.4) { query["where"] = RandomFilter.some(stream, &generator) }
        if generator.chance(0.2) { query["cache"] = .bool(false) }
        switch kind {
        case "aggregate": RandomQuery.aggregate(&query, &generator)
        case "timeseries": RandomQuery.timeseries(&query, over: stream, &generator)
        case "top": RandomQuery.top(&query, over: stream, &generator)
        case "funnel": RandomQuery.funnel(&query, over: stream, &generator)
        case "retention": RandomQuery.retention(&query, over: stream, &generator)
        case "paths": RandomQuery.paths(&query, over: stream, &generator)
        case "sessions": RandomQuery.sessions(&query, &generator)
        case "schema": break
        case "funnel/visitors": RandomQuery.funnelVisitors(&query, over: stream, &generator)
        case "values":
            query["dim"] = .string(generator.pick(RandomQuery.keys))
            if generator.chance(0.4) { query["prefix"] = .string(generator.pick(["/p", "", "f", "v1", "D", "é"])) }
            if generator.chance(0.5) { query["limit"] = .integer(Int64(generator.int(1...4))) }
        default:
            if generator.chance(0.6) { query["limit"] = .integer(Int64(generator.int(1...15))) }
        }
        json = .object(query)
    }

    /// All, or a range that cuts off some of the events, or none, or lies beside them.
    private static func range(over stream: RandomStream, using generator: inout SeededGenerator) -> JSON {
        if generator.chance(0.55) { return "all" }
        let length = stream.last - stream.first
        let margin = max(2, length / 4)
        var bounds = [0, 0].map { _ in
            Int64.random(in: (stream.first - margin)...(stream.last + margin), using: &generator)
        }
        if generator.chance(0.3) { bounds[0] = stream.first }
        if generator.chance(0.3) { bounds[1] = stream.last }
        bounds.sort()
        if bounds[0] == bounds[1] { bounds[1] += 1 }
        return [
            "from": RandomStream.written(bounds[0], using: &generator),
            "to": RandomStream.written(bounds[1], using: &generator),
        ]
    }

    private static func someMetrics(_ generator: inout SeededGenerator) -> [String] {
        Array(metrics.shuffled(using: &generator).prefix(generator.int(1...5)))
    }

    static func list(_ texts: [String]) -> JSON {
        .array(texts.map { .string($0) })
    }

    private static func aggregate(_ query: inout [String: JSON], _ generator: inout SeededGenerator) {
        if generator.chance(0.9) { query["metrics"] = list(someMetrics(&generator)) }
        if query["range"]?.text == nil, generator.chance(0.3) { query["compare"] = "previous" }
    }

    private static func hours(of stream: RandomStream) -> Int64 { (stream.last - stream.first) / 3_600_000 }

    /// Intervals of which a stream has not too many.
    private static func intervals(over stream: RandomStream) -> [String] {
        var intervals = ["day", "week", "month"]
        if hours(of: stream) <= 100 { intervals += ["hour", "hour"] }
        if hours(of: stream) <= 4 { intervals += ["minute", "minute", "minute"] }
        return intervals
    }

    private static func timeseries(
        _ query: inout [String: JSON], over stream: RandomStream, _ generator: inout SeededGenerator
    ) {
        query["interval"] = .string(generator.pick(intervals(over: stream)))
        if generator.chance(0.1), hours(of: stream) <= 24 * 60 { query["interval"] = nil }
        if generator.chance(0.9) { query["metrics"] = list(someMetrics(&generator)) }
        if generator.chance(0.4) {
            query["by"] = .string(generator.pick(keys))
            if generator.chance(0.7) { query["limit"] = .integer(Int64(generator.int(1...4))) }
        }
    }

    private static func top(
        _ query: inout [String: JSON], over stream: RandomStream, _ generator: inout SeededGenerator
    ) {
        let dimensions = Array(keys.shuffled(using: &generator).prefix(generator.chance(0.3) ? 2 : 1))
        query["by"] = dimensions.count == 1 && generator.chance(0.5) ? .string(dimensions[0]) : list(dimensions)
        let order = generator.pick(orders)
        var names = someMetrics(&generator).filter { $0 != order }
        if generator.chance(0.5) {
            names.insert(order, at: 0)
        } else {
            names.append(order)
            query["order_by"] = .string(order)
        }
        query["metrics"] = list(names)
        if generator.chance(0.7) { query["limit"] = .integer(Int64(generator.int(1...6))) }
        if generator.chance(0.3) { query["offset"] = .integer(Int64(generator.int(0...4))) }
        if generator.chance(0.5) { query["other"] = .bool(true) }
        if generator.chance(0.2) { query["order"] = .string(generator.pick(["asc", "asc", "desc"])) }
        if generator.chance(0.15) { query["approximate"] = .bool(true) }
        if generator.chance(0.25) { query["series"] = .string(generator.pick(intervals(over: stream))) }
        let countable = names.filter { ["events", "visitors", "sessions", "pageviews", "sum:value"].contains($0) }
        if !countable.isEmpty, generator.chance(0.3) {
            query["having"] = [
                [
                    "metric": .string(generator.pick(countable)),
                    "op": .string(generator.pick(["gt", "gte", "lt", "lte", "is", "is_not"])),
                    "value": .integer(Int64(generator.int(0...12))),
                ]
            ]
        }
    }
}

extension RandomQuery {
    /// A query that is known already.
    init(kind: String, json: JSON) {
        self.kind = kind
        self.json = json
    }
}
