import Events

/// One dictionary column of the sources, united: the values that the new rows use, most frequent first, and where each
/// source's codes go.
struct ColumnSources {
    /// The new dictionary.
    let table: ValueTable
    /// For each source the new code of each of its codes.
    let maps: [[UInt32]]
    /// Rows with a value.
    let present: Int
    /// The first and the last time of rows with a value, milliseconds since the month's start.
    let first: UInt32
    let last: UInt32
    /// Bit k is set when a value of kind k occurs.
    let kinds: UInt8

    /// Reads a column's dictionaries and counts its values.
    ///
    /// Frequent values get small codes: their high bytes are zero, which an entropy coder likes, and the heads of roll-ups come first.
    ///
    /// - Returns: `nil` if no new row has a value.
    /// - Complexity: O(rows + values · log values).
    init?(_ sources: MergeSources, _ selection: MergeSelection, positions: [Int?]) throws(StorageError) {
        var union = ValueTable()
        var unionMaps: [[UInt32]] = []
        var counts: [UInt32] = [0]
        var present = 0
        var first = UInt32.max
        var last: UInt32 = 0
        for (source, segment) in sources.segments.enumerated() {
            guard let column = positions[source] else {
                unionMaps.append([0])
                continue
            }
            let table = try segment.table(column: column)
            let own = try Self.count(
                segment, column: column, codes: table.count, rows: selection.rows[source])
            unionMaps.append(union.merge(table, hash: sources.hash))
            if counts.count < union.count {
                counts.append(contentsOf: repeatElement(0, count: union.count - counts.count))
            }
            for (code, count) in own.counts.enumerated() where count > 0 && code != 0 {
                counts[Int(unionMaps[source][code])] &+= count
            }
            present += own.present
            first = min(first, own.first)
            last = max(last, own.last)
        }
        guard present > 0 else { return nil }
        var kinds: UInt8 = 0
        for code in 1..<union.count where counts[code] > 0 {
            kinds |= 1 << union.kinds[code]
            for member in union.members(of: code) { kinds |= 1 << union.kinds[Int(member)] }
        }
        let (table, map) = union.byFrequency(counts, hash: sources.hash)
        self.table = table
        maps = unionMaps.map { $0.map { map[Int($0)] } }
        self.present = present
        self.first = first
        self.last = last
        self.kinds = kinds
    }

    private static func count(
        _ segment: Segment, column: Int, codes: Int, rows: [UInt32]?
    ) throws(StorageError) -> (counts: [UInt32], present: Int, first: UInt32, last: UInt32) {
        var counts = [UInt32](repeating: 0, count: codes)
        guard let rows else {
            for chunk in 0..<segment.header.chunks {
                try segment.codes(column: column, chunk: chunk).count(nil, into: &counts)
            }
            let summary = segment.header.columns[column]
            return (
                counts, summary.present, UInt32(summary.first - segment.header.month),
                UInt32(summary.last - segment.header.month)
            )
        }
        var first = UInt32.max
        var last: UInt32 = 0
        var place = 0
        while place < rows.count {
            let chunk = Int(rows[place]) / CodeChunk.rows
            var end = place + 1
            while end < rows.count, Int(rows[end]) / CodeChunk.rows == chunk { end += 1 }
            let codes = try segment.codes(column: column, chunk: chunk)
            codes.count(rows[place..<end], into: &counts)
            if case .constant(0, _) = codes {
            } else {
                let times = try segment.times(chunk: chunk)
                for row in rows[place..<end] where codes[Int(row) % CodeChunk.rows] != 0 {
                    first = min(first, times[Int(row) % CodeChunk.rows])
                    last = max(last, times[Int(row) % CodeChunk.rows])
                }
            }
            place = end
        }
        return (counts, rows.count - Int(counts[0]), first, last)
    }
}

extension ValueTable {
    /// The values that occur, most frequent first and by their bytes among equals; lists behind all others.
    ///
    /// - Parameter counts: how often each code occurs.
    /// - Returns: the new table and where each code went, 0 for values that do not occur.
    func byFrequency(_ counts: [UInt32], hash: EventHash) -> (table: ValueTable, map: [UInt32]) {
        let list = ValueKind.list.rawValue
        var weights = counts
        var lists: [Int] = []
        if hasLists {
            lists = (1..<count).filter { counts[$0] > 0 && kinds[$0] == list }
            for code in lists {
                for member in members(of: code) where Int(member) != code { weights[Int(member)] &+= counts[code] }
            }
        }
        var scalars = (1..<max(1, count)).filter { weights[$0] > 0 && kinds[$0] != list }
        bytes.withUnsafeBytes { raw in
            func value(_ code: Int) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: raw[Int(ends[code - 1])..<Int(ends[code])])
            }
            scalars.sort {
                if weights[$0] != weights[$1] { return weights[$0] > weights[$1] }
                let (left, right) = (value($0), value($1))
                if left.elementsEqual(right) { return kinds[$0] < kinds[$1] }
                return left.precedes(right)
            }
        }
        lists.sort { counts[$0] != counts[$1] ? counts[$0] > counts[$1] : hashes[$0] < hashes[$1] }
        var table = ValueTable()
        var map = [UInt32](repeating: 0, count: count)
        for code in scalars {
            map[code] = UInt32(table.count)
            withBytes(of: code) { table.appendUnindexed($0, kind: kind(of: code), hash: hashes[code]) }
        }
        for code in lists {
            map[code] = UInt32(table.count)
            let members = members(of: code).map { map[Int($0)].littleEndian }
            members.withUnsafeBytes { table.appendUnindexed($0, kind: .list, hash: hashes[code]) }
        }
        return (table, map)
    }
}
