/// Random filters over a ``RandomStream``.
enum RandomFilter {
    /// One or two filters that mostly let some of the stream's events pass, and not all of them.
    static func some(_ stream: RandomStream, _ generator: inout SeededGenerator) -> JSON {
        var filter: JSON = []
        for _ in 0..<6 {
            filter = .array((0..<generator.pick([1, 1, 2])).map { _ in make(stream, 2, &generator) })
            let passing = stream.events.count { (try? ReferenceFilter(json: filter).holds($0)) == true }
            if passing * 4 > stream.events.count, passing < stream.events.count { break }
        }
        return filter
    }

    /// Makes a filter.
    ///
    /// - Parameter depth: how far `any`, `all` and `not` may nest.
    static func make(_ stream: RandomStream, _ depth: Int, _ generator: inout SeededGenerator) -> JSON {
        if depth > 0 {
            switch generator.int(0...9) {
            case 0, 1:
                return ["any": .array((0..<generator.int(1...3)).map { _ in make(stream, depth - 1, &generator) })]
            case 2: return ["not": make(stream, depth - 1, &generator)]
            case 3: return ["all": .array((0..<2).map { _ in make(stream, depth - 1, &generator) })]
            default: break
            }
        }
        return test(stream, &generator)
    }

    private static func test(_ stream: RandomStream, _ generator: inout SeededGenerator) -> JSON {
        let dimension = generator.pick(Array(samples.keys).sorted())
        let values = samples[dimension] ?? []
        var operators = [
            "is", "is", "is", "is_not", "is_not", "contains", "starts_with", "ends_with", "matches", "exists",
        ]
        if numeric.contains(dimension) { operators += ["gt", "gte", "lt", "lte", "gt", "lte"] }
        let operation = generator.pick(operators)
        var test: [String: JSON] = ["dim": .string(dimension), "op": .string(operation)]
        switch operation {
        case "is", "is_not":
            var wanted = Array(values.shuffled(using: &generator).prefix(generator.int(1...3)))
            if generator.chance(0.15) { wanted.append(.null) }
            test["values"] = .array(wanted)
        case "contains", "starts_with", "ends_with":
            test["values"] = .array(
                (0..<generator.int(1...2)).map { _ in .string(generator.pick(fragments[operation] ?? [])) })
        case "matches": test["values"] = [.string(generator.pick(patterns))]
        case "exists": if generator.chance(0.3) { test["values"] = [.bool(generator.chance(0.5))] }
        default:
            test["values"] = [
                dimension == "time"
                    ? RandomStream.written(
                        Int64.random(in: stream.first...stream.last, using: &generator), using: &generator)
                    : generator.pick([
                        .integer(0), .integer(3), .number(2.5), .string("10"), .integer(50), .number(9.75),
                    ])
            ]
        }
        if operation == "is", generator.chance(0.3) { test["op"] = nil }
        return .object(test)
    }

    private static let numeric: Set<String> = ["value", "props.n", "time", "props.cart.size", "props.tags", "country"]

    private static let fragments: [String: [String]] = [
        "contains": ["/p", "e", "\u{E9}", "\u{301}", "1", ".example", "\"", "日"],
        "starts_with": ["/p/1", "f", "v1", "https", "DE", "", "日", "t"],
        "ends_with": ["1", "e", "本", "\u{301}", "/", "view", "e\\"],
    ]

    private static let patterns = ["^/p/[0-9]+$", "a|b", "e$", "^.{1,2}$", "[A-Z]{2}", "1", "^$", "日本", "x|true"]

    private static let samples: [String: [JSON]] = [
        "event": ["a", "b", "page_view", "nothing"],
        "visitor": ["v1", "v2", "v3", "nobody"],
        "country": ["DE", "FR", "US", "Åland", "XX"],
        "path": ["/p/1", "/p/10", "/", "/docs/a"],
        "host": ["shop.example", "shop.example:8443", "Shop.Example"],
        "url": ["https://shop.example/p/1"],
        "referrer_host": ["news.example", "www.search.example"],
        "utm_source": ["news", "mail"],
        "utm_campaign": ["spring sale"],
        "title": ["", "Titel"],
        "session": ["s1", "s2"],
        "value": [.integer(3), .number(2.5), .string("0"), .number(3.0)],
        "time": [.integer(0)],
        "props.plan": ["free", "pro", "", "\u{E9}", "e\u{301}", "日本"],
        "props.n": [.integer(3), .number(3.0), .string("3"), .string("abc"), .number(2.5), .integer(10)],
        "props.flag": [.bool(true), .string("false")],
        "props.tags": ["x", "y", "1", .integer(1), .bool(true), ""],
        "props.cart.size": [.integer(0), .integer(2)],
        "props.cart.box.kind": ["k"],
        "props.never": ["x"],
    ]
}
