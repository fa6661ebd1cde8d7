import Events
import Storage

/// The query's visitors, cut by ranges of their hashes into partitions that fit a core's cache and can be worked on
/// apart.
///
/// Rows of a name stand in the order of visitor hashes in every segment, so a partition is a slice of every name's
/// rows. Partial results of partitions simply add up, since no visitor is in two.
struct VisitorPartitions {
    /// Number of partitions, a power of two.
    let count: Int
    private let bits: Int
    private let segments: [Segment]
    /// For each segment and name (by position), the row at which each partition begins, and the end; empty for what
    /// is not read.
    private let rows: [[[Int]]]
    /// For each segment the ordinal at which each partition begins, and the end.
    private let ordinals: [[Int]]

    /// Visitors a partition has at most, about, each counted once a segment.
    private static let visitorsAPartition = 131_072
    private static let rowsAPartition = 262_144

    /// Cuts the given names of each segment.
    ///
    /// - Complexity: O(segments · names · partitions · log rows).
    init(_ segments: [Segment], names: [[Int]], threads: Int) throws(QueryError) {
        self.segments = segments
        var visitors = 0
        var rows = 0
        for (segment, names) in zip(segments, names) where !names.isEmpty {
            visitors += segment.header.visitors
            for name in names { rows += segment.header.names[name].rows.count }
        }
        var bits = 0
        while 1 << bits < max(visitors / Self.visitorsAPartition, rows / Self.rowsAPartition) { bits += 1 }
        if rows > 20_000, threads > 1 { bits = max(bits, 2) }
        bits = min(bits, 16)
        self.bits = bits
        count = 1 << bits
        var allRows: [[[Int]]] = []
        var allOrdinals: [[Int]] = []
        for (segment, names) in zip(segments, names) {
            var ofNames = [[Int]](repeating: [], count: segment.header.names.count)
            guard !names.isEmpty else {
                allRows.append(ofNames)
                allOrdinals.append([])
                continue
            }
            let bounds = try Self.ordinalBounds(segment, bits: bits)
            if bits == 0 {
                for name in names {
                    let run = segment.header.names[name].rows
                    ofNames[name] = [run.lowerBound, run.upperBound]
                }
            } else {
                var chunks: [[UInt32]] = []
                for chunk in 0..<segment.header.chunks {
                    chunks.append(try stored { () throws(StorageError) in try segment.ordinals(chunk: chunk) })
                }
                for name in names {
                    let run = segment.header.names[name].rows
                    var starts = bounds.map { bound in
                        Self.firstRow(of: run, in: chunks, notBelow: bound)
                    }
                    starts[starts.count - 1] = run.upperBound
                    ofNames[name] = starts
                }
            }
            allRows.append(ofNames)
            allOrdinals.append(bounds)
        }
        self.rows = allRows
        ordinals = allOrdinals
    }

    private static func ordinalBounds(_ segment: Segment, bits: Int) throws(QueryError) -> [Int] {
        if bits == 0 { return [0, segment.header.visitors] }
        let hashes = try stored { () throws(StorageError) in try segment.visitorHashes() }
        var bounds: [Int] = [0]
        for partition in 1..<(1 << bits) {
            let first = UInt64(partition) << (64 - UInt64(bits))
            var low = bounds[partition - 1]
            var high = hashes.count
            while low < high {
                let middle = (low + high) / 2
                if hashes[middle] < first { low = middle + 1 } else { high = middle }
            }
            bounds.append(low)
        }
        bounds.append(hashes.count)
        return bounds
    }

    private static func firstRow(of run: Range<Int>, in chunks: [[UInt32]], notBelow ordinal: Int) -> Int {
        var low = run.lowerBound
        var high = run.upperBound
        while low < high {
            let middle = (low + high) / 2
            if Int(chunks[middle / CodeChunk.rows][middle % CodeChunk.rows]) < ordinal {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// The pieces of a partition in a segment, by position of the name.
    func pieces(_ partition: Int, segment: Int, name: Int) -> [Piece] {
        let starts = rows[segment][name]
        guard !starts.isEmpty, starts[partition] < starts[partition + 1] else { return [] }
        return segments[segment].pieces(name: name, rows: starts[partition]..<starts[partition + 1])
    }

    /// Numbers the visitors of a partition across all segments.
    func slots(_ partition: Int) throws(QueryError) -> VisitorSlots {
        let taking = segments.indices.filter {
            !ordinals[$0].isEmpty && ordinals[$0][partition] < ordinals[$0][partition + 1]
        }
        var first = [Int](repeating: 0, count: segments.count)
        var slots = [[UInt32]](repeating: [], count: segments.count)
        for segment in taking { first[segment] = ordinals[segment][partition] }
        if taking.count == 1, let segment = taking.first {
            let count = ordinals[segment][partition + 1] - ordinals[segment][partition]
            slots[segment] = Array(0..<UInt32(count))
            return VisitorSlots(count: count, first: first, slots: slots)
        }
        let largest = taking.map { ordinals[$0][partition + 1] - ordinals[$0][partition] }.max() ?? 0
        var index = HashIndex(capacity: largest * 2)
        for segment in taking {
            let range = ordinals[segment][partition]..<ordinals[segment][partition + 1]
            let hashes = try stored { () throws(StorageError) in try segments[segment].visitorHashes() }
            slots[segment].reserveCapacity(range.count)
            for ordinal in range { slots[segment].append(index.insert(hashes[ordinal])) }
        }
        return VisitorSlots(count: index.count, first: first, slots: slots)
    }
}

/// The visitors of a partition, numbered from 0 across segments.
struct VisitorSlots {
    /// Number of visitors.
    let count: Int
    fileprivate let first: [Int]
    fileprivate let slots: [[UInt32]]

    /// The slots of a segment's visitors in the partition, and the ordinal of the first of them.
    func ofOrdinals(segment index: Int) -> (slots: [UInt32], base: Int) { (slots[index], first[index]) }

    /// Reads the slots of a piece's rows.
    func read(_ piece: Piece, segment: Segment, index: Int, into output: inout [UInt32]) throws(QueryError) {
        let ordinals = try stored { () throws(StorageError) in try segment.ordinals(chunk: piece.chunk) }
        let base = first[index]
        let slots = self.slots[index]
        output.fill(0, count: piece.range.count)
        slots.withUnsafeBufferPointer { slots in
            for (position, row) in piece.range.enumerated() { output[position] = slots[Int(ordinals[row]) - base] }
        }
    }
}
