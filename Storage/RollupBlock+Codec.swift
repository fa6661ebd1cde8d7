/// Blocks of a roll-up as bytes. See `FORMAT.md`, "Roll-up".
///
/// Cells are written name by name: numbers of one name are of one magnitude and fall from entry to entry, so that they
/// pack into few bits; the entries of a name are ascending positions, which cost next to nothing where most entries
/// have the name. A tail of entries with one event each is a run of ascending codes and a few constants.
extension RollupBlock {
    /// The most entries a reader believes in.
    static let maxEntriesRead = CodeChunk.rows

    func encode(into writer: inout ByteWriter, _ shape: RollupShape) {
        // The order of the cells on disk: by name, then by entry.
        var counts = [UInt32](repeating: 0, count: shape.names)
        for name in cellNames { counts[Int(name)] += 1 }
        var next = [Int](repeating: 0, count: shape.names)
        for name in counts.indices.dropFirst() { next[name] = next[name - 1] + Int(counts[name - 1]) }
        var order = [Int](repeating: 0, count: cellNames.count)
        var positions = [UInt32](repeating: 0, count: cellNames.count)
        var together: [UInt32] = []
        for entry in codes.indices {
            let cells = cells(of: entry)
            for cell in cells {
                let place = next[Int(cellNames[cell])]
                next[Int(cellNames[cell])] += 1
                order[place] = cell
                positions[place] = UInt32(entry)
            }
            // Those of an entry with one name are the cell's; those of others are at least those of any cell.
            guard cells.count > 1 else { continue }
            let least = cellVisitors[cells].max() ?? 0
            together.append(visitors[entry] == Self.unknown ? 0 : visitors[entry] - least + 1)
        }
        writer.varint(cellNames.count)
        writer.integers(codes)
        writer.integers(counts)
        writer.integers(positions)
        writer.integers(order.map { cellEvents[$0] - 1 })
        writer.integers(order.map { cellEvents[$0] - cellVisitors[$0] })
        writer.integers(together)
        if shape.hasValues {
            // Most cells have no numbers at all.
            var counts = [UInt32](repeating: 0, count: order.count)
            var numbers: [Statistics] = []
            if !statistics.isEmpty {
                for (place, cell) in order.enumerated() where cellStatistics[cell] != 0 {
                    numbers.append(statistics[Int(cellStatistics[cell]) - 1])
                    counts[place] = numbers[numbers.count - 1].count
                }
            }
            writer.integers(counts)
            Statistics.encode(numbers, into: &writer)
        }
    }

