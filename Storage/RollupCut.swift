/// A roll-up ready to be stored.
package struct EncodedRollup: Sendable {
    /// What the segment's header says of it; without one there are no parts.
    package var kind = RollupKind.none
    /// Payloads by chunk.
    package var parts: [(chunk: UInt32, payload: [UInt8])] = []

    /// The parts of a column's roll-up with their identities.
    package func parts(column: Int) -> [(id: PartID, payload: [UInt8])] {
        parts.map { (PartID(part: .rollup, column: UInt16(column), chunk: $0.chunk), $0.payload) }
    }
}

/// The entries of a finished roll-up in their order, to be cut into blocks.
struct RollupCut {
    private let cells: RollupCells
    private let statistics: [RollupBlock.Statistics]
    private let shape: RollupShape
    private let limits: RollupLimits
    /// Codes in the order of their entries.
    private let order: [UInt32]
    /// Events by code.
    private let events: [UInt32]
    /// Position of each code's entry.
    private var positions: [UInt32]
    /// Where each entry's cells begin in ``byEntry``.
    private var starts: [Int]
    /// Cells in the order of their entries, within one by name.
    private var byEntry: [UInt32]
    /// Name of each cell.
    private var names: [UInt32]

    /// Sorts the entries.
    ///
    /// - Complexity: O(values · log values + cells).
    init(cells: RollupCells, statistics: [RollupBlock.Statistics], shape: RollupShape, limits: RollupLimits) {
        self.cells = cells
        self.statistics = statistics
        self.shape = shape
        self.limits = limits
        var events = [UInt32](repeating: 0, count: shape.codes)
        var counts = [UInt32](repeating: 0, count: shape.codes)
        for cell in 0..<cells.count {
            // Safe because an event counts once under a value, and a segment has fewer rows than 2^32.
            events[Int(cells.codes[cell])] &+= cells.events[cell]
            counts[Int(cells.codes[cell])] &+= 1
        }
        var keys: [UInt64] = []
        for code in events.indices where events[code] > 0 {
            keys.append(UInt64(~events[code]) << 32 | UInt64(code))
        }
        keys.sort()
        order = keys.map { UInt32(truncatingIfNeeded: $0) }
        self.events = events
        positions = [UInt32](repeating: 0, count: shape.codes)
        starts = [0]
        starts.reserveCapacity(order.count + 1)
        for (position, code) in order.enumerated() {
            positions[Int(code)] = UInt32(position)
            starts.append(starts[position] + Int(counts[Int(code)]))
        }
        byEntry = [UInt32](repeating: 0, count: cells.count)
        names = byEntry
        var next = starts
        for name in cells.ends.indices {
            for cell in cells.range(ofName: name) {
                let entry = Int(positions[Int(cells.codes[cell])])
                byEntry[next[entry]] = UInt32(cell)
                names[cell] = UInt32(name)
                next[entry] += 1
            }
        }
    }

    /// Makes the parts.
    func encode(_ found: RollupVisitors.Found, totals: RollupTotals?, rows: Int) -> EncodedRollup {
        let budget = max(limits.minEntryBytes, rows / limits.rowsPerEntryByte)
        var directory = RollupDirectory()
        directory.distinct = order.count
        directory.totals = totals
        var first = RollupBlock()
        var parts: [(chunk: UInt32, payload: [UInt8])] = []
        var entryBytes = 0
        var start = 0
        while start < order.count {
            let index = directory.blocks.count
            let end = end(ofBlock: index, from: start)
            let block = block(start..<end, found.visitors)
            var writer = ByteWriter(isBrief: limits.isBrief)
            block.encode(into: &writer, shape)
            entryBytes += writer.bytes.count
            guard entryBytes <= budget else { break }
            let sets = sets(found.heads, start..<end)
            directory.blocks.append(
                RollupDirectory.Summary(
                    block, first: start, hasSets: !sets.isEmpty, shape: shape, limits: limits))
            if index == 0 { first = block } else { parts.append((Rollup.chunk(ofBlock: index), writer.bytes)) }
            if !sets.isEmpty { parts.append((Rollup.chunk(ofSets: index), RollupSets.encode(sets))) }
            start = end
        }
        directory.isComplete = start == order.count
        directory.maxEventsOfRest = start < order.count ? Int(events[Int(order[start])]) : 0
        // Nothing but the first few of values that all are rare says nothing.
        guard directory.isComplete || directory.blocks.first?.maxEvents ?? 0 > 1 else { return EncodedRollup() }
        let head = RollupHead(directory: directory, block: first).encode(shape, isBrief: limits.isBrief)
        return EncodedRollup(
            kind: directory.isComplete ? .complete : .heads, parts: [(0, head)] + parts)
    }

    /// Where a block ends that begins at an entry.
    private func end(ofBlock index: Int, from start: Int) -> Int {
        let end = min(order.count, start + limits.entries(inBlock: index))
        guard starts[end] - starts[start] > RollupBlock.maxCells else { return end }
        var low = start + 1
        while low < end, starts[low + 1] - starts[start] <= RollupBlock.maxCells { low += 1 }
        return low
    }

    private func block(_ range: Range<Int>, _ visitors: [UInt32]) -> RollupBlock {
        var block = RollupBlock()
        for entry in range {
            let code = order[entry]
            block.codes.append(code)
            block.events.append(events[Int(code)])
            let entryCells = byEntry[starts[entry]..<starts[entry + 1]]
            block.visitors.append(
                entryCells.count == 1 ? cells.visitors[Int(entryCells[entryCells.startIndex])] : visitors[Int(code)])
            for cell in entryCells.map(Int.init) {
                block.cellNames.append(names[cell])
                block.cellEvents.append(cells.events[cell])
                block.cellVisitors.append(cells.visitors[cell])
                guard shape.hasValues else { continue }
                if cells.statistics[cell] > 0 {
                    block.statistics.append(statistics[Int(cells.statistics[cell]) - 1])
                    block.cellStatistics.append(UInt32(block.statistics.count))
                } else {
                    block.cellStatistics.append(0)
                }
            }
            block.starts.append(UInt32(block.cellNames.count))
        }
        return block
    }

    /// The sets of a block's entries, in their order.
    private func sets(_ heads: [RollupNameHeads.Head], _ range: Range<Int>) -> [(key: UInt64, bytes: [UInt8])] {
        var sets: [(key: UInt64, bytes: [UInt8])] = []
        for head in heads {
            let position = Int(positions[Int(head.code)])
            guard range.contains(position) else { continue }
            sets.append((UInt64(position - range.lowerBound) << 32 | UInt64(head.name), head.bytes))
        }
        return sets.sorted { $0.key < $1.key }
    }
}
