import Events
import Storage

/// Whole segments answered by their roll-ups, or by that of their hours.
extension GroupedScan {
    /// The column whose roll-up answers for a whole segment, if there is one.
    func rollupColumn(_ segment: Segment, _ filter: CompiledFilter, _ names: [Int]) -> Int? {
        guard usesRollups, segment.isSealed, grouping.intervals == nil, grouping.dimensions.count == 1,
            segment.coverage(of: range) == .all, addsUp,
            let column = segment.header.column(grouping.dimensions[0].name),
            segment.header.columns[column].hasCompleteRollup,
            names.allSatisfy({ filter.filter(forName: $0).constant == true })
        else { return nil }
        return column
    }

    /// Whether all that is accumulated is among the numbers of roll-ups.
    private var addsUp: Bool { plan.measures.allSatisfy { $0 == .value } && !plan.keepsNumbers.contains(true) }

    /// Whether the roll-up of a segment's hours answers for it: each hour lies in the range or out of it, and in one
    /// interval.
    func answersByHours(
        _ segment: Segment, _ filter: CompiledFilter, _ names: [Int]
    ) throws(QueryError) -> Bool {
        // Without intervals and measures counting the rows of names is quicker still.
        guard usesRollups, grouping.dimensions.isEmpty, grouping.intervals != nil || !plan.measures.isEmpty,
            addsUp, segment.header.hours == .complete, segment.coverage(of: range) == .all,
            names.allSatisfy({ filter.filter(forName: $0).constant == true }),
            try stored({ () throws(StorageError) in try segment.hours() }) != nil
        else { return false }
        guard let intervals = grouping.intervals else { return true }
        let hours = SegmentHours(segment.header)
        return (1...hours.count).allSatisfy { code in
            let start = hours.start(ofCode: UInt32(code))
            // The first and the last hour have no events outside of the range.
            let first = intervals.index(of: max(start, segment.header.first))
            return first != nil
                && first == intervals.index(of: min(start + SegmentHours.lengthMs - 1, segment.header.last))
        }
    }

    func foldHours(_ unit: Unit, into result: inout Result) throws(QueryError) {
        let segment = execution.segments[unit.segment]
        guard let rollup = try stored({ () throws(StorageError) in try segment.hours() }) else { return }
        let hours = SegmentHours(segment.header)
        var isCounted = [Bool](repeating: false, count: segment.header.names.count)
        for name in unit.names { isCounted[name] = true }
        for index in 0..<rollup.blocks {
            try execution.check()
            let block = try stored { () throws(StorageError) in try rollup.block(index) }
            execution.countRows(block.count)
            for entry in 0..<block.count {
                let cells = block.cells(of: entry)
                guard cells.contains(where: { isCounted[Int(block.cellNames[$0])] }) else { continue }
                let time = max(hours.start(ofCode: block.codes[entry]), segment.header.first)
                let interval = UInt32(grouping.intervals?.index(of: time) ?? 0)
                let group = Int(
                    result.table.insert(
                        key: GroupTable.key([], interval: interval), interval: interval, places: []))
                result.sums.grow(to: result.table.count)
                add(block, cells, isCounted, to: group, pageView: pageView(of: segment), &result.sums)
            }
        }
    }

    /// Adds the numbers of an entry's counted cells to a group.
    func add(
        _ block: RollupBlock, _ cells: Range<Int>, _ isCounted: [Bool], to group: Int, pageView: Int?,
        _ sums: inout Accumulators
    ) {
        for cell in cells where isCounted[Int(block.cellNames[cell])] {
            let events = Int(block.cellEvents[cell])
            sums.addEvents(events, group: group)
            if plan.pageviews, Int(block.cellNames[cell]) == pageView { sums.addPageviews(events, group: group) }
            guard !plan.measures.isEmpty, let numbers = block.statistics(ofCell: cell) else { continue }
            for measure in plan.measures.indices {
                sums.addStatistics(
                    Accumulators.Statistics(
                        count: Int(numbers.count), sum: numbers.sum, minimum: numbers.minimum,
                        maximum: numbers.maximum),
                    measure: measure, group: group)
            }
        }
    }

    func pageView(of segment: Segment) -> Int? {
        segment.header.names.firstIndex { $0.name == GroupedScan.pageView }
    }

    func foldRollup(_ unit: Unit, _ column: Int, into result: inout Result) throws(QueryError) {
        let segment = execution.segments[unit.segment]
        guard let rollup = try stored({ () throws(StorageError) in try segment.rollup(column: column) }) else { return }
        let table = try stored { () throws(StorageError) in try segment.table(column: column) }
        var isCounted = [Bool](repeating: false, count: segment.header.names.count)
        for name in unit.names { isCounted[name] = true }
        let pageView = pageView(of: segment)
        for index in 0..<rollup.blocks {
            try execution.check()
            let block = try stored { () throws(StorageError) in try rollup.block(index) }
            execution.countRows(block.count)
            for entry in 0..<block.count {
                if entry % 4096 == 0 {
                    try QueryMemory.checkGroups(result.table.count)
                    try result.account(execution.memory)
                }
                let cells = block.cells(of: entry)
                guard cells.contains(where: { isCounted[Int(block.cellNames[$0])] }) else { continue }
                let code = block.codes[entry]
                let group = result.table.insert(
                    hash: table.hashes[Int(code)], interval: 0,
                    place: GroupTable.Place(segment: UInt32(unit.segment), code: code))
                result.sums.grow(to: result.table.count)
                if plan.boundsVisitors {
                    result.sums.addRepeats(block.repeats(of: entry) { isCounted[$0] }, group: group)
                }
                add(block, cells, isCounted, to: group, pageView: pageView, &result.sums)
            }
        }
    }
}

extension RollupBlock {
    /// How many of an entry's events of some names are known to be of visitors who have another of them.
    fileprivate func repeats(of entry: Int, _ isCounted: (Int) -> Bool) -> Int {
        let cells = cells(of: entry)
        let counted = cells.filter { isCounted(Int(cellNames[$0])) }
        let events = counted.reduce(0) { $0 + Int(cellEvents[$1]) }
        var visitors = counted.reduce(0) { $0 + (self.visitors(ofCell: $1) ?? Int(cellEvents[$1])) }
        if counted.count == cells.count, let all = self.visitors(of: entry) { visitors = min(visitors, all) }
        return max(0, events - visitors)
    }
}
