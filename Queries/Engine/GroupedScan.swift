import Events
import Storage

/// Groups the matching events and adds up what can be added up: the operator under `aggregate`, `timeseries`, `top`
/// and `values`.
///
/// Work is cut into units of some hundred thousand rows of one segment. A unit numbers its own groups, adds up in
/// plain arrays, and folds each group once into its worker's table by hash; the workers' tables are folded together
/// at the end. Where a roll-up holds the answer for a whole segment, the unit folds the roll-up instead; both give
/// the same numbers.
struct GroupedScan {
    let execution: Execution
    let grouping: Grouping
    let filter: Filter?
    let range: ResolvedRange
    let plan: Accumulators.Plan
    /// Whether roll-ups may be used; tests compare both ways.
    var usesRollups = true
    /// Which of the query's scans this is, where its partial results are kept. Scans of one query that differ in more
    /// than their range have different numbers.
    var kept: UInt8?

    /// Groups and their numbers.
    struct Result {
        var table: GroupTable
        var sums: Accumulators
        /// Bytes that the query's memory counts for it.
        private var held = 0

        init(table: GroupTable, sums: Accumulators) {
            self.table = table
            self.sums = sums
        }

        /// Counts what it has grown by.
        mutating func account(_ memory: QueryMemory) throws(QueryError) {
            let bytes = table.bytes + sums.bytes
            guard bytes > held else { return }
            try memory.hold(bytes - held)
            held = bytes
        }

        /// Adds a group's numbers.
        mutating func fold(
            _ other: Accumulators, group: Int, key: UInt64, interval: UInt32,
            places: @autoclosure () -> [GroupTable.Place]
        ) {
            let target: Int
            if let known = table.index.find(key) {
                target = Int(known)
            } else {
                target = Int(table.insert(key: key, interval: interval, places: places()))
            }
            sums.grow(to: table.count)
            sums.add(other, group: group, to: target)
        }
    }

    /// A part of the work: some pieces of one segment, or all of a roll-up.
    struct Unit {
        var segment: Int
        var pieces: [Piece]
        var rollup: Rollups?
        var names: [Int]
        /// Where its result is kept, if it is.
        var key: PartialCache.Key?
    }

    /// Which roll-up answers for a segment.
    enum Rollups {
        case column(Int)
        case hours
    }

    private static let rowsAUnit = 8 * CodeChunk.rows

    /// Runs the scan.
    func run() throws(QueryError) -> Result {
        let units = try makeUnits()
        let empty = Result(table: GroupTable(dimensions: grouping.dimensions.count), sums: Accumulators(plan))
        let results = PerWorker(execution.workers) { empty }
        try execution.parallel(units.count) { (worker, index) throws(QueryError) in
            try results.with(worker) { (result) throws(QueryError) in
                let unit = units[index]
                switch unit.rollup {
                case .column(let column): try foldRollup(unit, column, into: &result)
                case .hours: try foldHours(unit, into: &result)
                case nil: try scan(unit, into: &result)
                }
            }
        }
        let all = results.all
        var total = all.first ?? empty
        for other in all.dropFirst() {
            for group in 0..<other.table.count {
                let places = (0..<other.table.dimensions).map { other.table.place(group, dimension: $0) }
                total.fold(
                    other.sums, group: group, key: other.table.index.keys[group],
                    interval: other.table.intervals[group], places: places)
                if group % 4096 == 0 {
                    try execution.check()
                    try total.account(execution.memory)
                }
            }
        }
        return total
    }

    private func makeUnits() throws(QueryError) -> [Unit] {
        var units: [Unit] = []
        for (index, segment) in execution.segments.enumerated() where segment.coverage(of: range) != .none {
            let filter = try CompiledFilter(
                self.filter, range: range, segment: segment, hash: execution.hash, execution: execution)
            let names = filter.possibleNames
            if let column = rollupColumn(segment, filter, names) {
                units.append(Unit(segment: index, pieces: [], rollup: .column(column), names: names))
                continue
            }
            if try answersByHours(segment, filter, names) {
                units.append(Unit(segment: index, pieces: [], rollup: .hours, names: names))
                continue
            }
            var pieces: [Piece] = []
            var rows = 0
            var part = 0
            func add() {
                units.append(Unit(segment: index, pieces: pieces, names: names, key: key(segment, part: part)))
                pieces = []
                rows = 0
                part += 1
            }
            for piece in segment.pieces(names: names) {
                pieces.append(piece)
                rows += piece.range.count
                if rows >= GroupedScan.rowsAUnit { add() }
            }
            if !pieces.isEmpty { add() }
        }
        return units
    }

    /// Where the result of a part of a segment is kept: only where the range has no say in it.
    private func key(_ segment: Segment, part: Int) -> PartialCache.Key? {
        guard let kept, let partials = execution.partials, segment.coverage(of: range) == .all,
            segment.isSealed || segment.header.rows >= execution.leastRunRows
        else { return nil }
        return partials.key(segment, scan: kept, part: part)
    }