    /// Decodes a block that is a part by itself.
    init(
        decoding bytes: UnsafeRawBufferPointer, _ summary: RollupDirectory.Summary, _ shape: RollupShape
    ) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        try self.init(decoding: &reader, entries: summary.entries, shape)
        try reader.end()
        try check(summary)
    }

    /// Compares a block with what the directory says of it.
    func check(_ summary: RollupDirectory.Summary?) throws(DecodingFault) {
        guard events.first.map(Int.init) == summary?.maxEvents else {
            throw DecodingFault("has other entries than its directory says")
        }
    }

    init(decoding reader: inout ByteReader, entries: Int, _ shape: RollupShape) throws(DecodingFault) {
        guard entries <= Self.maxEntriesRead else { throw DecodingFault("declares more entries than a block has") }
        let (possible, overflow) = entries.multipliedReportingOverflow(by: shape.names)
        let cells = try reader.bounded(min(Self.maxCellsRead, overflow ? .max : possible))
        codes = try reader.integers(count: entries, below: shape.codes)
        let counts = try reader.integers(count: shape.names, below: entries + 1)
        guard counts.reduce(0, { $0 + Int($1) }) == cells else { throw DecodingFault("has cells of no name") }
        let positions = try reader.integers(count: cells, below: entries)
        let eventsLessOne = try reader.integers(count: cells, below: Int(UInt32.max))
        let repeats = try reader.integers(count: cells, below: Int(UInt32.max))

        starts = [UInt32](repeating: 0, count: entries + 1)
        for position in positions { starts[Int(position) + 1] += 1 }
        for entry in 0..<entries { starts[entry + 1] += starts[entry] }
        var next = starts
        var order = [Int](repeating: 0, count: cells)
        cellNames = [UInt32](repeating: 0, count: cells)
        cellEvents = cellNames
        cellVisitors = cellNames
        var place = 0
        for (name, count) in counts.enumerated() {
            var previous = -1
            for _ in 0..<count {
                let entry = Int(positions[place])
                guard entry > previous else { throw DecodingFault("has cells out of order") }
                previous = entry
                let cell = Int(next[entry])
                next[entry] += 1
                let events = eventsLessOne[place] + 1
                guard repeats[place] < events else { throw DecodingFault("has events without visitors") }
                cellNames[cell] = UInt32(name)
                cellEvents[cell] = events
                cellVisitors[cell] = events - repeats[place]
                order[place] = cell
                place += 1
            }
        }
        try decodeEntries(&reader, shape)
        if shape.hasValues { try decodeStatistics(&reader, order) }
    }

    /// Adds cells up and checks the order of the entries.
    private mutating func decodeEntries(_ reader: inout ByteReader, _ shape: RollupShape) throws(DecodingFault) {
        var shared = 0
        for entry in codes.indices where starts[entry + 1] - starts[entry] > 1 { shared += 1 }
        let together = try reader.integers(count: shared, below: shape.visitors + 2)
        shared = 0
        events.reserveCapacity(codes.count)
        visitors.reserveCapacity(codes.count)
        for entry in codes.indices {
            let cells = cells(of: entry)
            guard let least = cellVisitors[cells].max(), Int(least) <= shape.visitors else {
                throw DecodingFault("has an entry without cells or with too many visitors")
            }
            let sum = cellEvents[cells].reduce(0) { $0 + UInt64($1) }
            let before = UInt64(events.last ?? .max)
            guard sum < before || sum == before && (entry == 0 || codes[entry] > codes[entry - 1]) else {
                throw DecodingFault("has entries out of order")
            }
            events.append(UInt32(sum))
            if cells.count == 1 {
                visitors.append(least)
            } else {
                let stored = together[shared]
                shared += 1
                let (number, overflow) = least.addingReportingOverflow(stored &- 1)
                guard stored == 0 || !overflow && Int(number) <= shape.visitors else {
                    throw DecodingFault("has an entry with too many visitors")
                }
                visitors.append(stored == 0 ? Self.unknown : number)
            }
        }
    }

    private mutating func decodeStatistics(_ reader: inout ByteReader, _ order: [Int]) throws(DecodingFault) {
        let counts = try reader.integers(count: order.count, below: Int(UInt32.max))
        for (place, count) in counts.enumerated() where count > cellEvents[order[place]] {
            throw DecodingFault("has more values than events")
        }
        statistics = try Statistics.decode(counts.filter { $0 > 0 }, &reader)
        guard !statistics.isEmpty else { return }
        cellStatistics = [UInt32](repeating: 0, count: order.count)
        var next: UInt32 = 0
        for (place, count) in counts.enumerated() where count > 0 {
            next += 1
            cellStatistics[order[place]] = next
        }
    }
}

extension ByteWriter {
    /// Appends integers whose number the reader knows, in pieces that ``IntegerCodec`` takes.
    mutating func integers(_ values: [UInt32]) {
        for start in stride(from: 0, to: values.count, by: CodeChunk.rows) {
            let piece = values[start..<min(start + CodeChunk.rows, values.count)]
            if isBrief {
                let range = piece.reduce(into: (UInt32.max, UInt32(0))) { $0 = (min($0.0, $1), max($0.1, $1)) }
                IntegerCodec.encodePacked(piece, in: min(range.0, range.1)...range.1, into: &self)
            } else {
                IntegerCodec.encode(piece, into: &self)
            }
        }
    }
}

extension ByteReader {
    /// Reads what ``ByteWriter/integers(_:)`` wrote.
    mutating func integers(count: Int, below limit: Int) throws(DecodingFault) -> [UInt32] {
        var values: [UInt32] = []
        var rest = count
        while rest > 0 {
            let piece = min(rest, CodeChunk.rows)
            let chunk = try IntegerCodec.decode(&self, count: piece, below: limit, as: UInt32.self)
            if piece == count { return chunk }
            values.append(contentsOf: chunk)
            rest -= piece
        }
        return values
    }
}
