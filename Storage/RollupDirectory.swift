/// What is known of a roll-up's blocks without reading them.
public struct RollupDirectory: Sendable {
    /// Whether every value that occurs has an entry.
    public internal(set) var isComplete = true
    /// Values that occur, those without an entry among them, the missing value too.
    public internal(set) var distinct = 0
    /// The most events of a value that has no entry; 0 if all have one.
    public internal(set) var maxEventsOfRest = 0
    /// All entries added up by event name, those that are not stored too; `nil` where they are the segment's own.
    public internal(set) var totals: RollupTotals?
    /// The blocks, most frequent values first.
    public internal(set) var blocks: [Summary] = []

    /// What no entry of a block exceeds.
    public struct Summary: Sendable {
        /// Position of the block's first entry among all.
        public internal(set) var first: Int
        /// Number of entries.
        public internal(set) var entries: Int
        /// The most events of an entry: those of its first.
        public internal(set) var maxEvents: Int
        /// A bound of the distinct visitors of an entry, whatever the names.
        public internal(set) var maxVisitors: Int
        /// A bound of the sum of `value` of an entry, whatever the names: negative cells are left out.
        public internal(set) var maxSum: Double
        /// Whether any entry has a set of visitors.
        public internal(set) var hasSets: Bool
        /// The most events and visitors of one cell of each name; empty if there are too many names to tell.
        public internal(set) var maxEventsOfName: [UInt32] = []
        public internal(set) var maxVisitorsOfName: [UInt32] = []
    }

    /// Bytes held, approximately.
    var bytes: Int {
        (totals?.bytes ?? 0)
            + blocks.reduce(128) { $0 + 96 + ($1.maxEventsOfName.count + $1.maxVisitorsOfName.count) * 4 }
    }
}

extension RollupDirectory.Summary {
    /// The bounds of a block.
    init(_ block: RollupBlock, first: Int, hasSets: Bool, shape: RollupShape, limits: RollupLimits) {
        self.init(
            first: first, entries: block.count, maxEvents: Int(block.events.first ?? 0), maxVisitors: 0, maxSum: 0,
            hasSets: hasSets)
        if shape.names <= limits.maxBoundedNames {
            maxEventsOfName = [UInt32](repeating: 0, count: shape.names)
            maxVisitorsOfName = maxEventsOfName
        }
        for entry in 0..<block.count {
            var visitors = 0
            var sum = 0.0
            for cell in block.cells(of: entry) {
                let name = Int(block.cellNames[cell])
                visitors += Int(block.cellVisitors[cell])
                if let statistics = block.statistics(ofCell: cell) { sum += max(0, statistics.sum.value) }
                guard !maxEventsOfName.isEmpty else { continue }
                maxEventsOfName[name] = max(maxEventsOfName[name], block.cellEvents[cell])
                maxVisitorsOfName[name] = max(maxVisitorsOfName[name], block.cellVisitors[cell])
            }
            maxVisitors = max(maxVisitors, block.visitors(of: entry) ?? min(visitors, shape.visitors))
            // Each addition errs by less than one unit in the last place.
            maxSum = max(maxSum, sum * (1 + Double(block.cells(of: entry).count) * 0x1p-52))
        }
        maxSum = min(maxSum, .greatestFiniteMagnitude)
    }
}

/// The first chunk of a roll-up: its directory and its first block.
struct RollupHead: Sendable {
    var directory: RollupDirectory
    var block: RollupBlock

    /// Bytes held, approximately.
    var bytes: Int { directory.bytes + block.bytes }

    private static let isComplete: UInt8 = 1
    private static let hasTotals: UInt8 = 2

    func encode(_ shape: RollupShape, isBrief: Bool = false) -> [UInt8] {
        var writer = ByteWriter(isBrief: isBrief)
        writer.u8((directory.isComplete ? Self.isComplete : 0) | (directory.totals != nil ? Self.hasTotals : 0))
        writer.varint(directory.distinct)
        writer.varint(directory.maxEventsOfRest)
        writer.varint(directory.blocks.count)
        for summary in directory.blocks {
            writer.varint(summary.entries)
            writer.varint(summary.maxEvents)
            writer.varint(summary.maxVisitors)
            writer.u8(summary.hasSets ? 1 : 0)
            if shape.hasValues { writer.f64(summary.maxSum) }
            writer.varint(summary.maxEventsOfName.count)
            writer.integers(summary.maxEventsOfName)
            writer.integers(summary.maxVisitorsOfName)
        }
        directory.totals?.encode(into: &writer)
        block.encode(into: &writer, shape)
        return writer.bytes
    }

    init(directory: RollupDirectory, block: RollupBlock) {
        self.directory = directory
        self.block = block
    }

    init(decoding bytes: UnsafeRawBufferPointer, _ shape: RollupShape) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        var directory = RollupDirectory()
        let flags = try reader.u8()
        directory.isComplete = flags & Self.isComplete != 0
        directory.distinct = try reader.bounded(shape.codes)
        directory.maxEventsOfRest = try reader.bounded(Int(UInt32.max))
        var next = 0
        for _ in 0..<(try reader.count(ofSize: 4)) {
            let entries = try reader.bounded(min(RollupBlock.maxEntriesRead, directory.distinct - next))
            var summary = RollupDirectory.Summary(
                first: next, entries: entries, maxEvents: try reader.bounded(Int(UInt32.max)),
                maxVisitors: try reader.bounded(shape.visitors), maxSum: 0, hasSets: try reader.u8() != 0)
            if shape.hasValues { summary.maxSum = try reader.f64() }
            let names = try reader.varint()
            guard names == 0 || names == UInt64(shape.names) else {
                throw DecodingFault("has bounds for \(names) of its names")
            }
            summary.maxEventsOfName = try reader.integers(count: Int(names), below: 1 << 32)
            summary.maxVisitorsOfName = try reader.integers(count: Int(names), below: shape.visitors + 1)
            guard summary.maxEvents <= directory.blocks.last?.maxEvents ?? .max else {
                throw DecodingFault("has blocks out of order")
            }
            directory.blocks.append(summary)
            next += entries
        }
        guard directory.isComplete == (next == directory.distinct) else {
            throw DecodingFault("has entries for \(next) of its \(directory.distinct) values")
        }
        if flags & Self.hasTotals != 0 { directory.totals = try RollupTotals(decoding: &reader, shape) }
        block = try RollupBlock(decoding: &reader, entries: directory.blocks.first?.entries ?? 0, shape)
        try block.check(directory.blocks.first)
        try reader.end()
        self.directory = directory
    }
}
