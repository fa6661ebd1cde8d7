import Events

extension Segment {
    /// The segment without the rows of some visitors; `nil` if they have none in it.
    ///
    /// What is hidden already stays hidden. The header says exactly what it would had those rows never been, but for the
    /// number of distinct values, which is that of the dictionary; if no row is left it has none, and the segment is
    /// good for nothing but to be retired.
    ///
    /// - Parameters:
    ///   - visitors: hashes of visitors.
    ///   - view: differs from that of every other mask over the same segment.
    ///   - cache: where spliced parts are kept; `nil` for a run.
    /// - Complexity: O(visitors hidden · names · log rows), reading the table of visitors, the chunks in which the hidden
    ///   rows lie, and a whole column only where a hidden row is the first, the last or of a rare kind in it.
    func hiding(
        _ visitors: [UInt64], view: UInt64, cache: PartCache?
    ) throws(StorageError) -> Segment? {
        let base = foundation
        let hashes = try base.visitorHashes()
        let before = mask?.hidden ?? []
        var found: [UInt32] = []
        for visitor in visitors {
            let ordinal = hashes.firstPosition { $0 >= visitor }
            guard ordinal < hashes.count, hashes[ordinal] == visitor else { continue }
            let position = before.firstPosition { $0 >= UInt32(ordinal) }
            if position < before.count, before[position] == UInt32(ordinal) { continue }
            found.append(UInt32(ordinal))
        }
        found = Set(found).sorted()
        guard !found.isEmpty else { return nil }
        let rows = try HiddenRows(of: found, in: base)
        let splice = (mask?.splice ?? RowSplice(rows: base.header.rows, removing: []))
            .removing(rows.ranges, of: base.header.rows)
        let summary = MaskedSummary(base: base, splice: splice)
        let (header, columns) = try summary.header(
            from: header, columns: mask?.columns ?? Array(base.header.columns.indices), without: rows,
            hidden: before.count + found.count)
        // Positions and hashes ascend together.
        let all = (before + found).sorted()
        let parts = MaskedParts(
            base: base, splice: splice, hidden: all, visitors: all.map { hashes[Int($0)] }, columns: columns,
            view: view, cache: cache)
        return Segment(site: site, number: number, header: header, source: .masked(parts))
    }

    /// A run without the rows of some visitors, in memory again; `nil` if they have none in it.
    ///
    /// - Complexity: O(rows · columns) if they have.
    func runHiding(_ visitors: [UInt64]) throws(StorageError) -> Segment? {
        guard let masked = try hiding(visitors, view: 0, cache: nil), let parts = masked.mask else { return nil }
        guard masked.header.rows > 0 else { return masked }
        return Segment(
            site: site, number: number, header: masked.header, source: .memory(try parts.columns(masked.header)))
    }
}

/// Where the rows of some visitors lie in a segment.
struct HiddenRows {
    /// The ranges, none empty, not overlapping.
    private(set) var ranges: [Range<Int>] = []

    /// Finds the rows of visitors, given as positions in the segment's table, ascending.
    ///
    /// - Complexity: O(visitors · names · log rows), chunks read from the cache or the disk.
    init(of ordinals: [UInt32], in segment: Segment) throws(StorageError) {
        var chunk: (index: Int, ordinals: [UInt32])?
        func ordinal(_ row: Int) throws(StorageError) -> UInt32 {
            let index = row / CodeChunk.rows
            if chunk?.index != index { chunk = (index, try segment.ordinals(chunk: index)) }
            return chunk?.ordinals[row % CodeChunk.rows] ?? 0
        }
        /// The first row of a range whose visitor is not below `wanted`.
        func first(in rows: Range<Int>, notBelow wanted: UInt32) throws(StorageError) -> Int {
            var (low, high) = (rows.lowerBound, rows.upperBound)
            while low < high {
                let middle = (low + high) / 2
                if try ordinal(middle) < wanted { low = middle + 1 } else { high = middle }
            }
            return low
        }
        for name in segment.header.names {
            var next = name.rows.lowerBound
            for wanted in ordinals {
                let start = try first(in: next..<name.rows.upperBound, notBelow: wanted)
                next = try first(in: start..<name.rows.upperBound, notBelow: wanted + 1)
                if start < next { ranges.append(start..<next) }
            }
        }
    }

    /// Calls `body` with each piece of the ranges that lies within one chunk: the chunk, and the rows within it.
    static func forEachPiece(
        of ranges: [Range<Int>], _ body: (_ chunk: Int, _ rows: Range<Int>) throws(StorageError) -> Bool
    ) throws(StorageError) {
        for range in ranges {
            var row = range.lowerBound
            while row < range.upperBound {
                let chunk = row / CodeChunk.rows
                let start = chunk * CodeChunk.rows
                let end = min(range.upperBound, start + CodeChunk.rows)
                guard try body(chunk, (row - start)..<(end - start)) else { return }
                row = end
            }
        }
    }
}
