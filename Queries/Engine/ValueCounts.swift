import Events
import Storage

/// Counts the matching events of each value of a dimension in plain arrays: the operator under a `top` of one
/// dimension by what adds up, and, with bounds of their visitors, by distinct visitors.
///
/// A segment that a roll-up answers for costs its values; of another one the codes are read, and only of chunks that
/// may match.
struct ValueCounts {
    let execution: Execution
    let dimension: Dimension
    let filter: Filter?
    let range: ResolvedRange
    /// What is wanted besides the events.
    let needsPageviews: Bool
    let needsVisitors: Bool

    /// Numbers by value, as the union numbers them.
    struct Numbers {
        var events: [Int]
        /// Empty unless wanted.
        var pageviews: [Int]
        /// No fewer distinct visitors has the value, and no more; empty unless wanted.
        var fewestVisitors: [Int]
        var mostVisitors: [Int]

        mutating func add(_ other: Numbers) {
            for value in events.indices { events[value] += other.events[value] }
            for value in pageviews.indices { pageviews[value] += other.pageviews[value] }
            for value in fewestVisitors.indices {
                fewestVisitors[value] = max(fewestVisitors[value], other.fewestVisitors[value])
                mostVisitors[value] += other.mostVisitors[value]
            }
        }
    }

    struct Unit {
        var segment: Int
        var filter: CompiledFilter
        var names: [Int]
        var pieces: [Piece]
        /// The column whose roll-up answers for the segment.
        var rollup: Int?
        /// Whether it is all rows of a run in flight, whose counts are kept.
        var isWholeRun = false
    }

    private static let rowsAUnit = 8 * CodeChunk.rows

    /// The numbers, and the union that numbers the values; `nil` where values are lists or too many.
    func run() throws(QueryError) -> (numbers: Numbers, union: ValueUnion)? {
        guard let union = try ValueUnion.of(dimension, execution) else { return nil }
        let units = try makeUnits()
        let lists = 1 + (needsPageviews ? 1 : 0) + (needsVisitors ? 2 : 0)
        let bytes = union.count * 8 * lists * (execution.workers + 1)
        try execution.memory.hold(bytes)
        defer { execution.memory.release(bytes) }
        let none = [Int](repeating: 0, count: union.count)
        let empty = Numbers(
            events: none, pageviews: needsPageviews ? none : [], fewestVisitors: needsVisitors ? none : [],
            mostVisitors: needsVisitors ? none : [])
        let results = PerWorker(min(execution.workers, max(1, units.count))) { empty }
        try execution.parallel(units.count) { (worker, index) throws(QueryError) in
            try results.with(worker) { (numbers) throws(QueryError) in
                if let column = units[index].rollup {
                    try fold(units[index], column, union, into: &numbers)
                } else {
                    try scan(units[index], union, into: &numbers)
                }
            }
        }
        let all = results.all
        var total = all[0]
        for other in all.dropFirst() { total.add(other) }
        return (total, union)
    }

    func makeUnits() throws(QueryError) -> [Unit] {
        var units: [Unit] = []
        for (index, segment) in execution.segments.enumerated() where segment.coverage(of: range) != .none {
            let filter = try CompiledFilter(
                self.filter, range: range, segment: segment, hash: execution.hash, execution: execution)
            let names = filter.possibleNames
            if segment.isSealed, segment.coverage(of: range) == .all,
                let column = segment.header.column(dimension.name), segment.header.columns[column].hasCompleteRollup,
                names.allSatisfy({ filter.filter(forName: $0).constant == true }),
                try stored({ () throws(StorageError) in try segment.rollup(column: column) }) != nil
            {
                units.append(Unit(segment: index, filter: filter, names: names, pieces: [], rollup: column))
                continue
            }
            var unit = Unit(segment: index, filter: filter, names: names, pieces: [])
            if !segment.isSealed, segment.header.rows >= execution.leastRunRows, !needsPageviews,
                names.count == segment.header.names.count,
                names.allSatisfy({ filter.filter(forName: $0).constant == true })
            {
                unit.pieces = segment.pieces(names: names)
                unit.isWholeRun = true
                units.append(unit)
                continue
            }
            var rows = 0
            for piece in segment.pieces(names: names) {
                unit.pieces.append(piece)
                rows += piece.range.count
                guard rows >= Self.rowsAUnit else { continue }
                units.append(unit)
                unit.pieces = []
                rows = 0
            }
            if !unit.pieces.isEmpty { units.append(unit) }
        }
        return units
    }

