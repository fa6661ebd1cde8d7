import Events

/// Builds the columns of a run from rows that lie somewhere else, in a given order: the one way by which runs and
/// segments come to be.
///
/// Sources are concatenated: a row is a position in the flat columns, and ``order`` says which rows come out and in
/// what order, sorted by (event name, visitor hash, time) already.
package struct RunAssembler {
    /// Event names in the order of their rows, with the number of rows of each.
    var names: [(name: String, hash: UInt64, rows: Int)]
    /// The rows to take, in their new order.
    var order: [UInt32]
    /// Start of the calendar month that ``times`` count from.
    var month: Int64
    /// Time of each source row.
    var times: [UInt32]
    /// Visitor of each source row, a position in ``visitors``.
    var ordinals: [UInt32]
    /// The visitors of all sources, ascending by hash.
    var visitors: [UInt64]
    /// Where each visitor's name is found: a table and a code in it.
    var visitorNames: [(table: Int, code: UInt32)]
    /// The tables ``visitorNames`` points into.
    var nameTables: [ValueTable]
    /// Measure of each source row, NaN for none; empty if there are none.
    var values: [Double]
    /// The dictionary columns' names, ascending.
    var columnNames: [String]

    /// How dictionaries come out.
    package enum Dictionaries {
        /// As they are, values that no row uses among them: for runs that live a short while.
        case asTheyAre
        /// Only the values in use.
        case used
        /// Only the values in use, sorted by their bytes, which compresses best.
        case sorted
    }

    /// Builds the run.
    ///
    /// - Parameters:
    ///   - column: returns the table and the flat codes of a column by its position in ``columnNames``.
    /// - Complexity: O(rows · columns + values).
    func build(
        bucket: Bucket, dictionaries: Dictionaries, hash: EventHash,
        column: (Int) -> (table: ValueTable, codes: [UInt32])
    ) -> (header: SegmentHeader, columns: RunColumns) {
        var run = begin(bucket: bucket)
        for (index, name) in columnNames.enumerated() {
            let (table, codes) = column(index)
            add(name, table, codes, to: &run, dictionaries: dictionaries, hash: hash)
        }
        return finish(run)
    }

    /// A run whose dictionary columns are still being added.
    struct Unfinished {
        fileprivate let bucket: Bucket
        fileprivate var columns: RunColumns
        fileprivate var summaries: [ColumnSummary] = []
        fileprivate let times: [UInt32]
        fileprivate let first: UInt32
        fileprivate let last: UInt32
        fileprivate let hasValues: Bool
    }

    /// Builds everything but the dictionary columns. They come one by one, so that several runs that are cut from the
    /// same rows share the work of uniting a column's tables.
    func begin(bucket: Bucket) -> Unfinished {
        let times = order.map { self.times[Int($0)] }
        let people = takeVisitors()
        var values: [Double] = []
        if !self.values.isEmpty { values = order.map { self.values[Int($0)] } }
        let hasValues = values.contains { !$0.isNaN }
        let columns = RunColumns(
            visitorHashes: people.hashes, visitorNames: people.names, ordinals: cut(people.ordinals),
            times: cut(times), values: hasValues ? cut(values) : [], columns: [])
        return Unfinished(
            bucket: bucket, columns: columns, times: times, first: times.min() ?? 0, last: times.max() ?? 0,
            hasValues: hasValues)
    }

    /// Adds a dictionary column; columns come in the order of ``columnNames``.
    func add(
        _ name: String, _ table: ValueTable, _ codes: [UInt32], to run: inout Unfinished, dictionaries: Dictionaries,
        hash: EventHash
    ) {
        guard
            let (column, summary) = takeColumn(
                name: name, table: table, codes: codes, times: run.times, dictionaries: dictionaries, hash: hash)
        else { return }
        run.columns.columns.append(column)
        run.summaries.append(summary)
    }

    /// Makes the run's header.
    func finish(_ run: Unfinished) -> (header: SegmentHeader, columns: RunColumns) {
        var runs: [NameRun] = []
        var next = 0
        for name in names where name.rows > 0 {
            runs.append(NameRun(name: name.name, hash: name.hash, rows: next..<(next + name.rows)))
            next += name.rows
        }
        let header = SegmentHeader(
            bucket: run.bucket, month: month, first: month + Int64(run.first), last: month + Int64(run.last),
            rows: order.count, visitors: run.columns.visitorHashes.count, hasValues: run.hasValues, names: runs,
            columns: run.summaries)
        return (header, run.columns)
    }

    private func cut<T>(_ values: [T]) -> [[T]] {
        stride(from: 0, to: values.count, by: CodeChunk.rows).map {
            Array(values[$0..<min($0 + CodeChunk.rows, values.count)])
        }
    }

    /// The visitors that the taken rows have, renumbered without gaps.
    private func takeVisitors() -> (hashes: [UInt64], names: ValueTable, ordinals: [UInt32]) {
        let unused = UInt32.max
        var renumbered = [UInt32](repeating: unused, count: visitors.count)
        for row in order { renumbered[Int(ordinals[Int(row)])] = 0 }
        var hashes: [UInt64] = []
        var names = ValueTable()
        for old in renumbered.indices where renumbered[old] != unused {
            renumbered[old] = UInt32(hashes.count)
            hashes.append(visitors[old])
            let place = visitorNames[old]
            nameTables[place.table].withBytes(of: Int(place.code)) {
                names.appendUnindexed($0, kind: .string, hash: visitors[old])
            }
        }
        return (hashes, names, order.map { renumbered[Int(ordinals[Int($0)])] })
    }

    /// One column in the new order; `nil` if none of the taken rows has a value.
    private func takeColumn(
        name: String, table: ValueTable, codes: [UInt32], times: [UInt32], dictionaries: Dictionaries, hash: EventHash
    ) -> (RunColumn, ColumnSummary)? {
        var used = [Bool](repeating: false, count: table.count)
        var (first, last) = (UInt32.max, UInt32(0))
        var present = 0
        var taken = [UInt32](unsafeUninitializedCapacity: order.count) { taken, count in
            used.withUnsafeMutableBufferPointer { used in
                codes.withUnsafeBufferPointer { codes in
                    times.withUnsafeBufferPointer { times in
                        for position in order.indices {
                            let code = codes[Int(order[position])]
                            taken.initializeElement(at: position, to: code)
                            used[Int(code)] = true
                            present &+= code == 0 ? 0 : 1
                            first = min(first, code == 0 ? .max : times[position])
                            last = max(last, code == 0 ? 0 : times[position])
                        }
                    }
                }
            }
            count = order.count
        }
        guard present > 0 else { return nil }
        var kinds: UInt8 = 0
        for code in 1..<table.count where used[code] {
            kinds |= 1 << table.kinds[code]
            guard table.kinds[code] == ValueKind.list.rawValue else { continue }
            for member in table.members(of: code) { kinds |= 1 << table.kinds[Int(member)] }
        }
        var table = table
        if dictionaries != .asTheyAre, dictionaries == .sorted || used.dropFirst().contains(false) {
            let map: [UInt32]
            (table, map) = table.compacted(used, sorted: dictionaries == .sorted, hash: hash)
            map.withUnsafeBufferPointer { map in
                for position in taken.indices { taken[position] = map[Int(taken[position])] }
            }
        }
        let summary = ColumnSummary(
            name: name, distinct: table.count, present: present, first: month + Int64(first),
            last: month + Int64(last), kinds: kinds, rollup: .none)
        return (RunColumn(table: table, chunks: CodeChunk.chunks(taken, below: table.count)), summary)
    }
}

