import Events
import RocksDB

/// What a store holds and how many bytes it takes, by site, level and column.
public struct StoreStats: Sendable {
    /// Bytes of some blocks.
    public struct Size: Sendable, Equatable {
        /// Number of blocks.
        public var blocks = 0
        /// Their bytes as stored, their headers of 40 bytes among them.
        public var stored = 0
        /// Bytes of their payloads before compression.
        public var raw = 0

        /// Payload bytes a stored byte; 1 for nothing.
        public var ratio: Double { stored == 0 ? 1 : Double(raw) / Double(stored) }

        mutating func add(_ other: Size) {
            blocks += other.blocks
            stored += other.stored
            raw += other.raw
        }

        /// Reads a block's own header; the block is not checked.
        init?(block: UnsafeRawBufferPointer) {
            guard let raw = Block.payloadBytes(block) else { return nil }
            self.init(blocks: 1, stored: block.count, raw: raw)
        }

        /// Creates a size.
        public init(blocks: Int = 0, stored: Int = 0, raw: Int = 0) {
            self.blocks = blocks
            self.stored = stored
            self.raw = raw
        }
    }

    /// What kind of thing bytes are spent on.
    public enum Group: String, Sendable, CaseIterable {
        case headers
        case visitors
        case visitorNames = "visitor_names"
        /// Rows and their dictionaries.
        case events
        case rollups
        case logRows = "log_rows"
        case ids
        case deadLetters = "dead_letters"
        case erasures
    }

    /// A site's sealed segments of one level.
    public struct Level: Sendable {
        public var level: BucketLevel
        public var segments = 0
        public var rows = 0
        /// Visitors added up over the segments.
        public var visitors = 0
        /// Event times of the first and last event, Unix milliseconds.
        public var first = Int64.max
        public var last = Int64.min

        mutating func add(_ header: SegmentHeader) {
            segments += 1
            rows += header.rows
            visitors += header.visitors
            first = min(first, header.first)
            last = max(last, header.last)
        }
    }

    /// The bytes of one column, or of one part that belongs to no column.
    public struct Column: Sendable {
        public var name: String
        public var total = Size()
        public var parts: [String: Size] = [:]
        /// Chunks by how they are encoded.
        public var encodings: [String: Int] = [:]

        mutating func add(_ part: Part, _ size: Size) {
            total.add(size)
            parts[part.key, default: Size()].add(size)
        }
    }

    /// One site.
    public struct Site: Sendable {
        public var name: String
        public var levels: [Level] = []
        public var groups: [Group: Size] = [:]
        /// In the order of their names; the columns every event has (`visitor`, `time`, …) are not among them.
        public var columns: [Column] = []
        /// The parts that belong to no column.
        public var parts: [String: Size] = [:]
        public var logRows = 0
        public var deadLetters = 0

        /// All levels together.
        public var segments: Int { levels.reduce(0) { $0 + $1.segments } }
        public var rows: Int { levels.reduce(0) { $0 + $1.rows } }
        /// Event times of the first and last sealed event; `nil` if nothing is sealed.
        public var first: Int64? { levels.map(\.first).min() }
        public var last: Int64? { levels.map(\.last).max() }
        /// All its blocks.
        public var total: Size { groups.values.reduce(into: Size()) { $0.add($1) } }
    }

    public var formatVersion: UInt32 = 0
    /// In the order of their names.
    public var sites: [Site] = []
    /// Blocks of idempotency ids, which belong to no site.
    public var ids = Size()
    /// Rows that are no readable blocks; `weir check` says more.
    public var unreadable = 0
    /// Bytes of the directory's files: those of sorted keys, of the log, and the others.
    public var tableBytes = 0
    public var logBytes = 0
    public var otherBytes = 0

    public var directoryBytes: Int { tableBytes + logBytes + otherBytes }
    /// All sites together.
    public var groups: [Group: Size] {
        var groups: [Group: Size] = [.ids: ids]
        for site in sites { for (group, size) in site.groups { groups[group, default: Size()].add(size) } }
        return groups
    }
}

extension Part {
    /// Its name where programs read it.
    var key: String {
        switch self {
        case .header: "header"
        case .visitorHashes: "visitor_hashes"
        case .visitorNames: "visitor_names"
        case .ordinals: "ordinals"
        case .times: "times"
        case .values: "values"
        case .dictionary: "dictionary"
        case .codes: "codes"
        case .rollup: "rollup"
        case .directory: "directory"
        case .visitorCodes: "visitor_codes"
        case .columnMap: "column_map"
        }
    }

    /// What its bytes are counted as.
    var group: StoreStats.Group {
        switch self {
        case .header, .directory: .headers
        case .visitorHashes: .visitors
        case .visitorNames: .visitorNames
        case .ordinals, .times, .values, .dictionary, .codes, .visitorCodes, .columnMap: .events
        case .rollup: .rollups
        }
    }
}