    // MARK: Columns

    /// The event name that is a page view.
    static let pageView = "page_view"

    private func scan(_ unit: Unit, into result: inout Result) throws(QueryError) {
        let segment = execution.segments[unit.segment]
        if let key = unit.key, let known = execution.partials?.cache.find(key, as: PartialGroups.self) {
            try known.fold(
                into: &result, segment: unit.segment, intervals: grouping.intervals, execution: execution)
            return
        }
        let filter = try CompiledFilter(
            self.filter, range: range, segment: segment, hash: execution.hash, execution: execution)
        var grouping = try LocalGrouping(self.grouping, of: segment, hash: execution.hash)
        var measures: [SegmentMeasure] = []
        for measure in plan.measures { measures.append(try SegmentMeasure(measure, of: segment, hash: execution.hash)) }
        var sums = Accumulators(plan)
        try QueryMemory.checkCells(grouping.count, measures: plan.measures.count)
        sums.grow(to: grouping.count)
        var held = 0
        defer { execution.memory.release(held) }
        var mask: [UInt8] = []
        var groups: [UInt32] = []
        var numbers: [Double] = []
        var filterOfName: (name: Int, filter: CompiledFilter)?
        for piece in unit.pieces {
            try execution.check()
            if filterOfName?.name != piece.name { filterOfName = (piece.name, filter.filter(forName: piece.name)) }
            guard let filter = filterOfName?.filter, filter.constant != false else { continue }
            let isPageview = segment.header.names[piece.name].name == GroupedScan.pageView
            // Rows that all match and all belong together are counted without being looked at.
            if filter.constant == true, plan.measures.isEmpty, let group = grouping.constantGroup(piece) {
                sums.addEvents(piece.range.count, group: Int(group))
                if plan.pageviews, isPageview { sums.addPageviews(piece.range.count, group: Int(group)) }
                continue
            }
            execution.countRows(piece.range.count)
            try filter.mask(piece, into: &mask)
            try grouping.assign(piece, segment: segment, into: &groups)
            try QueryMemory.checkCells(grouping.count, measures: plan.measures.count)
            sums.grow(to: grouping.count)
            sums.add(groups: groups, mask: mask, isPageview: isPageview)
            for (index, measure) in measures.enumerated() {
                guard try measure.read(piece, segment: segment, into: &numbers) else { continue }
                sums.add(measure: index, numbers: numbers, groups: groups, mask: mask)
            }
            if sums.bytes > held {
                try execution.memory.hold(sums.bytes - held)
                held = sums.bytes
            }
        }
        if let key = unit.key, let partials = execution.partials {
            let found = try partial(sums, grouping, from: segment.header.first)
            if let found {
                partials.cache.keep(found, as: key)
                try found.fold(
                    into: &result, segment: unit.segment, intervals: self.grouping.intervals, execution: execution)
                return
            }
        }
        for group in 0..<grouping.count where sums.events[group] > 0 {
            if group % 4096 == 0 {
                try execution.check()
                try result.account(execution.memory)
            }
            try QueryMemory.checkGroups(result.table.count)
            if let single = grouping.singleCode(UInt32(group)) {
                let hash = grouping.dimensions[0].table.hashes[Int(single.code)]
                let target = result.table.insert(
                    hash: hash, interval: single.interval,
                    place: GroupTable.Place(segment: UInt32(unit.segment), code: single.code))
                result.sums.grow(to: result.table.count)
                result.sums.add(sums, group: group, to: target)
                continue
            }
            let (codes, interval) = grouping.parts(UInt32(group))
            try QueryMemory.checkCombinations(codes, grouping.dimensions)
            GroupTable.expand(codes, grouping.dimensions) { codes, hashes in
                result.fold(
                    sums, group: group, key: GroupTable.key(hashes, interval: interval), interval: interval,
                    places: codes.map { GroupTable.Place(segment: UInt32(unit.segment), code: $0) })
            }
        }
    }
}

extension GroupedScan {
    /// The groups of a unit in a form that can be kept; `nil` if there are too many.
    private func partial(
        _ sums: Accumulators, _ local: LocalGrouping, from first: Int64
    ) throws(QueryError) -> PartialGroups? {
        guard sums.events.count(where: { $0 > 0 }) <= PartialCache.maxGroups else { return nil }
        var found = PartialGroups(dimensions: local.dimensions.count, plan: plan)
        for group in 0..<local.count where sums.events[group] > 0 {
            let (codes, interval) = local.parts(UInt32(group))
            try QueryMemory.checkCombinations(codes, local.dimensions)
            // A time of the interval at which the segment is, so that every range that holds the segment holds it too.
            let start = grouping.intervals.map { max($0.start(Int(interval)), first) }
            GroupTable.expand(codes, local.dimensions) { codes, hashes in
                found.append(sums, group: group, codes: codes, hashes: hashes, start: start)
            }
            guard found.count <= PartialCache.maxGroups else { return nil }
        }
        return found
    }
}
