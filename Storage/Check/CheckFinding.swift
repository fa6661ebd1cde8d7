import Events

/// Something that is wrong with a store, and where.
public struct CheckFinding: Sendable, Equatable, CustomStringConvertible {
    /// What kind of thing is wrong.
    public enum Kind: String, Sendable, CaseIterable {
        /// A block's header, checksum, identity, compression or encoding is wrong.
        case block
        /// A part that a segment's header announces is not there.
        case missing
        /// A part that no segment's header announces is there.
        case orphan
        /// Blocks can be read and contradict each other: order, counts, ranges, roll-ups.
        case contents
        /// A key that no kind of row has.
        case key
        /// RocksDB cannot read a file of its own.
        case database
    }

    /// What kind of thing is wrong.
    public var kind: Kind
    /// Where it is.
    public var place: CheckPlace
    /// What is wrong there.
    public var reason: String

    public var description: String {
        let place = place.description
        return place.isEmpty ? reason : "\(place): \(reason)"
    }
}

/// Where in a store a block belongs. What is not known, or has no meaning for the block, is `nil`.
public struct CheckPlace: Sendable, Equatable, CustomStringConvertible {
    /// The site's name; `number 7` for one without.
    public var site: String?
    /// The segment's bucket: `day 2026-01-05` for example.
    public var bucket: String?
    /// The segment's number.
    public var segment: UInt64?
    /// The row, for what is not part of a segment: `log row 12`, `dead letter 3`.
    public var row: String?
    /// The part's name: see ``Part``.
    public var part: String?
    /// The column's name, for parts of which every column has its own.
    public var column: String?
    /// The chunk, for parts that are cut into chunks.
    public var chunk: Int?

    /// Creates a place.
    public init(
        site: String? = nil, bucket: String? = nil, segment: UInt64? = nil, row: String? = nil, part: String? = nil,
        column: String? = nil, chunk: Int? = nil
    ) {
        self.site = site
        self.bucket = bucket
        self.segment = segment
        self.row = row
        self.part = part
        self.column = column
        self.chunk = chunk
    }

    public var description: String {
        var words: [String] = []
        if let site { words.append("site \(site)") }
        if let bucket { words.append(bucket) }
        if let segment { words.append("segment \(segment)") }
        if let row { words.append(row) }
        if let part { words.append(part) }
        if let column { words.append("column \(column)") }
        if let chunk { words.append("chunk \(chunk)") }
        return words.joined(separator: ", ")
    }
}

extension Part {
    /// What it holds, in words.
    package var title: String {
        switch self {
        case .header: "header"
        case .visitorHashes: "visitor hashes"
        case .visitorNames: "visitor names"
        case .ordinals: "ordinals"
        case .times: "times"
        case .values: "values"
        case .dictionary: "dictionary"
        case .codes: "codes"
        case .rollup: "roll-up"
        case .directory: "directory"
        case .visitorCodes: "visitor codes"
        case .columnMap: "column map"
        }
    }

    /// Whether every column has one of its own.
    package var isOfColumn: Bool {
        switch self {
        case .dictionary, .codes, .rollup, .visitorCodes, .columnMap: true
        case .header, .visitorHashes, .visitorNames, .ordinals, .times, .values, .directory: false
        }
    }

    /// Whether it is cut into chunks.
    package var isChunked: Bool {
        switch self {
        case .ordinals, .times, .values, .codes, .rollup, .visitorCodes: true
        case .header, .visitorHashes, .visitorNames, .dictionary, .directory, .columnMap: false
        }
    }
}

extension Bucket {
    /// The level and the start in words: `hour 2026-01-05T13Z`, `day 2026-01-05`, `month 2026-01`.
    package var title: String {
        guard (CivilTime.earliest...CivilTime.latest).contains(start) else { return "\(level) \(start)" }
        let text = CivilTime.format(start)
        return switch level {
        case .none: "in flight"
        case .hour: "hour \(text.prefix(13))Z"
        case .day: "day \(text.prefix(10))"
        case .month: "month \(text.prefix(7))"
        }
    }
}
