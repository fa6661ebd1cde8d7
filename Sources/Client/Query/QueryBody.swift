/// Builds the JSON of a query from the command line's flags.
public enum QueryBody {
    /// The query, without anything the flags do not say.
    ///
    /// - Parameters:
    ///   - options: the flags.
    ///   - base: the content of `--body`, if there is one; flags replace its members,
    ///     and `--where` adds to its filters.
    ///   - site: the site, already with the environment behind it.
    public static func make(
        _ options: QueryOptions, base: JSONNode?, site: String?
    ) throws(ClientError) -> JSONNode {
        var body = base ?? .object([])
        guard body.members != nil else { throw ClientError(.usage, "--body must hold a JSON object") }
        if let site, options.site != nil || body["site"] == nil { body.set("site", .string(site)) }
        if let range = try range(options) {
            body.set("range", range)
        }
        func text(_ name: String, _ value: String?) {
            if let value { body.set(name, .string(value)) }
        }
        func number(_ name: String, _ value: Int?) {
            if let value { body.set(name, .number(String(value))) }
        }
        text("timezone", options.timezone)
        if let by = options.by {
            let names = try list("--by", by)
            // Only the lists of values may have keys of several parts; elsewhere one name is a text.
            body.set("by", names.count == 1 ? names[0] : .array(names))
        }
        if let metrics = options.metrics { body.set("metrics", .array(try list("--metrics", metrics))) }
        text("order_by", options.orderBy)
        text("order", options.order)
        if !options.having.isEmpty {
            var conditions: [JSONNode] = []
            for having in options.having { conditions.append(try condition(having)) }
            body.set("having", .array(conditions))
        }
        if options.other { body.set("other", .bool(true)) }
        text("series", options.series)
        if options.approximate { body.set("approximate", .bool(true)) }
        text("compare", options.compare)
        text("interval", options.interval)
        if let steps = options.steps { body.set("steps", try self.steps(steps)) }
        text("window", options.window)
        text("count", options.count)
        for (name, value) in [("start", options.start), ("return", options.comeback), ("end", options.end)] {
            if let value { body.set(name, try match("--\(name)", value)) }
        }
        number("intervals", options.intervals)
        text("mode", options.mode)
        text("cohorts", options.cohorts)
        number("depth", options.depth)
        if options.keepsRepeats { body.set("collapse", .bool(false)) }
        text("dim", options.dim)
        text("prefix", options.prefix)
        text("cursor", options.cursor)
        number("limit", options.limit)
        number("offset", options.offset)
        if let filters = try filters(options, before: body["where"]) { body.set("where", filters) }
        return body
    }

    private static func range(_ options: QueryOptions) throws(ClientError) -> JSONNode? {
        let isSpan = options.from != nil || options.to != nil
        let ways = [options.last != nil, options.range != nil, isSpan].count { $0 }
        guard ways <= 1 else {
            throw ClientError(.usage, "give one of --last, --range, and --from with --to")
        }
        if let last = options.last { return .object([JSONMember("last", .string(last))]) }
        if let range = options.range { return .string(range) }
        guard isSpan else { return nil }
        var span: [JSONMember] = []
        if let from = options.from { span.append(JSONMember("from", time(from))) }
        if let to = options.to { span.append(JSONMember("to", time(to))) }
        return .object(span)
    }

    /// A time for the server to read: whole numbers are Unix milliseconds, everything else is a text.
    private static func time(_ text: String) -> JSONNode {
        Int64(text).map { .number(String($0)) } ?? .string(text)
    }

    /// The names of a list, without the blanks around them.
    private static func list(_ flag: String, _ text: String) throws(ClientError) -> [JSONNode] {
        guard let values = WhereClause.split(text), !values.isEmpty, !values.contains(where: { $0.text.isEmpty })
        else {
            throw ClientError(.usage, "\(flag) \(Console.harmless(text)): write names, separated by commas")
        }
        return values.map { .string($0.text) }
    }

    /// One `--having`: `METRIC OP NUMBER`.
    private static func condition(_ text: String) throws(ClientError) -> JSONNode {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard words.count == 3, Double(words[2]) != nil else {
            throw ClientError(
                .usage, "--having '\(Console.harmless(text))': write METRIC OP NUMBER, as in 'events gte 5'")
        }
        var number = words[2]
        let isNumber = number.withUTF8 { NumberText.isJSONNumber(UnsafeRawBufferPointer($0)) }
        return .object([
            JSONMember("metric", .string(words[0])), JSONMember("op", .string(words[1])),
            JSONMember("value", isNumber ? .number(words[2]) : .string(words[2])),
        ])
    }

    /// What an event must be like: a name, or the API's JSON.
    private static func match(_ flag: String, _ text: String) throws(ClientError) -> JSONNode {
        guard text.first == "{" else { return .object([JSONMember("event", .string(text))]) }
        do throws(JSONError) {
            return try JSONNode(parsing: Array(text.utf8))
        } catch {
            throw ClientError(.usage, "\(flag) is no JSON: \(error)")
        }
    }

    private static func steps(_ text: String) throws(ClientError) -> JSONNode {
        guard text.first == "[" else {
            return .array(
                try list("--steps", text).map { .object([JSONMember("event", $0)]) })
        }
        do throws(JSONError) {
            return try JSONNode(parsing: Array(text.utf8))
        } catch {
            throw ClientError(.usage, "--steps is no JSON: \(error)")
        }
    }

    private static func filters(_ options: QueryOptions, before: JSONNode?) throws(ClientError) -> JSONNode? {
        var filters: [JSONNode] = []
        if let event = options.event {
            filters.append(
                .object([
                    JSONMember("dim", .string("event")), JSONMember("op", .string("is")),
                    JSONMember("values", .array([.string(event)])),
                ]))
        }
        for text in options.filters { filters.append(try WhereClause.parse(text)) }
        guard !filters.isEmpty else { return nil }
        switch before {
        case nil, .null?: return .array(filters)
        case .array(let elements)?: return .array(elements + filters)
        case let single?: return .array([single] + filters)
        }
    }
}
