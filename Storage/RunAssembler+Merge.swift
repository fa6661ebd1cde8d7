import Events

/// Several runs of one site and month, lined up for merging: their visitors united, their rows in the order of (name,
/// visitor, time).
///
/// Merging, sealing and compaction all begin here; they differ in which of the rows they take.
package struct AlignedRuns {
    private let runs: [(header: SegmentHeader, columns: RunColumns)]
    private let hash: EventHash
    private var assembler: RunAssembler

    /// Lines runs up.
    ///
    /// - Complexity: O(rows · log runs).
    package init(_ runs: [(header: SegmentHeader, columns: RunColumns)], hash: EventHash) {
        precondition(!runs.isEmpty, "there is something to merge")
        self.runs = runs
        self.hash = hash
        let total = runs.reduce(0) { $0 + $1.header.rows }
        precondition(total <= Int(UInt32.max), "the rows in flight are bounded far below 2^32")

        let visitors = Self.unite(runs.map(\.columns.visitorHashes))
        var times: [UInt32] = []
        var ordinals: [UInt32] = []
        var values: [Double] = []
        times.reserveCapacity(total)
        ordinals.reserveCapacity(total)
        var visitorNames = [(table: Int, code: UInt32)](repeating: (0, 0), count: visitors.count)
        var bases: [Int] = []
        let hasValues = runs.contains { $0.header.hasValues }
        for (index, run) in runs.enumerated() {
            bases.append(times.count)
            for chunk in run.columns.times { times.append(contentsOf: chunk) }
            var map: [UInt32] = []
            map.reserveCapacity(run.columns.visitorHashes.count)
            var position = 0
            for (ordinal, visitor) in run.columns.visitorHashes.enumerated() {
                while visitors[position] != visitor { position += 1 }
                map.append(UInt32(position))
                visitorNames[position] = (index, UInt32(ordinal + 1))
            }
            for chunk in run.columns.ordinals {
                for ordinal in chunk { ordinals.append(map[Int(ordinal)]) }
            }
            if hasValues {
                if run.header.hasValues {
                    for chunk in run.columns.values { values.append(contentsOf: chunk) }
                } else {
                    values.append(contentsOf: repeatElement(.nan, count: run.header.rows))
                }
            }
        }

        var runsOfName: [UInt64: (name: String, ranges: [Range<Int>])] = [:]
        for (index, run) in runs.enumerated() {
            for name in run.header.names {
                let range = (name.rows.lowerBound + bases[index])..<(name.rows.upperBound + bases[index])
                runsOfName[name.hash, default: (name.name, [])].ranges.append(range)
            }
        }
        var names: [(name: String, hash: UInt64, rows: Int)] = []
        var order: [UInt32] = []
        order.reserveCapacity(total)
        for (hash, entry) in runsOfName.sorted(by: {
            $0.value.name.utf8.lexicographicallyPrecedes($1.value.name.utf8)
        }) {
            let before = order.count
            Self.mergeRanges(entry.ranges, ordinals: ordinals, times: times, into: &order)
            names.append((entry.name, hash, order.count - before))
        }
        // By bytes: as strings, names that only look alike would be one, and a column would be lost.
        let columnNames = Set(runs.flatMap { $0.header.columns.map { Array($0.name.utf8) } })
            .sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
        assembler = RunAssembler(
            names: names, order: order, month: runs[0].header.month, times: times, ordinals: ordinals,
            visitors: visitors, visitorNames: visitorNames, nameTables: runs.map(\.columns.visitorNames),
            values: values, columnNames: columnNames)
    }

    /// Number of rows of all runs.
    var rows: Int { assembler.order.count }

    /// All rows as one run.
    package func merged(
        bucket: Bucket, dictionaries: RunAssembler.Dictionaries
    ) -> (header: SegmentHeader, columns: RunColumns) {
        assembler.build(bucket: bucket, dictionaries: dictionaries, hash: hash, column: column)
    }

    /// The rows whose times are wanted, as one run; `nil` if there are none.
    ///
    /// - Parameter isWanted: gets times in milliseconds since the month's start.
    func rest(where isWanted: (UInt32) -> Bool) -> (header: SegmentHeader, columns: RunColumns)? {
        // Locals: through `self` each row would retain and release all of it.
        let times = assembler.times
        let all = assembler.order
        var order: [UInt32] = []
        var names = assembler.names
        var position = 0
        for (index, name) in assembler.names.enumerated() {
            let before = order.count
            for row in all[position..<(position + name.rows)] where isWanted(times[Int(row)]) { order.append(row) }
            names[index].rows = order.count - before
            position += name.rows
        }
        guard !order.isEmpty else { return nil }
        var own = assembler
        own.order = order
        own.names = names
        return own.build(
            bucket: Bucket(level: .none, start: assembler.month), dictionaries: .used, hash: hash, column: column)
    }

    /// A column of all runs, one after the other, with one table.
    private func column(_ index: Int) -> (table: ValueTable, codes: [UInt32]) {
        let name = assembler.columnNames[index]
        var table = ValueTable()
        var codes: [UInt32] = []
        codes.reserveCapacity(assembler.times.count)
        for run in runs {
            guard let column = run.header.column(name) else {
                codes.append(contentsOf: repeatElement(0, count: run.header.rows))
                continue
            }
            if runs.count == 1 {
                for chunk in run.columns.columns[column].chunks { chunk.append(to: &codes) }
                return (run.columns.columns[column].table, codes)
            }
            let map = table.merge(run.columns.columns[column].table, hash: hash)
            let start = codes.count
            for chunk in run.columns.columns[column].chunks { chunk.append(to: &codes) }
            for position in start..<codes.count { codes[position] = map[Int(codes[position])] }
        }
        return (table, codes)
    }

    /// The union of ascending lists of hashes, ascending. Pairwise, so that each hash is moved log(lists) times.
    static func unite(_ lists: [[UInt64]]) -> [UInt64] {
        var lists = lists
        while lists.count > 1 {
            var next: [[UInt64]] = []
            for index in stride(from: 0, to: lists.count - 1, by: 2) {
                next.append(unite(lists[index], lists[index + 1]))
            }
            if lists.count % 2 == 1 { next.append(lists[lists.count - 1]) }
            lists = next
        }
        return lists.first ?? []
    }

    private static func unite(_ left: [UInt64], _ right: [UInt64]) -> [UInt64] {
        [UInt64](unsafeUninitializedCapacity: left.count + right.count) { output, count in
            var (l, r, n) = (0, 0, 0)
            while l < left.count, r < right.count {
                let (a, b) = (left[l], right[r])
                output[n] = min(a, b)
                n += 1
                l += a <= b ? 1 : 0
                r += b <= a ? 1 : 0
            }
            for index in l..<left.count {
                output[n] = left[index]
                n += 1
            }
            for index in r..<right.count {
                output[n] = right[index]
                n += 1
            }
            count = n
        }
    }

    /// Appends the rows of several ranges, each sorted by (visitor, time), in that order; among equals earlier ranges
    /// first.
    private static func mergeRanges(
        _ ranges: [Range<Int>], ordinals: [UInt32], times: [UInt32], into order: inout [UInt32]
    ) {
        if ranges.count == 1 {
            order.append(contentsOf: ranges[0].lazy.map { UInt32($0) })
            return
        }
        func key(_ row: Int) -> UInt64 { UInt64(ordinals[row]) << 32 | UInt64(times[row]) }
        // A binary heap of (key, range), smallest on top.
        var heap: [(key: UInt64, range: Int)] = ranges.indices.map { (key(ranges[$0].lowerBound), $0) }
        func before(_ a: (key: UInt64, range: Int), _ b: (key: UInt64, range: Int)) -> Bool {
            a.key != b.key ? a.key < b.key : a.range < b.range
        }
        heap.sort(by: before)
        var next = ranges.map(\.lowerBound)
        while let top = heap.first {
            let range = top.range
            order.append(UInt32(next[range]))
            next[range] += 1
            var entry = top
            if next[range] < ranges[range].upperBound {
                entry.key = key(next[range])
            } else {
                entry = heap.removeLast()
                if heap.isEmpty { break }
            }
            var hole = 0
            while true {
                var child = hole * 2 + 1
                guard child < heap.count else { break }
                if child + 1 < heap.count, before(heap[child + 1], heap[child]) { child += 1 }
                guard before(heap[child], entry) else { break }
                heap[hole] = heap[child]
                hole = child
            }
            heap[hole] = entry
        }
    }
}
