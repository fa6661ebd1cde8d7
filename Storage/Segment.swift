import Events

/// An immutable, sorted set of one site's events: a run in flight or a sealed segment, with one way to read both.
///
/// Rows are sorted by (event name, visitor hash, time). Reading a sealed segment's parts goes to the cache or the
/// disk and can fail; a run's parts are in memory.
public final class Segment: Sendable {
    /// The site's number.
    public let site: UInt32
    /// Unique in the store while it is open; 0 for a run that has not been committed.
    public let number: UInt64
    /// What it holds.
    public let header: SegmentHeader
    let source: Source

    enum Source: Sendable {
        case memory(RunColumns)
        case stored(StoredParts)
        /// Another segment with some visitors' rows left out.
        case masked(MaskedParts)
    }

    init(site: UInt32, number: UInt64, header: SegmentHeader, source: Source) {
        self.site = site
        self.number = number
        self.header = header
        self.source = source
    }

    /// Whether it is sealed on disk (rather than a run in memory).
    public var isSealed: Bool { foundation.isStored }

    private var isStored: Bool {
        if case .stored = source { true } else { false }
    }

    /// Whether rows of erased visitors are left out of what lies underneath, so that it is to be rewritten soon. The
    /// dictionaries of such a segment may hold values that no row has.
    public var isMasked: Bool { mask != nil }

    /// What hides rows, if anything does.
    var mask: MaskedParts? {
        if case .masked(let parts) = source { parts } else { nil }
    }

    /// The segment that holds the parts: the one under the mask, or this one.
    var foundation: Segment { mask?.base ?? self }

    /// Bytes held in memory by a run; 0 for a sealed segment, whose bytes the cache accounts for.
    public var residentBytes: Int {
        if case .memory(let columns) = source { columns.bytes } else { 0 }
    }

    /// A run's columns; `nil` for a sealed segment.
    var runColumns: RunColumns? {
        if case .memory(let columns) = source { columns } else { nil }
    }

    /// The visitors' hashes, ascending; a row's ordinal is a position in it.
    public func visitorHashes() throws(StorageError) -> [UInt64] {
        switch source {
        case .memory(let columns): columns.visitorHashes
        case .stored(let parts): try parts.visitorHashes(header)
        case .masked(let parts): try parts.visitorHashes()
        }
    }

    /// The visitors' names; ordinal `n` is code `n + 1`.
    public func visitorNames() throws(StorageError) -> ValueTable {
        switch source {
        case .memory(let columns): columns.visitorNames
        case .stored(let parts): try parts.table(.init(part: .visitorNames), count: header.visitors + 1)
        case .masked(let parts): try parts.visitorNames()
        }
    }

    /// The visitor ordinals of a chunk's rows.
    public func ordinals(chunk: Int) throws(StorageError) -> [UInt32] {
        switch source {
        case .memory(let columns): columns.ordinals[chunk]
        case .stored(let parts):
            try parts.integers(.ordinals, chunk: chunk, rows: header.rows(inChunk: chunk), below: header.visitors)
        case .masked(let parts): try parts.ordinals(chunk: chunk)
        }
    }

    /// The times of a chunk's rows, milliseconds since ``SegmentHeader/month``.
    public func times(chunk: Int) throws(StorageError) -> [UInt32] {
        switch source {
        case .memory(let columns): columns.times[chunk]
        case .stored(let parts):
            try parts.integers(
                .times, chunk: chunk, rows: header.rows(inChunk: chunk), below: Int(header.last - header.month) + 1)
        case .masked(let parts): try parts.times(chunk: chunk)
        }
    }

    /// The measures of a chunk's rows, NaN where there is none; `nil` if no row of the segment has one.
    public func values(chunk: Int) throws(StorageError) -> [Double]? {
        guard header.hasValues else { return nil }
        return switch source {
        case .memory(let columns): columns.values[chunk]
        case .stored(let parts): try parts.values(header, chunk: chunk)
        case .masked(let parts): try parts.values(chunk: chunk)
        }
    }

    /// The distinct values of a column (a position in ``SegmentHeader/columns``).
    public func table(column: Int) throws(StorageError) -> ValueTable {
        switch source {
        case .memory(let columns): columns.columns[column].table
        case .stored(let parts):
            try parts.table(
                .init(part: .dictionary, column: UInt16(column)), count: header.columns[column].distinct)
        case .masked(let parts): try parts.table(column: column)
        }
    }

    /// The codes of a chunk's rows in a column.
    public func codes(column: Int, chunk: Int) throws(StorageError) -> CodeChunk {
        switch source {
        case .memory(let columns): columns.columns[column].chunks[chunk]
        case .stored(let parts): try parts.codes(header, column: column, chunk: chunk)
        case .masked(let parts): try parts.codes(column: column, chunk: chunk)
        }
    }

    /// The roll-up of a column, if one is stored.
    public func rollup(column: Int) throws(StorageError) -> Rollup? {
        let kind = header.columns[column].rollup
        guard kind != .none, case .stored(let parts) = source else { return nil }
        return try parts.rollup(column: UInt16(column), kind: kind, RollupShape(header, column: column))
    }

    /// The roll-up of the segment's hours, if one is stored: a value an hour, see ``SegmentHours``.
    public func hours() throws(StorageError) -> Rollup? {
        guard header.hours != .none, case .stored(let parts) = source else { return nil }
        return try parts.rollup(
            column: SegmentHours.column, kind: header.hours,
            RollupShape(
                codes: SegmentHours(header).codes, names: header.names.count, visitors: header.visitors,
                hasValues: header.hasValues))
    }
}

/// The parts of a run, in memory.
package struct RunColumns: Sendable {
    var visitorHashes: [UInt64]
    var visitorNames: ValueTable
    var ordinals: [[UInt32]]
    var times: [[UInt32]]
    /// Empty if no row has a measure.
    var values: [[Double]]
    /// In the order of the header's columns.
    var columns: [RunColumn]

    /// Bytes held, approximately.
    var bytes: Int {
        visitorHashes.count * 8 + tableBytes(visitorNames)
            + ordinals.reduce(0) { $0 + $1.count * 8 }
            + values.reduce(0) { $0 + $1.count * 8 }
            + columns.reduce(0) { $0 + tableBytes($1.table) + $1.chunks.reduce(0) { $0 + $1.bytes } }
    }

    private func tableBytes(_ table: ValueTable) -> Int { table.bytes.count + table.count * 29 + 128 }
}

/// One dictionary column of a run.
package struct RunColumn: Sendable {
    var table: ValueTable
    var chunks: [CodeChunk]
}
