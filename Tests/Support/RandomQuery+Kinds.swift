/// Retention, paths and sessions.
extension RandomQuery {
    static func retention(
        _ query: inout [String: JSON], over stream: RandomStream, _ generator: inout SeededGenerator
    ) {
        query["start"] = match(stream, &generator)
        query["return"] = generator.chance(0.3) ? query["start"] : match(stream, &generator)
        if generator.chance(0.9) { query["interval"] = .string(generator.pick(["day", "day", "week", "month"])) }
        if generator.chance(0.8) { query["intervals"] = .integer(Int64(generator.int(1...10))) }
        if generator.chance(0.6) { query["mode"] = .string(generator.pick(["on", "on_or_after"])) }
        if generator.chance(0.5) { query["cohorts"] = .string(generator.pick(["first", "every"])) }
    }

    static func paths(
        _ query: inout [String: JSON], over stream: RandomStream, _ generator: inout SeededGenerator
    ) {
        switch generator.int(0...5) {
        case 0: break
        case 1...3: query["start"] = match(stream, &generator)
        default: query["end"] = match(stream, &generator)
        }
        if generator.chance(0.8) {
            let dimension = generator.pick(keys + ["event", "event", "path", "path", "value", "props.tags"])
            query["by"] = generator.chance(0.8) ? .string(dimension) : [.string(dimension)]
        }
        if generator.chance(0.7) { query["depth"] = .integer(Int64(generator.int(2...7))) }
        if generator.chance(0.7) { query["limit"] = .integer(Int64(generator.int(1...4))) }
        if generator.chance(0.5) { query["count"] = .string(generator.pick(["sessions", "visitors"])) }
        if generator.chance(0.4) { query["collapse"] = .bool(generator.chance(0.3)) }
    }

    static func sessions(_ query: inout [String: JSON], _ generator: inout SeededGenerator) {
        if generator.chance(0.5) {
            query["by"] = .string(generator.pick(["path", "url", "title", "props.plan", "props.tags", "country"]))
        }
        if generator.chance(0.6) { query["limit"] = .integer(Int64(generator.int(1...4))) }
    }

    /// What an event must be like: a name mostly, but also every other form.
    private static func match(_ stream: RandomStream, _ generator: inout SeededGenerator) -> JSON {
        let name = JSON.string(generator.pick(RandomStream.names))
        switch generator.int(0...9) {
        case 0...3: return ["event": name]
        case 4: return name
        case 5: return ["where": [RandomFilter.make(stream, 1, &generator)]]
        case 6: return ["event": name, "where": [RandomFilter.make(stream, 1, &generator)]]
        case 7: return ["where": []]
        default:
            return [
                "any": [
                    ["event": name],
                    generator.chance(0.5)
                        ? .string(generator.pick(RandomStream.names))
                        : ["event": name, "where": [RandomFilter.make(stream, 1, &generator)]],
                ]
            ]
        }
    }
}