    // MARK: Roll-ups

    private func fold(_ unit: Unit, _ column: Int, _ union: ValueUnion, into numbers: inout Numbers) throws(QueryError)
    {
        let segment = execution.segments[unit.segment]
        guard let rollup = try stored({ () throws(StorageError) in try segment.rollup(column: column) }) else { return }
        let map = union.maps[unit.segment]
        var isCounted = [Bool](repeating: false, count: segment.header.names.count)
        for name in unit.names { isCounted[name] = true }
        let countsAll = unit.names.count == isCounted.count
        let pageView = segment.header.names.firstIndex { $0.name == GroupedScan.pageView }
        for index in 0..<rollup.blocks {
            try execution.check()
            let block = try stored { () throws(StorageError) in try rollup.block(index) }
            execution.countRows(block.count)
            if countsAll, !needsPageviews, !needsVisitors {
                for entry in 0..<block.count {
                    numbers.events[Int(map[Int(block.codes[entry])])] += Int(block.events[entry])
                }
                continue
            }
            for entry in 0..<block.count {
                let value = Int(map[Int(block.codes[entry])])
                let cells = block.cells(of: entry)
                var (events, fewest, most) = (0, 0, 0)
                for cell in cells where isCounted[Int(block.cellNames[cell])] {
                    events += Int(block.cellEvents[cell])
                    if needsPageviews, Int(block.cellNames[cell]) == pageView {
                        numbers.pageviews[value] += Int(block.cellEvents[cell])
                    }
                    fewest = max(fewest, block.visitors(ofCell: cell) ?? 1)
                    most += block.visitors(ofCell: cell) ?? Int(block.cellEvents[cell])
                }
                numbers.events[value] += events
                guard needsVisitors else { continue }
                if countsAll, let visitors = block.visitors(of: entry) { (fewest, most) = (visitors, visitors) }
                numbers.fewestVisitors[value] = max(numbers.fewestVisitors[value], fewest)
                numbers.mostVisitors[value] += most
            }
        }
    }

    // MARK: Columns

    private func scan(_ unit: Unit, _ union: ValueUnion, into numbers: inout Numbers) throws(QueryError) {
        let map = union.maps[unit.segment]
        let (events, pageviews) = try scan(unit, codes: map.count)
        for (code, value) in map.enumerated() {
            let count = Int(events[code])
            numbers.events[Int(value)] += count
            if needsPageviews { numbers.pageviews[Int(value)] += Int(pageviews[code]) }
            if needsVisitors, count > 0 {
                numbers.fewestVisitors[Int(value)] = max(numbers.fewestVisitors[Int(value)], 1)
                numbers.mostVisitors[Int(value)] += count
            }
        }
    }

    /// The events of each code in a unit's rows, and the page views if they are wanted.
    ///
    /// - Parameter codes: how many there are.
    func scan(_ unit: Unit, codes: Int) throws(QueryError) -> (events: [UInt32], pageviews: [UInt32]) {
        guard unit.isWholeRun else { return try scanRows(unit, codes: codes) }
        let key = DerivedCache.Key(
            kind: .counts(Array(dimension.name.utf8)), segments: [SegmentIdentity(execution.segments[unit.segment])])
        let counts = try execution.derived.entry(key, execution.memory) { () throws(QueryError) in
            CodeCounts(events: try scanRows(unit, codes: codes).events)
        }
        return (counts.events, [])
    }

