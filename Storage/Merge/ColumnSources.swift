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
    /// - Parameter isBrief: whether values keep the order in which the sources have them, which takes less time.
    /// - Returns: `nil` if no new row has a value.
    /// - Complexity: O(rows + values · log values).
    init?(_ sources: MergeSources, _ selection: MergeSelection, positions: [Int?], isBrief: Bool) throws(StorageError) {
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
            guard union.kinds[code] == ValueKind.list.rawValue else { continue }
            for member in union.members(of: code) { kinds |= 1 << union.kinds[Int(member)] }
        }
        if isBrief, !union.hasLists, !counts.dropFirst().contains(0) {
            table = union
            maps = unionMaps
        } else {
            let (table, map) = union.renumbered(counts, byFrequency: !isBrief)
            self.table = table
            maps = unionMaps.map { $0.map { map[Int($0)] } }
        }
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
            let summary = segment.header.columns[column]
            if let known = countsOfRollup(segment, column: column, codes: codes) {
                counts = known
            } else {
                for chunk in 0..<segment.header.chunks {
                    try segment.codes(column: column, chunk: chunk).count(into: &counts)
                }
            }
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
            if case .constant(0, _) = codes {
                counts[0] += UInt32(end - place)
            } else {
                try codes.count(
                    rows[place..<end], times: segment.times(chunk: chunk), into: &counts, first: &first, last: &last)
            }
            place = end
        }
        return (counts, rows.count - Int(counts[0]), first, last)
    }
}

extension ColumnSources {
    /// How often each code of a sealed segment's column occurs, from its roll-up, which has fewer entries than there are rows;
    /// `nil` where that does not tell.
    ///
    /// An event with several values counts under each there, and values of different kinds and equal text under one. A roll-up
    /// that cannot be read is left to those who ask for it.
    private static func countsOfRollup(_ segment: Segment, column: Int, codes: Int) -> [UInt32]? {
        let summary = segment.header.columns[column]
        guard summary.rollup == .complete, summary.kinds.nonzeroBitCount == 1, !segment.isMasked,
            let rollup = try? segment.rollup(column: column), rollup.directory.distinct * 4 <= segment.header.rows
        else { return nil }
        var counts = [UInt32](repeating: 0, count: codes)
        var sum = 0
        for index in 0..<rollup.blocks {
            guard let block = try? rollup.block(index) else { return nil }
            for (code, events) in zip(block.codes, block.events) {
                counts[Int(code)] = events
                sum += Int(events)
            }
        }
        return sum == segment.header.rows ? counts : nil
    }
}

extension ValueTable {
    /// The values that occur, lists behind all others.
    ///
    /// - Parameters:
    ///   - counts: how often each code occurs.
    ///   - byFrequency: whether the most frequent come first, equals by their bytes; else they keep their order.
    /// - Returns: the new table and where each code went, 0 for values that do not occur.
    func renumbered(_ counts: [UInt32], byFrequency: Bool) -> (table: ValueTable, map: [UInt32]) {
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
        if byFrequency {
            scalars = sortedByFrequency(scalars, weights)
            lists.sort { counts[$0] != counts[$1] ? counts[$0] > counts[$1] : hashes[$0] < hashes[$1] }
        }
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

    /// Codes of scalars, those with the greatest weight first, by their bytes and kinds among equals.
    private func sortedByFrequency(_ codes: [Int], _ weights: [UInt32]) -> [Int] {
        bytes.withUnsafeBytes { raw in
            func value(_ code: Int) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: raw[Int(ends[code - 1])..<Int(ends[code])])
            }
            let common = commonPrefix(codes.map(value))
            // Nearly all comparisons are decided by the weight and the first bytes behind what all values begin with.
            var keys = codes.map { code in
                var head: UInt32 = 0
                for (index, byte) in value(code).dropFirst(common).prefix(4).enumerated() {
                    head |= UInt32(byte) << UInt32(24 - 8 * index)
                }
                return (key: UInt64(~weights[code]) << 32 | UInt64(head), code: code)
            }
            keys.sort { left, right in
                if left.key != right.key { return left.key < right.key }
                let (one, other) = (value(left.code), value(right.code))
                if one.elementsEqual(other) { return kinds[left.code] < kinds[right.code] }
                return one.precedes(other)
            }
            return keys.map(\.code)
        }
    }

    /// How many bytes all values begin with.
    private func commonPrefix(_ values: [UnsafeRawBufferPointer]) -> Int {
        guard let first = values.first else { return 0 }
        return values.reduce(first.count) { common, value in
            var length = 0
            while length < min(common, value.count), value[length] == first[length] { length += 1 }
            return length
        }
    }
}