extension ValueTable {
    /// The values whose codes are used, with the members of lists among them, and where each code went.
    func compacted(_ used: [Bool], sorted: Bool, hash: EventHash) -> (table: ValueTable, map: [UInt32]) {
        var used = used
        let list = ValueKind.list.rawValue
        if hasLists {
            for code in 1..<count where used[code] && kinds[code] == list {
                for member in members(of: code) { used[Int(member)] = true }
            }
        }
        var scalars = (1..<max(1, count)).filter { used[$0] && kinds[$0] != list }
        if sorted {
            bytes.withUnsafeBytes { raw in
                func value(_ code: Int) -> UnsafeRawBufferPointer {
                    UnsafeRawBufferPointer(rebasing: raw[Int(ends[code - 1])..<Int(ends[code])])
                }
                scalars.sort { value($0).precedes(value($1)) }
            }
        }
        var table = ValueTable()
        var map = [UInt32](repeating: 0, count: count)
        for code in scalars {
            map[code] = UInt32(table.count)
            withBytes(of: code) { table.appendUnindexed($0, kind: kind(of: code), hash: hashes[code]) }
        }
        if hasLists {
            for code in 1..<count where used[code] && kinds[code] == list {
                map[code] = table.internList(members(of: code).map { map[Int($0)] }, hash: hash)
            }
        }
        return (table, map)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes come before others in byte order.
    func precedes(_ other: UnsafeRawBufferPointer) -> Bool {
        lexicographicallyPrecedes(other)
    }
}
