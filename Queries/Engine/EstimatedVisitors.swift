import Events
import Storage

/// Estimates the distinct visitors of groups by the sets that roll-ups keep of the most frequent values, so that whole
/// segments are answered without their rows. What no set covers, ragged ends, runs in flight and rare values, is read
/// row by row into the same sketches.
struct EstimatedVisitors {
    let execution: Execution
    /// One dimension, no intervals.
    let grouping: Grouping
    let filter: Filter?
    let range: ResolvedRange
    let table: GroupTable

    /// The most groups that are estimated; more are counted exactly. A sketch takes up to 4 KiB a thread.
    static let maxGroups = 4_096

    private static let rowsAUnit = 8 * CodeChunk.rows

    /// The rows of one segment whose groups have to be read.
    private struct Scan: Sendable {
        var segment: Int
        var filter: CompiledFilter
        var grouping: LocalGrouping
        /// Which of the selected groups are read, by their number; -1 for the others.
        var selected: [Int32]
        var pieces: [Piece]
    }

    /// What a segment gave without its rows.
    private struct Covered {
        var groups = 0
        var scans: [Scan] = []
    }

    /// The visitors of each of some groups of ``table``, in their order.
    ///
    /// - Returns: `nil` if no roll-up helps, so that counting exactly costs the same.
    func run(_ groups: [Int]) throws(QueryError) -> [VisitorSketch]? {
        guard !groups.isEmpty, groups.count <= EstimatedVisitors.maxGroups else { return nil }
        let sketches = PerWorker(execution.workers) {
            [VisitorSketch](repeating: VisitorSketch(), count: groups.count)
        }
        let covered = PerWorker(execution.workers) { Covered() }
        try execution.parallel(execution.segments.count) { (worker, index) throws(QueryError) in
            try sketches.with(worker) { (sketches) throws(QueryError) in
                try covered.with(worker) { (covered) throws(QueryError) in
                    try cover(index, groups, &sketches, &covered)
                }
            }
        }
        guard covered.all.contains(where: { $0.groups > 0 }) else { return nil }
        let scans = covered.all.flatMap(\.scans)
        try execution.parallel(scans.count) { (worker, index) throws(QueryError) in
            try sketches.with(worker) { (sketches) throws(QueryError) in try read(scans[index], &sketches) }
        }
        let all = sketches.all
        guard var union = all.first else { return nil }
        for other in all.dropFirst() {
            for group in groups.indices { union[group].merge(other[group]) }
        }
        return union
    }

    // MARK: Roll-ups

    /// Takes what a segment's roll-up knows, and notes what has to be read.
    private func cover(
        _ index: Int, _ groups: [Int], _ sketches: inout [VisitorSketch], _ covered: inout Covered
    ) throws(QueryError) {
        let segment = execution.segments[index]
        guard segment.coverage(of: range) != .none else { return }
        let filter = try CompiledFilter(
            filter, range: range, segment: segment, hash: execution.hash, execution: execution)
        let names = filter.possibleNames
        var selected = [Int32](repeating: -1, count: table.count)
        for (number, group) in groups.enumerated() { selected[group] = Int32(number) }
        if let column = rollupColumn(segment, filter, names) {
            let missing = try union(segment, column, names, groups, &sketches, &covered)
            for (number, group) in groups.enumerated() where !missing[number] { selected[group] = -1 }
            guard missing.contains(true) else { return }
        }
        let grouping = try LocalGrouping(grouping, of: segment, hash: execution.hash)
        var pieces: [Piece] = []
        var rows = 0
        func cut() {
            guard !pieces.isEmpty else { return }
            covered.scans.append(
                Scan(segment: index, filter: filter, grouping: grouping, selected: selected, pieces: pieces))
            pieces = []
            rows = 0
        }
        for piece in segment.pieces(names: names) {
            pieces.append(piece)
            rows += piece.range.count
            if rows >= EstimatedVisitors.rowsAUnit { cut() }
        }
        cut()
    }

    /// The column whose roll-up has sets of whole names' visitors, if there is one.
    private func rollupColumn(_ segment: Segment, _ filter: CompiledFilter, _ names: [Int]) -> Int? {
        guard segment.isSealed, segment.coverage(of: range) == .all,
            let column = segment.header.column(grouping.dimensions[0].name), segment.header.columns[column].hasRollup,
            names.allSatisfy({ filter.filter(forName: $0).constant == true })
        else { return nil }
        return column
    }

