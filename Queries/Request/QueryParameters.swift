/// Turns the parameters of a GET request into the JSON that a POST would have sent.
enum QueryParameters {
    /// How a parameter's text becomes JSON.
    private enum Form {
        case text
        case number
        case flag
        /// Names with commas between, or a JSON array.
        case list
        /// JSON.
        case json
        /// Step names with commas between, or a JSON array.
        case steps
        /// A time; a plus sign that URL decoding has turned into a space is put back.
        case time
        /// A number or a word.
        case numberOrText
        /// An event's name, or a JSON object.
        case match
    }

    private static let forms: [(name: String, form: Form)] = [
        ("site", .text), ("range", .text), ("last", .text), ("from", .time), ("to", .time), ("timezone", .time),
        ("where", .json), ("cache", .flag), ("timeout", .text), ("metrics", .list), ("compare", .text),
        ("interval", .text), ("by", .list), ("limit", .number), ("offset", .number), ("order_by", .text),
        ("order", .text), ("having", .json), ("other", .flag), ("series", .text), ("approximate", .flag),
        ("steps", .steps), ("window", .text), ("strict_increase", .flag), ("attempt", .text), ("count", .text),
        ("same", .list), ("exclude", .json), ("attribution", .numberOrText), ("time_to_convert", .json),
        ("start", .match), ("return", .match), ("end", .match), ("intervals", .number), ("mode", .text),
        ("cohorts", .text), ("depth", .number), ("collapse", .flag), ("step", .number), ("outcome", .text),
        ("cursor", .text), ("columns", .list), ("dim", .text), ("prefix", .text),
    ]

    /// The query as one JSON object.
    static func value(of parameters: [(String, String)]) throws(QueryError) -> JSONValue {
        var seen: Set<String> = []
        for (name, _) in parameters where !seen.insert(name).inserted {
            let shown = ShownText.quoted(name)
            throw QueryError(
                .invalidQuery, "The parameter \(shown) stands there twice; lists are written with commas",
                field: ShownText.cut(name))
        }
        if let whole = parameters.first(where: { $0.0 == "q" }) {
            if let second = parameters.first(where: { $0.0 != "q" }) {
                throw QueryError(
                    .invalidQuery,
                    "`q` is a whole query, so \(ShownText.quoted(second.0)) cannot stand beside it; put it into `q`",
                    field: ShownText.cut(second.0))
            }
            return try json(whole.1, name: "q")
        }
        var members: [(key: String, value: JSONValue)] = []
        var event: String?
        for (name, text) in parameters {
            if name == "event" {
                event = text
                continue
            }
            guard let form = forms.first(where: { $0.name == name })?.form else {
                let known = forms.map(\.name) + ["event", "q"]
                throw QueryError(
                    .unknownField,
                    "There is no parameter \(ShownText.quoted(name))\(NearestName.hint(for: name, among: known))",
                    field: ShownText.cut(name))
            }
            members.append((name, try value(text, form, name: name)))
        }
        if let event { add(event: event, to: &members) }
        return .object(members)
    }

    /// `event=NAME` is short for a filter, beside whatever `where` says.
    private static func add(event: String, to members: inout [(key: String, value: JSONValue)]) {
        let test = JSONValue.object([
            ("dim", .string("event")), ("op", .string("is")), ("values", .array([.string(event)])),
        ])
        if let index = members.firstIndex(where: { $0.key == "where" }) {
            members[index].value = .array([members[index].value, test])
        } else {
            members.append(("where", test))
        }
    }

    private static func value(_ text: String, _ form: Form, name: String) throws(QueryError) -> JSONValue {
        switch form {
        case .text: return .string(text)
        case .number:
            guard let number = Int64(text) else {
                throw QueryError(
                    .invalidQuery, "`\(name)`: \(ShownText.quoted(text)) is no whole number", field: name)
            }
            return .integer(number)
        case .flag:
            switch text {
            case "true", "1", "": return .bool(true)
            case "false", "0": return .bool(false)
            default:
                throw QueryError(
                    .invalidQuery, "`\(name)`: \(ShownText.quoted(text)) is neither true nor false", field: name)
            }
        case .list, .steps:
            if text.hasPrefix("[") { return try json(text, name: name) }
            let names = text.split(separator: ",", omittingEmptySubsequences: false).map {
                JSONValue.string(String($0))
            }
            return .array(names)
        case .json: return try json(text, name: name)
        case .time: return .string(restoringPlus(text))
        case .match: return text.hasPrefix("{") ? try json(text, name: name) : .string(text)
        case .numberOrText: return Int64(text).map { .integer($0) } ?? .string(text)
        }
    }

    private static func json(_ text: String, name: String) throws(QueryError) -> JSONValue {
        guard text.utf8.count <= QueryLimits.maxQueryBytes else {
            throw QueryError(
                .limitExceeded, "`\(name)` has more than \(QueryLimits.maxQueryBytes) bytes", field: name)
        }
        return try JSONText.parse(Array(text.utf8), what: "`\(name)`", field: name)
    }

    /// ` 02:00` at the end can only have been `+02:00`.
    private static func restoringPlus(_ text: String) -> String {
        var bytes = Array(text.utf8)
        guard bytes.count >= 6, bytes[bytes.count - 6] == 0x20, bytes[bytes.count - 3] == UInt8(ascii: ":"),
            bytes.count != 16
        else { return text }
        bytes[bytes.count - 6] = UInt8(ascii: "+")
        return String(decoding: bytes, as: UTF8.self)
    }
}
