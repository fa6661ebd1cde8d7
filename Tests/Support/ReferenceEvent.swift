/// One value of a dimension as the reference sees it: its text, and what it was in the event.
public struct ReferenceValue: Hashable, Sendable {
    /// The JSON type a value was sent with.
    public enum Kind: String, Sendable {
        case string
        case number
        case boolean
    }

    /// The type.
    public let kind: Kind
    /// The text that queries compare.
    public let text: Text

    /// The value as it is shown in a raw event.
    var json: JSON {
        switch kind {
        case .string: .string(text.string)
        case .boolean: .bool(text.string == "true")
        case .number: Int64(text.string).map { .integer($0) } ?? .number(Double(text.string) ?? 0)
        }
    }
}

/// One stored event, after the contract's rules for fields, properties and derived dimensions.
public struct ReferenceEvent: Sendable {
    /// Event time, Unix milliseconds.
    public var time: Int64
    /// The name.
    public var name: Text
    /// Who.
    public var visitor: Text
    /// Idempotency key.
    public var id: Text?
    /// Explicit session id.
    public var session: Text?
    /// The measure.
    public var value: Double?
    /// Every dimension's distinct values in the order they came; a missing dimension has no entry.
    public var dimensions: [String: [ReferenceValue]]

    /// The top-level string fields.
    static let fields = [
        "user", "session", "url", "referrer", "title", "language", "screen", "user_agent", "country",
    ]

    /// Reads an event from its JSON. `nil` where it lacks a name, a visitor or a time.
    public init?(_ json: JSON) {
        guard let name = json["event"]?.text, let visitor = json["visitor"]?.text, let time = json["time"] else {
            return nil
        }
        if let milliseconds = time.int {
            self.time = milliseconds
        } else if let instant = time.text.flatMap(Instant.init(parsing:)) {
            self.time = instant.milliseconds
        } else {
            return nil
        }
        self.name = Text(name)
        self.visitor = Text(visitor)
        id = json["id"]?.text.map(Text.init)
        session = json["session"]?.text.map(Text.init)
        value = json["value"]?.double
        dimensions = [
            "event": [ReferenceValue(kind: .string, text: self.name)],
            "visitor": [ReferenceValue(kind: .string, text: self.visitor)],
            "time": [ReferenceValue(kind: .number, text: Text(String(self.time)))],
        ]
        if let value { dimensions["value"] = [ReferenceEvent.number(value)] }
        for field in ReferenceEvent.fields { set(field, json[field]?.text) }
        if let url = json["url"]?.text { derive(url: url) }
        if let referrer = json["referrer"]?.text { set("referrer_host", ReferenceURL(referrer).host) }
        if let properties = json["props"]?.object { flatten(properties, prefix: "props.") }
    }

    private mutating func set(_ dimension: String, _ text: String?) {
        guard let text else { return }
        dimensions[dimension] = [ReferenceValue(kind: .string, text: Text(text))]
    }

    private mutating func derive(url text: String) {
        let url = ReferenceURL(text)
        set("host", url.host)
        set("path", url.path)
        for (name, value) in url.parameters where name.hasPrefix("utm_") {
            guard ["source", "medium", "campaign", "term", "content"].contains(name.dropFirst(4)) else { continue }
            set(name, value)
        }
    }

    private mutating func flatten(_ members: [String: JSON], prefix: String) {
        for (name, member) in members {
            if let nested = member.object {
                flatten(nested, prefix: prefix + name + ".")
                continue
            }
            var distinct: [ReferenceValue] = []
            for value in (member.array ?? [member]).compactMap(ReferenceEvent.scalar) where !distinct.contains(value) {
                distinct.append(value)
            }
            if !distinct.isEmpty { dimensions[prefix + name] = distinct }
        }
    }

    private static func scalar(_ json: JSON) -> ReferenceValue? {
        switch json {
        case .string(let text): ReferenceValue(kind: .string, text: Text(text))
        case .bool(let value): ReferenceValue(kind: .boolean, text: Text(value ? "true" : "false"))
        case .integer(let number): ReferenceValue(kind: .number, text: Text(String(number)))
        case .number(let number): ReferenceEvent.number(number)
        default: nil
        }
    }

    private static func number(_ number: Double) -> ReferenceValue {
        ReferenceValue(kind: .number, text: Text(canonical(number)))
    }

    /// The text of a number: without a fraction where it has none.
    static func canonical(_ number: Double) -> String {
        Int64(exactly: number).map(String.init) ?? number.description
    }

    /// The distinct texts of a dimension.
    func texts(_ dimension: String) -> [Text] {
        var distinct: [Text] = []
        for value in dimensions[dimension] ?? [] where !distinct.contains(value.text) { distinct.append(value.text) }
        return distinct
    }

    /// The number of a measure, `value` or a property whose text is one.
    func measure(_ name: String) -> Double? {
        if name == "value" { return value }
        return texts(name).first.flatMap { Double($0.string) }
    }
}

/// The parts of an address, cut with plain string operations: enough for the addresses that the random streams use.
struct ReferenceURL {
    var host: String?
    var path: String
    var parameters: [(String, String)] = []

    init(_ text: String) {
        var rest = Substring(text)
        if let fragment = rest.firstIndex(of: "#") { rest = rest[..<fragment] }
        var query: Substring?
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            let end = rest.firstIndex(of: "/") ?? rest.endIndex
            let authority = rest[..<end].lowercased()
            let usual = scheme == "https://" ? ":443" : ":80"
            host = authority.hasSuffix(usual) ? String(authority.dropLast(usual.count)) : authority
            rest = rest[end...]
        }
        path = rest.isEmpty ? "/" : String(rest)
        for pair in query?.split(separator: "&") ?? [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { continue }
            parameters.append((String(sides[0]), ReferenceURL.decoded(String(sides[1]))))
        }
    }

    private static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        let source = Array(text.utf8)
        var index = 0
        while index < source.count {
            if source[index] == UInt8(ascii: "%"), index + 2 < source.count,
                let byte = UInt8(String(decoding: source[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                bytes.append(byte)
                index += 3
            } else {
                bytes.append(source[index] == UInt8(ascii: "+") ? 0x20 : source[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
