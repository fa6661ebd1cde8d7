import Events

/// The rows of one event name within a segment; they lie together, sorted by (visitor, time).
public struct NameRun: Sendable {
    /// The event's name.
    public let name: String
    /// Its hash.
    public let hash: UInt64
    /// Its rows.
    public let rows: Range<Int>

    package init(name: String, hash: UInt64, rows: Range<Int>) {
        self.name = name
        self.hash = hash
        self.rows = rows
    }
}

/// What a segment knows of one of its dictionary columns without reading it.
public struct ColumnSummary: Sendable {
    /// The dimension's name, `props.NAME` for properties.
    public let name: String
    /// Number of codes, the missing value (code 0) among them.
    public let distinct: Int
    /// Rows with a value.
    public let present: Int
    /// Event times of the first and last row with a value, Unix milliseconds.
    public let first: Int64
    public let last: Int64
    /// Bit k is set when a value of ``ValueKind`` k occurs.
    public let kinds: UInt8
    /// How its roll-up is stored, if it has one.
    public let rollup: RollupKind
    /// Where the rows' codes come from.
    var storage = ColumnStorage.plain

    /// Whether a roll-up is stored.
    public var hasRollup: Bool { rollup != .none }
    /// Whether a roll-up of all values is stored.
    public var hasCompleteRollup: Bool { rollup == .version1 || rollup == .complete }
}

/// Where a sealed segment's column takes its rows' codes from.
enum ColumnStorage: Hashable, Sendable {
    /// From chunks of codes.
    case plain
    /// From each row's visitor: people seldom change their country, language or browser within a bucket.
    case byVisitor
    /// From another column within each event name: a path has one title.
    case byColumn(Int)

    /// Which of the three it is.
    enum Kind: Sendable {
        case plain
        case byVisitor
        case byColumn
    }

    var kind: Kind {
        switch self {
        case .plain: .plain
        case .byVisitor: .byVisitor
        case .byColumn: .byColumn
        }
    }
}

/// What a segment is and holds; always in memory.
public struct SegmentHeader: Sendable {
    /// The time it covers, level `.none` for a run in flight.
    public let bucket: Bucket
    /// Start of its calendar month (UTC): what the rows' time offsets count from.
    public let month: Int64
    /// First and last event time.
    public let first: Int64
    public let last: Int64
    /// Number of rows.
    public let rows: Int
    /// Number of distinct visitors.
    public let visitors: Int
    /// Whether any row has a `value`.
    public let hasValues: Bool
    /// Event names, sorted by their bytes, with their rows.
    public let names: [NameRun]
    /// Dictionary columns that have a value in any row, sorted by name.
    public let columns: [ColumnSummary]
    /// Version of the sealed parts' format.
    let version: UInt8
    /// Bytes of all its other blocks on disk; 0 where that was not written down (version 1, runs in flight).
    public let storedBytes: Int
    /// How the roll-up of its hours is stored, if it has one.
    public let hours: RollupKind
    // By bytes, for the same reason as everywhere: two names may look alike and differ.
    private let columnIndex: [[UInt8]: Int]

