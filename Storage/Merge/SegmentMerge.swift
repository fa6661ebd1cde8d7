import Events

/// Writes one sealed segment from rows of others, column by column and chunk by chunk.
///
/// Memory besides the sources': one byte a row for their order, the encoded ordinals (about two bits a row) and those of at most
/// ``maxBases`` columns that others may depend on, and a column's dictionary at a time.
struct SegmentMerge {
    let sources: MergeSources
    let selection: MergeSelection
    let segment: UInt64
    let order: MergeOrder
    let names: [NameRun]
    let visitorHashes: [UInt64]
    /// How columns of the same names were stored lately, by the bytes of their names.
    let hints: [[UInt8]: ColumnStorage.Kind]
    /// Whether a dependence that the hints tell of was not found, so that they are about other data.
    var ignoresHints = false
    /// Called between chunks; throws when the work is to be given up.
    let check: () throws(StorageError) -> Void
    var directory = ChunkDirectory()
    var bases: [Base] = []
    private var values: [[UInt8]] = []
    /// The same decoded, where that is not too much to hold.
    private var numbers: [[Double]] = []
    /// The ordinals of all chunks, where that is not too much to hold: each column needs them.
    private let ordinals: [[UInt32]]

    /// A column that others may depend on, with its encoded chunks.
    struct Base {
        var column: Int
        var codes: Int
        var chunks: [[UInt8]]
    }

    /// Columns that are kept for others to depend on, and what they may hold at the most.
    static let maxBases = 3
    static let maxBaseBytes = 64 << 20
    /// Segments with fewer rows store every column by itself: there is little to gain.
    static let minDependentRows = 2_048
    /// Rows up to which decoded ordinals and measures are held.
    private static let maxHeldRows = 1 << 22

    /// Writes a segment's parts and its header into a batch.
    ///
    /// - Parameters:
    ///   - segment: its number.
    ///   - hints: how columns were stored in segments like this one; what they do not say is found out.
    ///   - check: called now and then; what it throws ends the work.
    /// - Returns: the header; `nil` if no row was selected.
    /// - Complexity: O(rows · columns), each source read a few times.
    static func write(
        _ sources: MergeSources, _ selection: MergeSelection, segment: UInt64, into batch: inout PartsBatch,
        hints: [[UInt8]: ColumnStorage.Kind] = [:], check: @escaping () throws(StorageError) -> Void = {}
    ) throws(StorageError) -> SegmentHeader? {
        let order = try OrderBuilder.build(sources, selection, check: check)
        guard order.rows > 0 else { return nil }
        var merge = SegmentMerge(sources, selection, segment: segment, order: order, hints: hints, check: check)
        return try merge.write(&batch)
    }

    private init(
        _ sources: MergeSources, _ selection: MergeSelection, segment: UInt64, order: MergeOrder,
        hints: [[UInt8]: ColumnStorage.Kind], check: @escaping () throws(StorageError) -> Void
    ) {
        self.sources = sources
        self.selection = selection
        self.segment = segment
        self.order = order
        self.hints = hints
        self.check = check
        var names: [NameRun] = []
        var next = 0
        for (name, rows) in zip(sources.names, order.rowsOfName) where rows > 0 {
            names.append(NameRun(name: name.text, hash: name.hash, rows: next..<(next + rows)))
            next += rows
        }
        self.names = names
        visitorHashes = order.usedVisitors.map { $0.map { sources.visitors[Int($0)] } } ?? sources.visitors
        ordinals =
            order.rows > Self.maxHeldRows
            ? []
            : order.ordinals.indices.map { chunk in
                order.ordinals(chunk: chunk, rows: min(CodeChunk.rows, order.rows - chunk * CodeChunk.rows))
            }
    }

    var chunks: Int { order.ordinals.count }

    func rows(inChunk chunk: Int) -> Range<Int> {
        (chunk * CodeChunk.rows)..<min((chunk + 1) * CodeChunk.rows, order.rows)
    }

