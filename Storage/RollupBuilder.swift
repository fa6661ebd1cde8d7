import Events

/// Makes the roll-up of one column from its rows, which come once, in the segment's order.
///
/// Rows of one name lie together, within it those of a visitor, so the visitors of a value and name are counted by
/// remembering the last one. The loop over rows has no branch but those, no lookups but one by code, and allocates
/// nothing; what it finds, pairs of a value and a new visitor, is gathered and turned into sets a few hundred thousand
/// at a time.
///
/// Memory: about 30 bytes a code and 20 a cell, up to 20 MB for the sets that are being collected and up to a byte a row for those
/// that may be stored, see ``RollupLimits``.
package struct RollupBuilder: Sendable {
    private let names: [NameRun]
    private let shape: RollupShape
    private let targets: RollupTargets
    private let limits: RollupLimits
    /// Whether totals are kept with this roll-up.
    private let keepsTotals: Bool

    /// The name being counted.
    private var name = 0
    /// The row that must come next.
    private var nextRow = 0
    /// The visitor of the row before.
    private var lastOrdinal: UInt32 = 0
    /// Numbers of the current name by code.
    private var slots: [Slot]
    /// Codes with events of the current name.
    private var touched: [UInt32]
    private var touchedCount = 0
    private var statistics: [RollupBlock.Statistics] = []
    private var visitorsOfName: [UInt32]
    /// Pairs of code (high half) and visitor ordinal that were met first in the current name.
    private var pairs: [UInt64]
    private var pairCount = 0
    private var cells = RollupCells()
    private var visitors: RollupVisitors

    /// What is counted of one code and the current name.
    struct Slot {
        var events: UInt32 = 0
        var visitors: UInt32 = 0
        /// Ordinal of the last visitor counted, plus one; 0 before the first.
        var last: UInt32 = 0
        /// Position of the statistics, plus one; 0 if there are none.
        var statistics: UInt32 = 0
    }

    /// Begins the roll-up of a dictionary column.
    ///
    /// - Parameters:
    ///   - names: the segment's names with their rows, from row 0 on.
    ///   - table: the column's values; the rows' codes are its codes.
    ///   - visitorHashes: ascending; the rows' ordinals are positions in it.
    ///   - hasValues: whether any row of the segment has a `value`.
    package init(
        names: [NameRun], table: ValueTable, visitorHashes: [UInt64], hasValues: Bool,
        limits: RollupLimits = RollupLimits()
    ) {
        let targets = RollupTargets(table)
        self.init(
            names: names, codes: table.count, targets: targets, visitorHashes: visitorHashes, hasValues: hasValues,
            keepsTotals: targets.hasLists, limits: limits)
    }

    init(
        names: [NameRun], codes: Int, targets: RollupTargets, visitorHashes: [UInt64], hasValues: Bool,
        keepsTotals: Bool, limits: RollupLimits
    ) {
        self.names = names
        self.targets = targets
        self.keepsTotals = keepsTotals
        self.limits = limits
        shape = RollupShape(codes: codes, names: names.count, visitors: visitorHashes.count, hasValues: hasValues)
        slots = [Slot](repeating: Slot(), count: codes)
        touched = [UInt32](repeating: 0, count: codes)
        pairs = limits.hasSets ? [UInt64](repeating: 0, count: max(limits.pairs, targets.most)) : []
        visitorsOfName = [UInt32](repeating: 0, count: names.count)
        let rows = names.last?.rows.upperBound ?? 0
        visitors = RollupVisitors(
            hashes: visitorHashes, codes: codes, names: names.count, rows: rows, limits: limits)
        skipEmptyNames()
    }

    /// Adds the rows that follow those added so far.
    ///
    /// How rows are cut into calls makes no difference to what comes out.
    ///
    /// - Precondition: the three have as many elements, none more than there are rows left; codes are codes of the
    ///   table, ordinals positions in the visitor hashes, ascending within a name.
    /// - Parameters:
    ///   - firstRow: position of the first of these rows in the segment.
    ///   - values: NaN where there is none; `nil` if the segment has none.
    ///   - visitorRuns: where each stretch of rows of one visitor ends, if in none of them the code changes; then they are
    ///     counted stretch by stretch.
    /// - Complexity: O(rows).
    package mutating func add(
        firstRow: Int, codes: UnsafeBufferPointer<UInt32>, ordinals: UnsafeBufferPointer<UInt32>,
        values: UnsafeBufferPointer<Double>?, visitorRuns: UnsafeBufferPointer<UInt32>? = nil
    ) {
        precondition(firstRow == nextRow, "rows come in order")
        precondition(ordinals.count == codes.count && values?.count ?? codes.count == codes.count)
        // The loops below index without checks; these two passes are a tenth of their time.
        precondition(
            codes.isEmpty
                || Self.maximum(codes) < shape.codes
                    && (!limits.hasSets || Self.maximum(ordinals) < shape.visitors),
            "codes and visitors are the segment's")
        precondition(visitorRuns.map { Int($0.last ?? 0) == codes.count } ?? true, "the runs are those of these rows")
        var start = 0
        var run = 0
        while start < codes.count {
            precondition(name < names.count, "there are no more rows than the names have")
            let end = min(codes.count, start + names[name].rows.upperBound - nextRow)
            let range = start..<end
            if keepsTotals {
                visitorsOfName[name] &+= Self.countVisitors(
                    UnsafeBufferPointer(rebasing: ordinals[range]), isFirst: nextRow == names[name].rows.lowerBound,
                    before: start > 0 ? ordinals[start - 1] : lastOrdinal)
            }
            let slice = UnsafeBufferPointer(rebasing: codes[range])
            let ownValues = values.map { UnsafeBufferPointer(rebasing: $0[range]) }
            if let visitorRuns, targets.isPlain {
                count(codes, ordinals, range, visitorRuns, from: &run)
                if let ownValues { add(ownValues, slice) }
            } else {
                count(slice, UnsafeBufferPointer(rebasing: ordinals[range]), ownValues)
            }
            nextRow += end - start
            start = end
            if nextRow == names[name].rows.upperBound {
                finishName()
                skipEmptyNames()
            }
        }
        lastOrdinal = ordinals.last ?? lastOrdinal
    }

    /// Adds rows of one name.
    private mutating func count(
        _ codes: UnsafeBufferPointer<UInt32>, _ ordinals: UnsafeBufferPointer<UInt32>,
        _ values: UnsafeBufferPointer<Double>?
    ) {
        var start = 0
        while start < codes.count {
            // As many rows as there is certainly room for the pairs of.
            let room = limits.hasSets ? (pairs.count - pairCount) / targets.most : codes.count
            guard room > 0 else {
                drain(isEnd: false)
                continue
            }
            let range = start..<min(codes.count, start + room)
            let slice = UnsafeBufferPointer(rebasing: codes[range])
            let visitors = UnsafeBufferPointer(rebasing: ordinals[range])
            if targets.isPlain, let code = Self.constant(slice) {
                count(code, visitors)
                if let values { add(UnsafeBufferPointer(rebasing: values[range]), slice) }
                start = range.upperBound
                continue
            }
            slots.withUnsafeMutableBufferPointer { slots in
                touched.withUnsafeMutableBufferPointer { touched in
                    pairs.withUnsafeMutableBufferPointer { pairs in
                        if targets.isPlain, !limits.hasSets {
                            Self.countAlone(slice, visitors, slots, touched, &touchedCount)
                        } else if targets.isPlain {
                            Self.count(slice, visitors, slots, touched, &touchedCount, pairs, &pairCount)
                        } else {
                            Self.count(
                                slice, visitors, targets, slots, touched, &touchedCount, pairs, &pairCount,
                                keepsPairs: limits.hasSets)
                        }
                    }
                }
            }
            if let values { add(UnsafeBufferPointer(rebasing: values[range]), slice) }
            start = range.upperBound
        }
    }

    /// Adds rows of one name in which the value changes with the visitor only.
    private mutating func count(
        _ codes: UnsafeBufferPointer<UInt32>, _ ordinals: UnsafeBufferPointer<UInt32>, _ range: Range<Int>,
        _ runs: UnsafeBufferPointer<UInt32>, from run: inout Int
    ) {
        var rows = range
        while !rows.isEmpty {
            // Each run makes one pair at the most.
            let room = limits.hasSets ? pairs.count - pairCount : .max
            guard room > 0 else {
                drain(isEnd: false)
                continue
            }
            slots.withUnsafeMutableBufferPointer { slots in
                touched.withUnsafeMutableBufferPointer { touched in
                    pairs.withUnsafeMutableBufferPointer { pairs in
                        Self.count(
                            codes, ordinals, &rows, runs, &run, most: room, slots, touched, &touchedCount, pairs,
                            &pairCount, keepsPairs: limits.hasSets)
                    }
                }
            }
        }
    }

    /// Adds rows of one name that all have the same value, with room for the pairs of all of them.
    private mutating func count(_ code: UInt32, _ ordinals: UnsafeBufferPointer<UInt32>) {
        var slot = slots[Int(code)]
        if slot.events == 0 {
            touched[touchedCount] = code
            touchedCount += 1
        }
        slot.events &+= UInt32(ordinals.count)
        slot.visitors &+= Self.countVisitors(ordinals, isFirst: slot.last == 0, before: slot.last &- 1)
        if limits.hasSets {
            var (last, next) = (slot.last, pairCount)
            pairs.withUnsafeMutableBufferPointer { pairs in
                for ordinal in ordinals where ordinal &+ 1 != last {
                    last = ordinal &+ 1
                    pairs[next] = UInt64(code) &<< 32 | UInt64(ordinal)
                    next &+= 1
                }
            }
            pairCount = next
        }
        slot.last = ordinals[ordinals.count - 1] &+ 1
        slots[Int(code)] = slot
    }

    /// Adds the values of rows.
    private mutating func add(_ values: UnsafeBufferPointer<Double>, _ codes: UnsafeBufferPointer<UInt32>) {
        // Most parts of a segment have no values at all, and every column asks.
        var present: UInt64 = 0
        for value in values { present |= value == value ? 1 : 0 }
        guard present != 0 else { return }
        for row in values.indices where !values[row].isNaN {
            let code = Int(codes[row])
            guard targets.isPlain else {
                for target in targets.starts[code]..<targets.starts[code + 1] {
                    add(values[row], to: Int(targets.targets[Int(target)]))
                }
                continue
            }
            add(values[row], to: code)
        }
    }

    @inline(__always)
    private mutating func add(_ value: Double, to code: Int) {
        if slots[code].statistics == 0 {
            statistics.append(RollupBlock.Statistics())
            slots[code].statistics = UInt32(statistics.count)
        }
        statistics[Int(slots[code].statistics) - 1].add(value)
    }

    /// Turns the gathered pairs into sets.
    private mutating func drain(isEnd: Bool) {
        visitors.add(
            pairs[..<pairCount], name: name, rows: names[name].rows.count, slots: slots,
            touched: touched[..<touchedCount], isEnd: isEnd)
        pairCount = 0
    }

    /// Takes the current name's numbers down and clears them for the next one.
    private mutating func finishName() {
        drain(isEnd: true)
        for code in touched[..<touchedCount] {
            cells.append(code, slots[Int(code)])
            slots[Int(code)] = Slot()
        }
        touchedCount = 0
        name += 1
        cells.endName()
    }

    private mutating func skipEmptyNames() {
        while name < names.count, names[name].rows.isEmpty { finishName() }
    }

    /// Ends the roll-up.
    ///
    /// - Precondition: all rows of all names were added.
    /// - Complexity: O(values · log values + cells).
    package consuming func finish() -> EncodedRollup {
        precondition(nextRow == names.last?.rows.upperBound ?? 0, "all rows were added")
        guard names.count <= limits.maxNames else { return EncodedRollup() }
        var totals: RollupTotals?
        if keepsTotals { totals = cells.totals(visitorsOfName, statistics) }
        let rows = nextRow
        let cut = RollupCut(cells: cells, statistics: statistics, shape: shape, limits: limits)
        return cut.encode(visitors.finish(cells, codes: shape.codes), totals: totals, rows: rows)
    }
}
