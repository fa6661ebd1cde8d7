extension CommonQuery {
    /// The names that queries of every kind may have.
    static let knownKeys = ["site", "range", "last", "from", "to", "timezone", "where", "cache", "timeout"]

    /// Reads what all kinds have in common.
    init(_ reader: ObjectReader, filters: inout FilterReader) throws(QueryError) {
        self.init()
        if let site = try reader.string("site") {
            guard Self.isSite(site) else {
                throw QueryError(
                    .invalidQuery,
                    "`site`: \(ShownText.quoted(site)) is no site's name; "
                        + "that has 1 to 64 letters, digits, dots, underscores and hyphens", field: "site")
            }
            self.site = site
        }
        if let zone = try reader.string("timezone") { timezone = try TimeZoneSpec(zone, path: "timezone") }
        range = try TimeRange(reader)
        if let value = reader["where"] { filter = try filters.filter(value, path: "where") }
        useCache = try reader.bool("cache") ?? true
        timeoutMs = try reader.duration("timeout", minimum: 1)
    }

    private static func isSite(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
    }
}

extension TimeRange {
    private static let forms =
        "write {\"from\", \"to\"}, {\"last\": \"24h\"}, \"today\", \"yesterday\", \"month\", \"all\" "
        + "or a duration such as \"7d\""

    /// Reads `range`, or `last`, `from` and `to` beside it; all there is when none of them is given.
    fileprivate init(_ reader: ObjectReader) throws(QueryError) {
        let beside = ["last", "from", "to"].filter { reader[$0] != nil }
        guard let range = reader["range"] else {
            self = try TimeRange(ends: reader)
            return
        }
        guard beside.isEmpty else {
            throw QueryError(
                .invalidRange, "`range` and `\(beside[0])` both say which time is meant; write one of them",
                field: beside[0])
        }
        switch range {
        case .string(let text): self = try TimeRange(name: text)
        case .object:
            let inner = try ObjectReader(range, path: "range", what: "a range", known: ["from", "to", "last"])
            guard inner["from"] != nil || inner["to"] != nil || inner["last"] != nil else {
                throw QueryError(.invalidRange, "`range` is empty; \(Self.forms)", field: "range")
            }
            self = try TimeRange(ends: inner)
        default:
            throw QueryError(.invalidRange, "`range` is \(range.kindName); \(Self.forms)", field: "range")
        }
    }

    private init(name: String) throws(QueryError) {
        switch name {
        case "all": self = .all
        case "today": self = .today
        case "yesterday": self = .yesterday
        case "month": self = .month
        default:
            // A number without a unit is more likely a mistake than a duration in milliseconds.
            guard let duration = DurationText.parse(name), Int64(name) == nil, duration > 0 else {
                throw QueryError(
                    .invalidRange, "`range`: \(ShownText.quoted(name)) is no range; \(Self.forms)", field: "range")
            }
            self = .last(duration)
        }
    }

    private init(ends reader: ObjectReader) throws(QueryError) {
        if let last = try reader.duration("last", minimum: 1) {
            for key in ["from", "to"] where reader[key] != nil {
                throw QueryError(
                    .invalidRange,
                    "`\(reader.path("last"))` ends now, so `\(reader.path(key))` cannot stand beside it",
                    field: reader.path(key))
            }
            self = .last(last)
            return
        }
        var ends: (from: Int64?, to: Int64?)
        if let from = reader["from"] { ends.from = try Timestamp.parse(from, path: reader.path("from")) }
        if let to = reader["to"] { ends.to = try Timestamp.parse(to, path: reader.path("to")) }
        if let from = ends.from, let to = ends.to, from > to {
            throw QueryError(
                .invalidRange,
                "`\(reader.path("from"))` is later than `\(reader.path("to"))`; a range starts before it ends",
                field: reader.path("from"))
        }
        self = ends.from == nil && ends.to == nil ? .all : .absolute(from: ends.from, to: ends.to)
    }
}
