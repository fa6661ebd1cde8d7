/// One `--where` of the command line: `DIM OP VALUE[,VALUE…]`.
public enum WhereClause {
    /// The operators of a filter.
    public static let operators = [
        "is", "is_not", "contains", "starts_with", "ends_with", "matches", "exists", "gt", "gte", "lt", "lte",
    ]

    /// Reads a clause and gives the filter's JSON.
    ///
    /// Values are separated by commas; one that holds a comma, or blanks at its ends, stands in double quotes,
    /// where a backslash takes the next character as it is. An unquoted `null` is a missing value. Numbers are sent
    /// as numbers to the operators that compare by size. The value of `matches` is taken whole, since a pattern is
    /// full of commas.
    public static func parse(_ text: String) throws(ClientError) -> JSONNode {
        func wrong(_ reason: String) -> ClientError {
            ClientError(.usage, "--where '\(Console.harmless(text))': \(reason)")
        }
        let words = text.split(maxSplits: 2, whereSeparator: { $0 == " " || $0 == "\t" })
        guard words.count >= 2 else { throw wrong("write DIM OP VALUE[,VALUE…], as in 'country is DE,FR'") }
        let name = String(words[1])
        guard operators.contains(name) else {
            throw wrong("\(Console.harmless(name)) is no operator; there are \(operators.joined(separator: ", "))")
        }
        var filter = JSONNode.object([
            JSONMember("dim", .string(String(words[0]))), JSONMember("op", .string(name)),
        ])
        let rest = words.count > 2 ? String(words[2]) : ""
        if name == "exists" {
            switch rest {
            case "": break
            case "true", "false": filter.set("values", .array([.bool(rest == "true")]))
            default: throw wrong("exists takes no value, or true or false")
            }
            return filter
        }
        if name == "matches" {
            guard !rest.isEmpty else { throw wrong("a pattern is missing") }
            filter.set("values", .array([.string(rest)]))
            return filter
        }
        guard let values = split(rest) else { throw wrong("a quote has no end, or something follows it") }
        guard !values.isEmpty else { throw wrong("a value is missing") }
        let comparesSize = ["gt", "gte", "lt", "lte"].contains(name)
        filter.set("values", .array(values.map { node($0, comparesSize: comparesSize) }))
        return filter
    }

    /// One value as it was written.
    struct Value: Equatable {
        var text: String
        var isQuoted: Bool
    }

    private static func node(_ value: Value, comparesSize: Bool) -> JSONNode {
        if value.isQuoted { return .string(value.text) }
        if value.text == "null", !comparesSize { return .null }
        var text = value.text
        let isNumber = text.withUTF8 { NumberText.isJSONNumber(UnsafeRawBufferPointer($0)) }
        return comparesSize && isNumber ? .number(value.text) : .string(value.text)
    }

    /// Splits at commas outside of quotes; `nil` for a quote without an end or with text behind it.
    ///
    /// An empty text has no values; `a,,b` has an empty one.
    static func split(_ text: String) -> [Value]? {
        var rest = text[...]
        rest.trimBlanks()
        guard !rest.isEmpty else { return [] }
        var values: [Value] = []
        while true {
            rest.trimBlanks()
            if rest.first == "\"" {
                rest.removeFirst()
                var content = ""
                var isClosed = false
                while let character = rest.popFirst() {
                    if character == "\"" {
                        isClosed = true
                        break
                    }
                    if character == "\\" {
                        guard let next = rest.popFirst() else { return nil }
                        content.append(next)
                    } else {
                        content.append(character)
                    }
                }
                rest.trimBlanks()
                guard isClosed, rest.isEmpty || rest.first == "," else { return nil }
                values.append(Value(text: content, isQuoted: true))
            } else {
                var content = rest.prefix { $0 != "," }
                rest = rest[content.endIndex...]
                content.trimBlanks()
                values.append(Value(text: String(content), isQuoted: false))
            }
            guard rest.popFirst() != nil else { return values }
        }
    }
}

extension Substring {
    fileprivate mutating func trimBlanks() {
        while first == " " || first == "\t" { removeFirst() }
        while last == " " || last == "\t" { removeLast() }
    }
}