    /// The visitors of a chunk's rows.
    func ordinals(chunk: Int) -> [UInt32] {
        ordinals.isEmpty ? order.ordinals(chunk: chunk, rows: rows(inChunk: chunk).count) : ordinals[chunk]
    }

    /// Whether any row has a measure.
    var hasValues: Bool { directory.hasValues.contains(true) }

    private mutating func write(_ batch: inout PartsBatch) throws(StorageError) -> SegmentHeader {
        try writeVisitors(&batch)
        for chunk in 0..<chunks {
            try batch.putEncoded(
                PartID(part: .ordinals, chunk: UInt32(chunk)), order.ordinals[chunk], segment: segment)
            try batch.putEncoded(PartID(part: .times, chunk: UInt32(chunk)), order.times[chunk], segment: segment)
        }
        directory.times = order.timeRanges
        try writeValues(&batch)
        // Columns with many values first: others may depend on them.
        var summaries: [(place: Int, position: Int, summary: ColumnSummary)] = []
        var columns: [(place: Int, source: ColumnSources)] = []
        for (place, column) in sources.columns.enumerated() {
            try check()
            guard
                let source = try ColumnSources(
                    sources, selection, positions: column.positions, isBrief: selection.isBrief)
            else { continue }
            columns.append((place, source))
        }
        directory.columns = [[ChunkDirectory.Zone]](repeating: [], count: columns.count)
        let byCount = columns.indices.sorted { columns[$0].source.table.count > columns[$1].source.table.count }
        for position in byCount {
            let (place, source) = columns[position]
            let summary = try write(position, sources.columns[place], source, &batch)
            summaries.append((place, position, summary))
        }
        summaries.sort { $0.position < $1.position }
        try batch.put(PartID(part: .directory), directory.encode(), segment: segment)
        let first = order.timeRanges.map(\.lowerBound).min() ?? 0
        let last = order.timeRanges.map(\.upperBound).max() ?? 0
        let hours = try writeHours(
            SegmentHours(
                month: sources.month, first: sources.month + Int64(first), last: sources.month + Int64(last)), &batch)
        let header = SegmentHeader(
            bucket: selection.bucket, month: sources.month, first: sources.month + Int64(first),
            last: sources.month + Int64(last), rows: order.rows, visitors: order.visitors,
            hasValues: hasValues, names: names, columns: summaries.map(\.summary),
            storedBytes: batch.storedBytes(segment), hours: hours)
        batch.putHeader(header, segment: segment)
        return header
    }

    // MARK: Visitors and values

    private func writeVisitors(_ batch: inout PartsBatch) throws(StorageError) {
        var writer = ByteWriter()
        writer.array(visitorHashes)
        try batch.putEncoded(PartID(part: .visitorHashes), writer.bytes, segment: segment)
        // Each visitor's name from the first source that has it. Sources are read twice, so that only one of their
        // tables is held at a time: lengths first, then the bytes into their places.
        let count = visitorHashes.count
        var places = [UInt32](repeating: UInt32.max, count: sources.visitors.count)
        if let used = order.usedVisitors {
            for (number, visitor) in used.enumerated() { places[Int(visitor)] = UInt32(number) }
        } else {
            for visitor in places.indices { places[visitor] = UInt32(visitor) }
        }
        var owner = [UInt8](repeating: UInt8.max, count: count)
        var lengths = [UInt32](repeating: 0, count: count)
        for (source, segment) in sources.segments.enumerated() {
            let names = try segment.visitorNames()
            for (ordinal, visitor) in sources.visitorMaps[source].enumerated() {
                let place = Int(places[Int(visitor)])
                guard place < count, owner[place] == UInt8.max else { continue }
                owner[place] = UInt8(source)
                lengths[place] = names.ends[ordinal + 1] - names.ends[ordinal]
            }
        }
        var ends: [Int] = []
        ends.reserveCapacity(count)
        var total = 0
        for length in lengths {
            total += Int(length)
            ends.append(total)
        }
        var bytes = [UInt8](repeating: 0, count: total)
        for (source, segment) in sources.segments.enumerated() {
            let names = try segment.visitorNames()
            for (ordinal, visitor) in sources.visitorMaps[source].enumerated() {
                let place = Int(places[Int(visitor)])
                guard place < count, owner[place] == UInt8(source) else { continue }
                let start = ends[place] - Int(lengths[place])
                for offset in 0..<Int(lengths[place]) {
                    bytes[start + offset] = names.bytes[Int(names.ends[ordinal]) + offset]
                }
            }
        }
        try batch.put(
            PartID(part: .visitorNames), SegmentParts.encodeNames(lengths: lengths, bytes), segment: segment)
    }

