import Events

/// Reads filters, and counts what they cost over the whole query.
struct FilterReader {
    private var tests = 0
    private var values = 0
    private var patterns = 0

    private static let forms =
        "a filter is {\"dim\", \"op\", \"values\"}, {\"all\": […]}, {\"any\": […]}, {\"not\": {…}} or an array"

    /// Reads a filter in any of its forms. An array means that all must hold; an empty one is no filter at all.
    ///
    /// Recursion is bounded by the nesting that the JSON reader allows.
    mutating func filter(_ value: JSONValue, path: String) throws(QueryError) -> Filter? {
        guard case .array(let elements) = value else { return try single(value, path: path) }
        let parts = try self.parts(elements, path: path)
        return parts.isEmpty ? nil : parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func parts(_ elements: [JSONValue], path: String) throws(QueryError) -> [Filter] {
        var parts: [Filter] = []
        for (index, element) in elements.enumerated() {
            if let part = try filter(element, path: "\(path)[\(index)]") { parts.append(part) }
        }
        return parts
    }

    private mutating func single(_ value: JSONValue, path: String) throws(QueryError) -> Filter {
        guard case .object(let members) = value else {
            throw QueryError(.invalidQuery, "`\(path)` is \(value.kindName); \(Self.forms)", field: path)
        }
        for key in ["all", "any", "not"] where members.contains(where: { $0.key == key }) {
            let reader = try ObjectReader(value, path: path, what: "a filter with `\(key)`", known: [key])
            let place = reader.path(key)
            guard let inner = reader[key] else { throw reader.missing(key, Self.forms) }
            if key == "not" {
                guard let part = try filter(inner, path: place) else { throw empty(place) }
                return .not(part)
            }
            guard case .array(let elements) = inner else { throw reader.wrongType(key, inner, "an array of filters") }
            let parts = try self.parts(elements, path: place)
            guard !parts.isEmpty else { throw empty(place) }
            return key == "all" ? .all(parts) : .any(parts)
        }
        return .test(try test(value, path: path))
    }

    private func empty(_ path: String) -> QueryError {
        QueryError(.invalidQuery, "`\(path)` is empty; leave it out or put a filter in", field: path)
    }

    private mutating func test(_ value: JSONValue, path: String) throws(QueryError) -> Filter.Test {
        let reader = try ObjectReader(value, path: path, what: "a filter", known: ["dim", "op", "values", "value"])
        tests += 1
        try check(tests, QueryLimits.maxFilterTests, "comparisons", "maxFilterTests", path)
        guard let dimension = try reader.dimension("dim") else {
            throw reader.missing("dim", "it names the dimension to compare")
        }
        let op = try reader.choice("op", Filter.Op.self) ?? .is
        var test = Filter.Test(dimension: dimension, op: op)
        guard reader["values"] == nil || reader["value"] == nil else {
            throw QueryError(.invalidQuery, "`\(path)` has both `value` and `values`; write one of them", field: path)
        }
        let isSingle = reader["value"] != nil || value["values"] == nil
        let key = isSingle ? "value" : "values"
        let elements = try self.elements(key, of: value, reader: reader)
        values += elements.count
        try check(values, QueryLimits.maxFilterValues, "values", "maxFilterValues", reader.path(key))
        if op == .exists {
            try readExists(elements, into: &test, path: reader.path(key))
            return test
        }
        guard !elements.isEmpty else {
            throw reader.missing(key, "`\(op.rawValue)` compares with at least one value")
        }
        for element in elements { try add(element.value, to: &test, path: element.path) }
        return test
    }

    /// The values with their places. Unlike elsewhere, a `null` counts: it is a missing value.
    private func elements(
        _ key: String, of value: JSONValue, reader: ObjectReader
    ) throws(QueryError) -> [(value: JSONValue, path: String)] {
        guard let given = value[key] else { return [] }
        if given == .null { return [(given, reader.path(key))] }
        return try reader.list(key, limit: QueryLimits.maxFilterValues, named: "maxFilterValues") ?? []
    }

    private func check(
        _ count: Int, _ limit: Int, _ what: String, _ name: String, _ path: String
    ) throws(QueryError) {
        guard count <= limit else {
            throw QueryError(
                .limitExceeded, "`\(path)`: the query's filters have more than \(limit) \(what) (limit \(name))",
                field: path)
        }
    }

    private func readExists(
        _ elements: [(value: JSONValue, path: String)], into test: inout Filter.Test, path: String
    ) throws(QueryError) {
        guard let first = elements.first, first.value != .null else { return }
        guard elements.count == 1, case .bool(let expected) = first.value else {
            throw QueryError(
                .invalidQuery, "`\(path)`: `exists` takes no values, or true or false alone", field: path)
        }
        test.expectsValue = expected
    }

    private mutating func add(
        _ value: JSONValue, to test: inout Filter.Test, path: String
    ) throws(QueryError) {
        if value == .null {
            guard test.op == .is || test.op == .isNot else {
                throw QueryError(
                    .invalidQuery, "`\(path)`: null, a missing value, goes with `is` and `is_not` only", field: path)
            }
            test.includesNull = true
            return
        }
        guard let text = value.canonicalText else {
            throw QueryError(
                .invalidQuery, "`\(path)` is \(value.kindName) where a string, a number or a boolean is expected",
                field: path)
        }
        if test.dimension == .field(.time), test.op.comparesTimes {
            let milliseconds = try Timestamp.parse(value, path: path)
            test.values.append(String(milliseconds))
            test.numbers.append(Double(milliseconds))
            return
        }
        switch test.op {
        case .greater, .greaterOrEqual, .less, .lessOrEqual:
            guard let number = value.doubleValue ?? NumberText.parse(text) else {
                throw QueryError(
                    .invalidQuery,
                    "`\(path)`: \(ShownText.quoted(text)) is no number, and `\(test.op.rawValue)` compares numbers",
                    field: path)
            }
            test.numbers.append(number)
        case .matches:
            patterns += 1
            try check(patterns, QueryLimits.maxPatterns, "regular expressions", "maxPatterns", path)
            do {
                test.patterns.append(try CompiledPattern(text))
            } catch {
                throw QueryError(
                    .invalidRegex, "`\(path)`: \(error.detail) (at character \(error.position + 1))", field: path)
            }
        case .is, .isNot:
            // A number is equal to the texts that are its canonical form, and to no other.
            if test.dimension == .field(.value), let number = NumberText.parse(text),
                NumberText.canonical(number) == text
            {
                test.numbers.append(number)
            }
        case .contains, .startsWith, .endsWith, .exists: break
        }
        test.values.append(text)
    }
}

extension Filter.Op {
    /// Whether a test of `time` with this comparison takes instants; the others take pieces of text.
    fileprivate var comparesTimes: Bool {
        switch self {
        case .is, .isNot, .greater, .greaterOrEqual, .less, .lessOrEqual: true
        case .contains, .startsWith, .endsWith, .matches, .exists: false
        }
    }
}
