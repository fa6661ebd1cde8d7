import Events

/// Works out the header of a masked segment from the header before and the rows that go.
struct MaskedSummary {
    /// What lies underneath.
    let base: Segment
    /// Which of its rows are left.
    let splice: RowSplice

    /// What is known of some rows of one column.
    private struct Found {
        var present = 0
        var kinds: UInt8 = 0
        var first = UInt32.max
        var last: UInt32 = 0

        mutating func add(time: UInt32, kinds: UInt8) {
            present += 1
            self.kinds |= kinds
            first = min(first, time)
            last = max(last, time)
        }
    }

    /// The header without the rows `hidden`, and the positions of its columns in the segment underneath.
    ///
    /// - Parameters:
    ///   - before: the header with them.
    ///   - columns: the positions of its columns in the segment underneath.
    ///   - count: how many visitors are hidden in all.
    func header(
        from before: SegmentHeader, columns: [Int], without hidden: HiddenRows, hidden count: Int
    ) throws(StorageError) -> (header: SegmentHeader, columns: [Int]) {
        var names: [NameRun] = []
        var next = 0
        for name in base.header.names {
            let rows = splice.count(in: name.rows)
            guard rows > 0 else { continue }
            names.append(NameRun(name: name.name, hash: name.hash, rows: next..<(next + rows)))
            next += rows
        }
        let times = try times(before, without: hidden)
        var summaries: [ColumnSummary] = []
        var kept: [Int] = []
        for (summary, column) in zip(before.columns, columns) {
            guard let left = try self.summary(summary, column: column, without: hidden) else { continue }
            summaries.append(left)
            kept.append(column)
        }
        let header = SegmentHeader(
            bucket: before.bucket, month: before.month, first: times.lowerBound, last: times.upperBound,
            rows: splice.rows, visitors: base.header.visitors - count, hasValues: try hasValues(before), names: names,
            columns: summaries, version: before.version, storedBytes: before.storedBytes)
        return (header, kept)
    }

    /// First and last time of what is left. Every row is looked at only if a row that goes was the first or the last.
    private func times(
        _ before: SegmentHeader, without hidden: HiddenRows
    ) throws(StorageError) -> ClosedRange<Int64> {
        guard splice.rows > 0 else { return before.first...before.last }
        let known = (first: UInt32(before.first - before.month), last: UInt32(before.last - before.month))
        var gone = Found()
        try HiddenRows.forEachPiece(of: hidden.ranges) { (chunk, rows) throws(StorageError) in
            for time in try base.times(chunk: chunk)[rows] { gone.add(time: time, kinds: 0) }
            return true
        }
        guard gone.first == known.first || gone.last == known.last else { return before.first...before.last }
        var left = Found()
        try HiddenRows.forEachPiece(of: splice.kept) { (chunk, rows) throws(StorageError) in
            for time in try base.times(chunk: chunk)[rows] { left.add(time: time, kinds: 0) }
            return left.first != known.first || left.last != known.last
        }
        return (before.month + Int64(left.first))...(before.month + Int64(left.last))
    }

    /// Whether a row that is left has a measure; ends at the first that has.
    private func hasValues(_ before: SegmentHeader) throws(StorageError) -> Bool {
        guard before.hasValues else { return false }
        var found = false
        try HiddenRows.forEachPiece(of: splice.kept) { (chunk, rows) throws(StorageError) in
            found = try base.values(chunk: chunk)?[rows].contains { !$0.isNaN } ?? false
            return !found
        }
        return found
    }

    /// What is left of a column; `nil` if no row with a value is.
    ///
    /// All its rows are looked at only if a row that goes was the first or the last with a value, or if there are
    /// several kinds of values, one of which might be gone.
    private func summary(
        _ before: ColumnSummary, column: Int, without hidden: HiddenRows
    ) throws(StorageError) -> ColumnSummary? {
        let month = base.header.month
        let known = (first: UInt32(before.first - month), last: UInt32(before.last - month))
        let gone = try found(column, in: hidden.ranges, kindsFrom: nil) { _ in true }
        guard gone.present > 0 else { return before.withoutRollup }
        guard gone.present < before.present else { return nil }
        var left = Found(present: 0, kinds: before.kinds, first: known.first, last: known.last)
        if gone.first == known.first || gone.last == known.last || before.kinds.nonzeroBitCount > 1 {
            let table = try base.table(column: column)
            left = try found(column, in: splice.kept, kindsFrom: table) {
                $0.first != known.first || $0.last != known.last || $0.kinds != before.kinds
            }
        }
        return ColumnSummary(
            name: before.name, distinct: before.distinct, present: before.present - gone.present,
            first: month + Int64(left.first), last: month + Int64(left.last), kinds: left.kinds, rollup: .none)
    }

    /// Looks at a column's rows with a value for as long as `goesOn`.
    ///
    /// - Parameter table: the column's dictionary where kinds are asked for.
    private func found(
        _ column: Int, in ranges: [Range<Int>], kindsFrom table: ValueTable?, while goesOn: (Found) -> Bool
    ) throws(StorageError) -> Found {
        var found = Found()
        try HiddenRows.forEachPiece(of: ranges) { (chunk, rows) throws(StorageError) in
            let codes = try base.codes(column: column, chunk: chunk)
            if case .constant(0, _) = codes { return true }
            let times = try base.times(chunk: chunk)
            for row in rows {
                let code = Int(codes[row])
                if code != 0 { found.add(time: times[row], kinds: table?.kindBits(of: code) ?? 0) }
            }
            return goesOn(found)
        }
        return found
    }
}

extension ValueTable {
    /// The kinds of a value as a set of bits: for a list its own and those of its members.
    fileprivate func kindBits(of code: Int) -> UInt8 {
        let own: UInt8 = 1 << kinds[code]
        guard kinds[code] == ValueKind.list.rawValue else { return own }
        return members(of: code).reduce(own) { $0 | 1 << kinds[Int($1)] }
    }
}

extension ColumnSummary {
    /// The same, with no roll-up stored.
    var withoutRollup: ColumnSummary {
        ColumnSummary(
            name: name, distinct: distinct, present: present, first: first, last: last, kinds: kinds, rollup: .none)
    }
}