    /// Adds the sets of a segment's roll-up to the groups' sketches.
    ///
    /// - Returns: for each group whether it has visitors that no set knows.
    private func union(
        _ segment: Segment, _ column: Int, _ names: [Int], _ groups: [Int], _ sketches: inout [VisitorSketch],
        _ covered: inout Covered
    ) throws(QueryError) -> [Bool] {
        var missing = [Bool](repeating: true, count: groups.count)
        guard let rollup = try stored({ () throws(StorageError) in try segment.rollup(column: column) }),
            rollup.directory.blocks.contains(where: \.hasSets)
        else { return missing }
        let codes = try self.codes(segment, column, groups)
        let hashes = try stored { () throws(StorageError) in try segment.visitorHashes() }
        var isCounted = [Bool](repeating: false, count: segment.header.names.count)
        for name in names { isCounted[name] = true }
        execution.countRows(groups.count)
        for (number, code) in codes.enumerated() {
            guard let code else {
                missing[number] = false
                continue
            }
            guard let place = try stored({ () throws(StorageError) in try rollup.find(code) }) else {
                missing[number] = !rollup.directory.isComplete
                continue
            }
            let block = try stored { () throws(StorageError) in try rollup.block(place.block) }
            let sets = try stored { () throws(StorageError) in try rollup.sets(ofBlock: place.block) }
            let cells = block.cells(of: place.entry)
            let counted = cells.filter { isCounted[Int(block.cellNames[$0])] }
            var found: [VisitorSet?]
            if counted.count == cells.count, let whole = sets?.set(entry: place.entry, of: block) {
                found = [whole]
            } else {
                found = counted.map { sets?.set(entry: place.entry, name: block.cellNames[$0]) }
            }
            guard found.allSatisfy({ $0 != nil }) else { continue }
            for set in found { set?.add(to: &sketches[number], hashes: hashes) }
            missing[number] = false
            covered.groups += 1
        }
        return missing
    }

    /// The code of each group's value in a segment, of several codes of equal text the lowest, as in roll-ups; `nil` if
    /// no row has it.
    private func codes(_ segment: Segment, _ column: Int, _ groups: [Int]) throws(QueryError) -> [UInt32?] {
        let values = try stored { () throws(StorageError) in try segment.table(column: column) }
        var numbers = [Int32](repeating: -1, count: table.count)
        for (number, group) in groups.enumerated() { numbers[group] = Int32(number) }
        var codes = [UInt32?](repeating: nil, count: groups.count)
        for (code, hash) in values.hashes.enumerated() {
            guard let group = table.index.find(GroupTable.key(hash, interval: 0)) else { continue }
            let number = Int(numbers[Int(group)])
            if number >= 0, codes[number] == nil { codes[number] = UInt32(code) }
        }
        return codes
    }

    // MARK: Rows

    /// Adds the visitors of rows to the sketches of the groups that are read.
    private func read(_ scan: Scan, _ sketches: inout [VisitorSketch]) throws(QueryError) {
        let segment = execution.segments[scan.segment]
        let hashes = try stored { () throws(StorageError) in try segment.visitorHashes() }
        let resolver = GroupResolver(table, selected: scan.selected)
        var grouping = scan.grouping
        if let direct = DirectGroups(grouping, self.grouping, segment, resolver, groups: sketches.count),
            VisitorBits.fits(groups: sketches.count + 1, visitors: hashes.count)
        {
            return try read(scan, direct, hashes, &sketches)
        }
        var resolved = GroupResolver.Local()
        var mask: [UInt8] = []
        var local: [UInt32] = []
        // The last visitor added to each group; they come back only with the next name.
        var last = [UInt32](repeating: .max, count: sketches.count)
        for piece in scan.pieces {
            try execution.check()
            let filter = scan.filter.filter(forName: piece.name)
            guard filter.constant != false else { continue }
            execution.countRows(piece.range.count)
            try filter.mask(piece, into: &mask)
            try grouping.assign(piece, segment: segment, into: &local)
            let ordinals = try stored { () throws(StorageError) in try segment.ordinals(chunk: piece.chunk) }
            let start = piece.range.lowerBound
            resolver.forEachRow(local, mask: mask, grouping, &resolved) { position, group in
                let ordinal = ordinals[start + position]
                guard last[Int(group)] != ordinal else { return }
                last[Int(group)] = ordinal
                sketches[Int(group)].insert(hashes[Int(ordinal)])
            }
        }
    }
    /// The same where a row's group is one look-up: visitors become bits first, so that each is added once.
    private func read(
        _ scan: Scan, _ direct: DirectGroups, _ hashes: [UInt64], _ sketches: inout [VisitorSketch]
    ) throws(QueryError) {
        let segment = execution.segments[scan.segment]
        let visitors = VisitorSlots(visitors: hashes.count)
        let bits = VisitorBits(groups: sketches.count + 1, visitors: hashes.count)
        var mask: [UInt8] = []
        for piece in scan.pieces {
            try execution.check()
            let filter = scan.filter.filter(forName: piece.name)
            guard filter.constant != false else { continue }
            execution.countRows(piece.range.count)
            if filter.constant != true { try filter.mask(piece, into: &mask) }
            try direct.insert(
                piece, segment: segment, visitors, index: 0, mask: filter.constant == true ? nil : mask, into: bits)
        }
        for group in sketches.indices {
            bits.forEachVisitor(ofGroup: group) { sketches[group].insert(hashes[$0]) }
        }
    }
}