    private func scanRows(_ unit: Unit, codes: Int) throws(QueryError) -> (events: [UInt32], pageviews: [UInt32]) {
        let segment = execution.segments[unit.segment]
        let column = segment.header.column(dimension.name)
        var events = [UInt32](repeating: 0, count: codes)
        var pageviews = [UInt32](repeating: 0, count: needsPageviews ? codes : 0)
        var mask: [UInt8] = []
        var filterOfName: (name: Int, filter: CompiledFilter)?
        for piece in unit.pieces {
            try execution.check()
            if filterOfName?.name != piece.name {
                filterOfName = (piece.name, unit.filter.filter(forName: piece.name))
            }
            guard let filter = filterOfName?.filter, filter.constant != false else { continue }
            execution.countRows(piece.range.count)
            var codes = CodeChunk.constant(0, count: segment.header.rows(inChunk: piece.chunk))
            if filter.constant != true {
                try filter.mask(piece, into: &mask)
                // Where nothing matches the codes need not be read.
                if !mask.contains(1) { continue }
            }
            if let column {
                codes = try stored { () throws(StorageError) in
                    try segment.codes(column: column, chunk: piece.chunk)
                }
            }
            let selection = filter.constant == true ? nil : mask
            codes.count(piece.range, mask: selection, into: &events)
            if needsPageviews, segment.header.names[piece.name].name == GroupedScan.pageView {
                codes.count(piece.range, mask: selection, into: &pageviews)
            }
        }
        return (events, pageviews)
    }
}

/// The events of each code of a column in a run in flight: its roll-up, made when it is first asked for.
final class CodeCounts: DerivedCache.Entry {
    let events: [UInt32]

    var bytes: Int { events.count * 4 + 64 }

    init(events: [UInt32]) { self.events = events }
}

extension CodeChunk {
    /// Adds the rows of a range to the count of their codes, for which there is room.
    ///
    /// - Parameter mask: 1 for each row of the range that counts and 0 for the others; `nil` for all.
    func count(_ range: Range<Int>, mask: [UInt8]?, into counts: inout [UInt32]) {
        precondition(range.upperBound <= count && mask.map { $0.count == range.count } ?? true)
        switch self {
        case .constant(let code, _):
            let rows = mask.map { $0.reduce(0) { $0 &+ UInt32($1) } } ?? UInt32(range.count)
            counts[Int(code)] &+= rows
        case .narrow(let codes): Self.count(codes, range, mask, &counts)
        case .medium(let codes): Self.count(codes, range, mask, &counts)
        case .wide(let codes): Self.count(codes, range, mask, &counts)
        }
    }

    @inline(__always)
    private static func count<C: FixedWidthInteger & UnsignedInteger>(
        _ codes: [C], _ range: Range<Int>, _ mask: [UInt8]?, _ counts: inout [UInt32]
    ) {
        // Codes are below the dictionary's size, which the counts have: that was checked when they were read.
        counts.withUnsafeMutableBufferPointer { counts in
            codes.withUnsafeBufferPointer { codes in
                guard let mask else {
                    for row in range { counts[Int(truncatingIfNeeded: codes[row])] &+= 1 }
                    return
                }
                mask.withUnsafeBytes { mask in
                    var position = 0
                    let start = range.lowerBound
                    while position &+ 8 <= mask.count {
                        // Where few rows match, eight at a time are passed over.
                        if mask.loadUnaligned(fromByteOffset: position, as: UInt64.self) != 0 {
                            for next in position..<(position &+ 8) {
                                counts[Int(truncatingIfNeeded: codes[start &+ next])] &+= UInt32(mask[next])
                            }
                        }
                        position &+= 8
                    }
                    for next in position..<mask.count {
                        counts[Int(truncatingIfNeeded: codes[start &+ next])] &+= UInt32(mask[next])
                    }
                }
            }
        }
    }
}