    private mutating func writeValues(_ batch: inout PartsBatch) throws(StorageError) {
        guard sources.segments.contains(where: { $0.header.hasValues }) else {
            directory.hasValues = [Bool](repeating: false, count: chunks)
            return
        }
        var readers = sources.segments.indices.map {
            ValueCursor(sources.segments[$0], rows: selection.rows[$0])
        }
        for chunk in 0..<chunks {
            var numbers: [Double] = []
            numbers.reserveCapacity(CodeChunk.rows)
            for row in rows(inChunk: chunk) { numbers.append(try readers[Int(order.sources[row])].next()) }
            let isPresent = numbers.contains { !$0.isNaN }
            directory.hasValues.append(isPresent)
            var writer = ByteWriter()
            if isPresent {
                NumberCodec.encode(numbers[...], into: &writer)
                try batch.put(PartID(part: .values, chunk: UInt32(chunk)), writer.bytes, segment: segment)
            }
            values.append(writer.bytes)
            if order.rows <= Self.maxHeldRows { self.numbers.append(isPresent ? numbers : []) }
        }
    }

    /// A chunk's measures as they were written; `nil` if it has none.
    func values(chunk: Int) -> [Double]? {
        guard chunk < values.count, directory.hasValues[chunk] else { return nil }
        if !numbers.isEmpty { return numbers[chunk] }
        return SegmentParts.ownBytes(values[chunk]) { (raw) throws(DecodingFault) in
            try SegmentParts.decodeMeasures(raw, rows: rows(inChunk: chunk).count)
        }
    }

    /// Writes the roll-up of the rows' hours.
    private func writeHours(_ hours: SegmentHours, _ batch: inout PartsBatch) throws(StorageError) -> RollupKind {
        var rollup = RollupBuilder(
            hours: hours, names: names, visitorHashes: visitorHashes, hasValues: hasValues)
        var codes: [UInt32] = []
        for chunk in 0..<chunks {
            try check()
            let range = rows(inChunk: chunk)
            let times = order.times(chunk: chunk, rows: range.count)
            times.withUnsafeBufferPointer { hours.codes(of: $0, into: &codes) }
            rollup.add(
                firstRow: range.lowerBound, codes: codes, ordinals: order.ordinals(chunk: chunk, rows: range.count),
                values: values(chunk: chunk))
        }
        let encoded = rollup.finish()
        for part in encoded.parts(column: Int(SegmentHours.column)) {
            try batch.put(part.id, part.payload, segment: segment)
        }
        return encoded.kind
    }
}

/// A walk over the measures of the rows taken from one source.
private struct ValueCursor {
    private let segment: Segment
    private let rows: [UInt32]?
    private var place = 0
    private var chunk = -1
    private var values: [Double]?

    init(_ segment: Segment, rows: [UInt32]?) {
        self.segment = segment
        self.rows = rows
    }

    @inline(__always)
    mutating func next() throws(StorageError) -> Double {
        let row = if let rows { Int(rows[place]) } else { place }
        place += 1
        if row / CodeChunk.rows != chunk {
            chunk = row / CodeChunk.rows
            values = try segment.values(chunk: chunk)
        }
        guard let values else { return .nan }
        return values[row % CodeChunk.rows]
    }
}