    init(
        bucket: Bucket, month: Int64, first: Int64, last: Int64, rows: Int, visitors: Int, hasValues: Bool,
        names: [NameRun], columns: [ColumnSummary], version: UInt8 = SegmentHeader.version, storedBytes: Int = 0,
        hours: RollupKind = .none
    ) {
        self.bucket = bucket
        self.month = month
        self.first = first
        self.last = last
        self.rows = rows
        self.visitors = visitors
        self.hasValues = hasValues
        self.names = names
        self.columns = columns
        self.version = version
        self.storedBytes = storedBytes
        self.hours = hours
        columnIndex = Dictionary(
            columns.enumerated().map { (Array($1.name.utf8), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Position of a dimension's column in ``columns``; `nil` if no row has a value.
    public func column(_ name: String) -> Int? { columnIndex[Array(name.utf8)] }

    /// Number of chunks of every row column.
    public var chunks: Int { (rows + CodeChunk.rows - 1) / CodeChunk.rows }

    /// Rows in a chunk.
    public func rows(inChunk chunk: Int) -> Int { min(CodeChunk.rows, rows - chunk * CodeChunk.rows) }

    /// The version of sealed parts that is written.
    static let version: UInt8 = 2

    /// The header of a run in a log row, which has stayed at version 1.
    package func encode() -> [UInt8] { encode(version: 1) }

    /// The header as a payload.
    package func encode(version: UInt8) -> [UInt8] {
        var writer = ByteWriter()
        writer.u8(bucket.level.rawValue)
        writer.fixed(bucket.start)
        writer.fixed(month)
        writer.fixed(first)
        writer.fixed(last)
        writer.varint(rows)
        writer.varint(visitors)
        writer.u8(hasValues ? 1 : 0)
        writer.varint(names.count)
        for name in names {
            writer.text(name.name)
            writer.varint(name.rows.count)
        }
        writer.varint(columns.count)
        for column in columns {
            writer.text(column.name)
            writer.varint(column.distinct)
            writer.varint(column.present)
            writer.fixed(column.first)
            writer.fixed(column.last)
            writer.u8(column.kinds)
            writer.u8(column.rollup.rawValue)
            guard version >= 2 else { continue }
            switch column.storage {
            case .plain: writer.u8(0)
            case .byVisitor: writer.u8(1)
            case .byColumn(let base):
                writer.u8(2)
                writer.varint(base)
            }
        }
        if version >= 2 {
            writer.varint(storedBytes)
            writer.u8(hours.rawValue)
        }
        return writer.bytes
    }

    package init(
        decoding bytes: UnsafeRawBufferPointer, hash: EventHash, version: UInt8 = 1
    ) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        guard let level = BucketLevel(rawValue: try reader.u8()) else { throw DecodingFault("has an unknown level") }
        let bucket = Bucket(level: level, start: try reader.fixed(Int64.self))
        let month = try reader.fixed(Int64.self)
        let first = try reader.fixed(Int64.self)
        let last = try reader.fixed(Int64.self)
        let (span, overflow) = last.subtractingReportingOverflow(month)
        guard month <= first, first <= last, !overflow, span < Int64(UInt32.max) else {
            throw DecodingFault("has times outside its month")
        }
        let rows = try reader.bounded(Int(UInt32.max))
        let visitors = try reader.bounded(rows)
        let hasValues = try reader.u8() != 0
        var names: [NameRun] = []
        var next = 0
        for _ in 0..<(try reader.count(ofSize: 2)) {
            let name = try reader.text()
            let count = try reader.bounded(rows - next)
            guard count > 0 else { throw DecodingFault("has a name without rows") }
            names.append(NameRun(name: name, hash: hash(name), rows: next..<(next + count)))
            next += count
        }
        guard next == rows else { throw DecodingFault("has names for \(next) of its \(rows) rows") }
        var columns: [ColumnSummary] = []
        for _ in 0..<(try reader.count(ofSize: 20)) {
            var column = ColumnSummary(
                name: try reader.text(), distinct: max(1, try reader.bounded(Int(UInt32.max))),
                present: try reader.bounded(rows), first: try reader.fixed(Int64.self),
                last: try reader.fixed(Int64.self), kinds: try reader.u8(),
                rollup: try SegmentHeader.rollup(&reader, version))
            if version >= 2 { column.storage = try SegmentHeader.storage(&reader) }
            columns.append(column)
        }
        for column in columns {
            guard first <= column.first, column.first <= column.last, column.last <= last else {
                throw DecodingFault("has a column with times outside its own")
            }
            // A base is stored by itself, so that following it ends at once.
            if case .byColumn(let base) = column.storage, base >= columns.count || columns[base].storage != .plain {
                throw DecodingFault("has a column that depends on none")
            }
        }
        let storedBytes = version >= 2 ? try reader.bounded(1 << 56) : 0
        let hours = version >= 2 ? try SegmentHeader.rollup(&reader, version) : .none
        try reader.end()
        self.init(
            bucket: bucket, month: month, first: first, last: last, rows: rows, visitors: visitors,
            hasValues: hasValues, names: names, columns: columns, version: version, storedBytes: storedBytes,
            hours: hours)
    }

    private static func rollup(_ reader: inout ByteReader, _ version: UInt8) throws(DecodingFault) -> RollupKind {
        let byte = try reader.u8()
        // Version 1 knew but one kind, and any other byte than 0 for it.
        if version == 1 { return byte == 0 ? .none : .version1 }
        guard let kind = RollupKind(rawValue: byte), kind != .version1 else {
            throw DecodingFault("has a roll-up of unknown kind \(byte)")
        }
        return kind
    }

    private static func storage(_ reader: inout ByteReader) throws(DecodingFault) -> ColumnStorage {
        switch try reader.u8() {
        case 0: .plain
        case 1: .byVisitor
        case 2: .byColumn(try reader.bounded(Int(UInt16.max)))
        case let kind: throw DecodingFault("has a column of unknown storage \(kind)")
        }
    }
}
