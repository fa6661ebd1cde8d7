import Events

/// Compares a stored roll-up with what its segment's rows add up to, counted in another way than it was made.
struct RollupComparison {
    private let segment: Segment
    private let rollup: Rollup
    /// Which entries' values a row with a code counts under.
    private let targets: [[UInt32]]
    private let blocks: [RollupBlock]
    /// Each code's entry: a block and a position in it; `nil` if it has none.
    private var entries: [(block: Int, entry: Int)?]
    /// How many of an entry's cells have been compared, by code.
    private var compared: [Int]
    /// What the rows of the current name add up to, by code.
    private var cells: [Sum]
    private var touched: [UInt32] = []
    /// Events over all names, by code.
    private var events: [Int]

    private struct Sum {
        var events = 0
        var visitors = 0
        var last = UInt32.max
        var statistics = RollupBlock.Statistics()
    }

    /// Reads all of a roll-up's blocks.
    ///
    /// - Parameter targets: for each code the values that a row with it counts under.
    init(_ rollup: Rollup, of segment: Segment, targets: [[UInt32]]) throws(StorageError) {
        self.rollup = rollup
        self.segment = segment
        self.targets = targets
        var blocks: [RollupBlock] = []
        for index in 0..<rollup.blocks {
            blocks.append(try rollup.block(index))
            _ = try rollup.sets(ofBlock: index)
        }
        self.blocks = blocks
        entries = Array(repeating: nil, count: targets.count)
        compared = Array(repeating: 0, count: targets.count)
        cells = Array(repeating: Sum(), count: targets.count)
        events = Array(repeating: 0, count: targets.count)
    }

    /// The first thing in which they differ, in words.
    ///
    /// - Parameter codes: the codes of a chunk's rows.
    /// - Complexity: O(rows + cells).
    mutating func difference(_ codes: (_ chunk: Int) throws(StorageError) -> [UInt32]) throws(StorageError) -> String? {
        if let reason = indexEntries() { return reason }
        let header = segment.header
        var rows = ChunkRows(codes: [], ordinals: [], values: nil)
        var chunk = -1
        for (name, run) in header.names.enumerated() {
            var total = RollupTotals.Name()
            var last = UInt32.max
            var row = run.rows.lowerBound
            while row < run.rows.upperBound {
                if row / CodeChunk.rows != chunk {
                    chunk = row / CodeChunk.rows
                    rows = ChunkRows(
                        codes: try codes(chunk), ordinals: try segment.ordinals(chunk: chunk),
                        values: try segment.values(chunk: chunk))
                }
                let offset = row - chunk * CodeChunk.rows
                if rows.ordinals[offset] != last {
                    last = rows.ordinals[offset]
                    total.visitors += 1
                }
                // A row's hour is not one of the segment's where its header is wrong.
                let code = Int(rows.codes[offset])
                guard code < targets.count else { return "its rows have a value that it cannot have" }
                for target in targets[code] {
                    add(rows.values?[offset] ?? .nan, visitor: last, to: Int(target), &total)
                }
                row += 1
            }
            if let reason = compare(name) ?? compare(total, name) { return reason }
        }
        return compareTheWhole()
    }

    private struct ChunkRows {
        var codes: [UInt32]
        var ordinals: [UInt32]
        var values: [Double]?
    }

    /// Notes where each code's entry is.
    private mutating func indexEntries() -> String? {
        for (index, block) in blocks.enumerated() {
            for entry in 0..<block.count {
                guard Int(block.codes[entry]) < entries.count else { return "it has a value that the column has not" }
                guard entries[Int(block.codes[entry])] == nil else { return "it has value \(block.codes[entry]) twice" }
                entries[Int(block.codes[entry])] = (index, entry)
            }
        }
        return nil
    }

    private mutating func add(_ value: Double, visitor: UInt32, to code: Int, _ total: inout RollupTotals.Name) {
        if cells[code].events == 0 { touched.append(UInt32(code)) }
        cells[code].events += 1
        if cells[code].last != visitor {
            cells[code].last = visitor
            cells[code].visitors += 1
        }
        total.events += 1
        guard !value.isNaN else { return }
        cells[code].statistics.add(value)
        total.values += 1
        total.sum.add(value)
        total.minimum = min(total.minimum, value)
        total.maximum = max(total.maximum, value)
    }

