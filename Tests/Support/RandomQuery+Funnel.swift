extension RandomQuery {
    /// A funnel with every option there is, each alone often enough and all of them together.
    static func funnel(
        _ query: inout [String: JSON], over stream: RandomStream, _ generator: inout SeededGenerator
    ) {
        sequence(&query, over: stream, &generator)
        let length = max(1, stream.last - stream.first)
        if generator.chance(0.4) {
            let dimensions = Array(keys.shuffled(using: &generator).prefix(generator.chance(0.25) ? 2 : 1))
            query["by"] = dimensions.count == 1 && generator.chance(0.5) ? .string(dimensions[0]) : list(dimensions)
            if generator.chance(0.7) {
                let number = generator.pick(numbersOfRequired(query))
                query["attribution"] = generator.pick(["first", "last", "last", .integer(number), .integer(number)])
            }
            if generator.chance(0.5) { query["limit"] = .integer(Int64(generator.int(1...4))) }
        }
        if generator.chance(0.25) {
            let hours = length / 3_600_000
            var intervals = ["day", "week", "month"]
            if hours <= 100 { intervals += ["hour", "hour"] }
            if hours <= 4 { intervals += ["minute", "minute", "minute"] }
            query["interval"] = .string(generator.pick(intervals))
        }
        if generator.chance(0.35) {
            var times: [String: JSON] = [:]
            if generator.chance(0.7) {
                times["percentiles"] = .array(
                    (0..<generator.int(1...3)).map { _ in
                        generator.pick([.integer(0), .integer(50), .integer(90), .number(99.5), .integer(100)])
                    })
            }
            if generator.chance(0.6) { times["bins"] = .integer(Int64(generator.int(0...7))) }
            query["time_to_convert"] = .object(times)
        }
    }

    /// A list of a funnel's visitors.
    static func funnelVisitors(
        _ query: inout [String: JSON], over stream: RandomStream, _ generator: inout SeededGenerator
    ) {
        sequence(&query, over: stream, &generator)
        query["step"] = .integer(Int64(generator.int(1...(query["steps"]?.array?.count ?? 1))))
        if generator.chance(0.8) { query["outcome"] = .string(generator.pick(["reached", "dropped", "dropped"])) }
        if generator.chance(0.5) { query["limit"] = .integer(Int64(generator.int(1...5))) }
        if generator.chance(0.1) { query["by"] = "country" }
    }

    /// The numbers of the steps that are not optional.
    private static func numbersOfRequired(_ query: [String: JSON]) -> [Int64] {
        let steps = query["steps"]?.array ?? []
        return steps.indices.filter { steps[$0]["optional"]?.bool != true }.map { Int64($0 + 1) }
    }

    /// What decides who gets how far.
    private static func sequence(
        _ query: inout [String: JSON], over stream: RandomStream, _ generator: inout SeededGenerator
    ) {
        let names = generator.pick([["a", "b"], ["a", "b", "c"], RandomStream.names])
        let order = generator.pick(["sequential", "sequential", "sequential", "strict_order", "any_order"])
        if order != "sequential" || generator.chance(0.2) { query["order"] = .string(order) }
        let length = max(1, stream.last - stream.first)
        func duration(_ parts: [Int64], _ generator: inout SeededGenerator) -> JSON {
            if generator.chance(0.1) { return .integer(Int64.max - 1) }
            if generator.chance(0.2) { return .string(generator.pick(["30m", "1h", "90s", "1d", "0s"])) }
            return .integer(length / generator.pick(parts))
        }
        query["window"] = duration([1, 1, 2, 4, 8, 20, 60], &generator)
        let count = generator.pick([1, 2, 3, 3, 4, 5])
        let isTimed = order != "any_order" && generator.chance(0.35)
        let isOptional = order != "any_order" && generator.chance(0.3)
        query["steps"] = .array(
            (0..<count).map { number -> JSON in
                var step = RandomQuery.step(names, stream, deep: true, &generator)
                if isTimed, generator.chance(0.6) { step["within"] = duration([1, 3, 8, 20, 60, 200], &generator) }
                if isOptional, number > 0, generator.chance(0.4) { step["optional"] = .bool(true) }
                return step
            })
        if generator.chance(0.3) { query["strict_increase"] = .bool(generator.chance(0.8)) }
        if generator.chance(0.5) {
            query["count"] = .string(generator.pick(["sessions", "attempts", "attempts", "visitors"]))
        }
        if generator.chance(0.25) { query["attempt"] = .string(generator.pick(["first", "first", "first", "best"])) }
        if generator.chance(0.3) {
            query["same"] = list(
                Array(keys.shuffled(using: &generator).prefix(generator.chance(0.2) ? 2 : 1)))
            if generator.chance(0.5) { query["same"] = [generator.pick(["props.tags", "props.plan", "country"])] }
        }
        if count > 1, generator.chance(0.35) {
            query["exclude"] = .array(
                (0..<generator.pick([1, 1, 2])).map { _ -> JSON in
                    exclusion(names, stream, steps: count, isAnywhere: order == "any_order", &generator)
                })
        }
    }

    private static func exclusion(
        _ names: [String], _ stream: RandomStream, steps: Int, isAnywhere: Bool,
        _ generator: inout SeededGenerator
    ) -> JSON {
        var exclusion = step(generator.chance(0.6) ? ["d", "page_view"] : names, stream, deep: false, &generator)
        if !isAnywhere, generator.chance(0.7) {
            let after = generator.int(1...(steps - 1))
            exclusion["after"] = .integer(Int64(after))
            exclusion["before"] = .integer(Int64(generator.int((after + 1)...steps)))
        }
        if generator.chance(0.8) { exclusion["policy"] = .string(generator.pick(["stop", "stop", "drop"])) }
        return exclusion
    }

    private static func step(
        _ names: [String], _ stream: RandomStream, deep: Bool, _ generator: inout SeededGenerator
    ) -> JSON {
        if deep, generator.chance(0.15) {
            return ["any": .array((0..<2).map { _ in RandomQuery.step(names, stream, deep: false, &generator) })]
        }
        var parts: [String: JSON] = [:]
        if generator.chance(0.85) { parts["event"] = .string(generator.pick(names)) }
        if parts.isEmpty || generator.chance(0.15) { parts["where"] = [RandomFilter.make(stream, 1, &generator)] }
        return .object(parts)
    }
}
