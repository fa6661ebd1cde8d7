/// Takes the members of one JSON object of a query, with the place of each for messages. `null` is the same as absent.
struct ObjectReader {
    /// Where the object stands in the query; empty for the query itself.
    let path: String
    private let members: [(key: String, value: JSONValue)]

    /// - Parameters:
    ///   - what: What the object is, for messages: `a step`.
    ///   - known: The names it may have; any other is refused.
    init(_ value: JSONValue, path: String, what: String, known: [String]) throws(QueryError) {
        guard case .object(let members) = value else {
            throw QueryError(
                .invalidQuery, "\(Self.shown(path)) is \(value.kindName); \(what) is an object",
                field: path.isEmpty ? nil : path)
        }
        self.path = path
        self.members = members
        for member in members where !known.contains(member.key) {
            let place = self.path(member.key)
            throw QueryError(
                .unknownField,
                "`\(place)` is not known in \(what)\(NearestName.hint(for: member.key, among: known)). "
                    + "Known are \(known.joined(separator: ", "))", field: place)
        }
    }

    private static func shown(_ path: String) -> String {
        path.isEmpty ? "The query" : "`\(path)`"
    }

    /// The place of a member.
    func path(_ key: String) -> String {
        let isPlain =
            !key.isEmpty && key.utf8.count <= 64
            && key.utf8.allSatisfy {
                $0 == UInt8(ascii: "_") || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39)
            }
        let name = isPlain ? key : "[" + ShownText.quoted(key) + "]"
        return path.isEmpty ? name : isPlain ? path + "." + name : path + name
    }

    subscript(key: String) -> JSONValue? {
        guard let value = members.first(where: { $0.key == key })?.value, value != .null else { return nil }
        return value
    }

    func wrongType(_ key: String, _ value: JSONValue, _ wanted: String) -> QueryError {
        QueryError(
            .invalidQuery, "`\(path(key))` is \(value.kindName) where \(wanted) is expected", field: path(key))
    }

    func missing(_ key: String, _ why: String) -> QueryError {
        QueryError(.invalidQuery, "`\(path(key))` is missing: \(why)", field: path(key))
    }

    func string(_ key: String) throws(QueryError) -> String? {
        guard let value = self[key] else { return nil }
        guard case .string(let text) = value else { throw wrongType(key, value, "a string") }
        return text
    }

    func bool(_ key: String) throws(QueryError) -> Bool? {
        guard let value = self[key] else { return nil }
        guard case .bool(let flag) = value else { throw wrongType(key, value, "true or false") }
        return flag
    }

    func number(_ key: String) throws(QueryError) -> Double? {
        guard let value = self[key] else { return nil }
        guard let number = value.doubleValue else { throw wrongType(key, value, "a number") }
        return number
    }

    /// A whole number within its limits.
    ///
    /// - Parameter name: what the limit above is called.
    func integer(_ key: String, _ allowed: ClosedRange<Int>, named name: String? = nil) throws(QueryError) -> Int? {
        guard let value = self[key] else { return nil }
        guard let number = value.doubleValue, number == number.rounded() else {
            throw wrongType(key, value, "a whole number")
        }
        guard number >= Double(allowed.lowerBound), number <= Double(allowed.upperBound) else {
            let isTooLarge = number > 0 && number > Double(allowed.upperBound)
            throw QueryError(
                isTooLarge ? .limitExceeded : .invalidQuery,
                "`\(path(key))` is \(NumberText.canonical(number)); "
                    + "it lies between \(allowed.lowerBound) and \(allowed.upperBound)\(Self.shown(name))",
                field: path(key))
        }
        return Int(number)
    }

    func duration(_ key: String, minimum: Int64) throws(QueryError) -> Int64? {
        guard let value = self[key] else { return nil }
        return try DurationText.parse(value, path: path(key), minimum: minimum)
    }

    /// One of the names of an enumeration.
    func choice<Choice>(_ key: String, _ type: Choice.Type) throws(QueryError) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        guard let text = try string(key) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let known = type.allCases.map(\.rawValue)
        throw QueryError(
            .invalidQuery,
            "`\(path(key))`: \(ShownText.quoted(text)) is not known\(NearestName.hint(for: text, among: known)). "
                + "There are \(known.joined(separator: ", "))", field: path(key))
    }

    private static func shown(_ limit: String?) -> String { limit.map { " (limit \($0))" } ?? "" }

    /// The elements of an array, or a scalar as the only one, each with its place.
    ///
    /// - Parameter name: what the limit is called.
    func list(_ key: String, limit: Int, named name: String? = nil) throws(QueryError) -> [(
        value: JSONValue, path: String
    )]? {
        guard let value = self[key] else { return nil }
        guard case .array(let elements) = value else { return [(value, path(key))] }
        guard elements.count <= limit else {
            throw QueryError(
                .limitExceeded,
                "`\(path(key))` has \(elements.count) elements, more than the limit of \(limit)\(Self.shown(name))",
                field: path(key))
        }
        let place = path(key)
        return elements.enumerated().map { ($0.element, "\(place)[\($0.offset)]") }
    }

    /// Dimensions, as one name or an array of names; none may stand there twice.
    func dimensions(_ key: String, limit: Int) throws(QueryError) -> [Dimension]? {
        guard let elements = try list(key, limit: limit, named: "maxGroupingDimensions") else { return nil }
        guard !elements.isEmpty else {
            throw QueryError(.invalidQuery, "`\(path(key))` is empty; name at least one dimension", field: path(key))
        }
        var found: [Dimension] = []
        for element in elements {
            let dimension = try Self.dimension(element.value, path: element.path)
            guard !found.contains(dimension) else {
                throw QueryError(
                    .invalidQuery, "`\(element.path)`: the dimension stands there twice", field: element.path)
            }
            found.append(dimension)
        }
        return found
    }

    /// One dimension.
    func dimension(_ key: String) throws(QueryError) -> Dimension? {
        guard let value = self[key] else { return nil }
        return try Self.dimension(value, path: path(key))
    }

    private static func dimension(_ value: JSONValue, path: String) throws(QueryError) -> Dimension {
        guard case .string(let text) = value else {
            throw QueryError(
                .invalidQuery, "`\(path)` is \(value.kindName) where a dimension's name is expected", field: path)
        }
        return try Dimension(text, path: path)
    }

    /// Metrics, as one name or an array of names; a repeated one counts once.
    func metrics(_ key: String) throws(QueryError) -> [Metric]? {
        guard let elements = try list(key, limit: QueryLimits.maxMetrics, named: "maxMetrics") else { return nil }
        guard !elements.isEmpty else {
            throw QueryError(.invalidQuery, "`\(path(key))` is empty; name at least one metric", field: path(key))
        }
        var found: [Metric] = []
        for element in elements {
            guard case .string(let text) = element.value else {
                throw QueryError(
                    .invalidQuery,
                    "`\(element.path)` is \(element.value.kindName) where a metric's name is expected",
                    field: element.path)
            }
            let metric = try Metric(text, path: element.path)
            if !found.contains(metric) { found.append(metric) }
        }
        return found
    }
}