    /// Compares the cells of one name and forgets its sums.
    private mutating func compare(_ name: Int) -> String? {
        defer { touched.removeAll(keepingCapacity: true) }
        for code in touched {
            let sum = cells[Int(code)]
            cells[Int(code)] = Sum()
            events[Int(code)] += sum.events
            guard let place = entries[Int(code)] else { continue }
            let block = blocks[place.block]
            let range = block.cells(of: place.entry)
            let cell = range.lowerBound + compared[Int(code)]
            compared[Int(code)] += 1
            let title = "value \(code) of event name \(name)"
            guard cell < range.upperBound, Int(block.cellNames[cell]) == name else { return "it lacks \(title)" }
            guard Int(block.cellEvents[cell]) == sum.events else {
                return "it counts \(block.cellEvents[cell]) events of \(title), there are \(sum.events)"
            }
            if let visitors = block.visitors(ofCell: cell), visitors != sum.visitors {
                return "it counts \(visitors) visitors of \(title), there are \(sum.visitors)"
            }
            let statistics = block.statistics(ofCell: cell) ?? RollupBlock.Statistics()
            guard Self.agree(statistics, sum.statistics) else {
                return "its count, sum, minimum or maximum of \(title) is another"
            }
        }
        return nil
    }

    /// Compares the totals of one name, where the roll-up keeps any.
    private func compare(_ sum: RollupTotals.Name, _ name: Int) -> String? {
        guard let totals = rollup.directory.totals else { return nil }
        guard name < totals.names.count else { return "it has no totals of event name \(name)" }
        let total = totals.names[name]
        let isEqual =
            total.events == sum.events && total.visitors == sum.visitors && total.values == sum.values
            && (sum.values == 0
                || total.sum.value == sum.sum.value && total.minimum == sum.minimum && total.maximum == sum.maximum)
        return isEqual ? nil : "its totals of event name \(name) are others"
    }

    /// Compares what is known only when all names have passed.
    private func compareTheWhole() -> String? {
        let directory = rollup.directory
        var distinct = 0
        for (code, place) in entries.enumerated() {
            if events[code] > 0 { distinct += 1 }
            guard let place else {
                guard events[code] > 0 else { continue }
                if directory.isComplete { return "it lacks value \(code)" }
                if events[code] > directory.maxEventsOfRest {
                    return "value \(code), which it lacks, has more events than it says those have"
                }
                continue
            }
            let block = blocks[place.block]
            guard compared[code] == block.cells(of: place.entry).count, Int(block.events[place.entry]) == events[code]
            else { return "it counts events of value \(code) that are not there" }
        }
        return distinct == directory.distinct
            ? nil : "it says that \(directory.distinct) values occur, there are \(distinct)"
    }

    private static func agree(_ one: RollupBlock.Statistics, _ other: RollupBlock.Statistics) -> Bool {
        // Sums are equal where their values are: the terms of an exact sum depend on the order of adding.
        one.count == other.count && one.sum.value == other.sum.value && one.minimum == other.minimum
            && one.maximum == other.maximum
    }

    /// The values that each code of a column counts under: for a list its members, each text once; of several codes with
    /// the same text the lowest, but for roll-ups of format version 1.
    static func targets(_ table: ValueTable, _ kind: RollupKind) -> [[UInt32]] {
        var lowest: [UInt64: UInt32] = [:]
        if kind != .version1 {
            for code in 1..<max(1, table.count) where table.kinds[code] != ValueKind.list.rawValue {
                if lowest[table.hashes[code]] == nil { lowest[table.hashes[code]] = UInt32(code) }
            }
        }
        return (0..<table.count).map { code in
            code == 0 ? [0] : table.countedMembers(of: code).map { lowest[table.hashes[Int($0)]] ?? $0 }
        }
    }
}
