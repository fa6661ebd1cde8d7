import Events
import Storage

/// The query's visitors, cut by ranges of their numbers in the ``VisitorUnion`` into partitions that fit a core's cache
/// and can be worked on apart.
///
/// Rows of a name stand in the order of visitors in every segment, so a partition is a slice of every name's rows.
/// Partial results of partitions simply add up, since no visitor is in two.
struct VisitorPartitions: Sendable {
    /// Number of partitions.
    let count: Int
    /// The visitors of the segments that are read.
    let union: VisitorUnion
    private let segments: [Segment]
    /// For each segment the map of its ordinals in the union; empty for one that is not read.
    private let maps: [[UInt32]]
    /// Where each partition begins, and the end; numbers in the union.
    private let bounds: [Int]
    /// For each segment and name (by position), the row at which each partition begins, and the end; empty for what
    /// is not read.
    private let rows: [[[Int]]]

    /// Visitors and rows of a partition, about: what is kept of each visitor then fits a core's own cache.
    private static let visitorsAPartition = 32_768
    private static let rowsAPartition = 524_288
    private static let maxPartitions = 65_536

    /// Cuts the given names of each of the query's segments.
    ///
    /// - Complexity: O(visitors of all segments) for a set of segments not seen before, then O(segments · names · (chunks
    ///   + partitions · log rows)), reading each chunk of visitors once.
    init(_ execution: Execution, names: [[Int]]) throws(QueryError) {
        let segments = execution.segments
        self.segments = segments
        let taking = segments.indices.filter { !names[$0].isEmpty }
        let union = try VisitorUnion.of(taking.map { segments[$0] }, execution)
        self.union = union
        var maps = [[UInt32]](repeating: [], count: segments.count)
        for (place, segment) in taking.enumerated() { maps[segment] = union.maps[place] }
        self.maps = maps
        var rows = 0
        var runs: [(segment: Int, name: Int)] = []
        for segment in taking {
            for name in names[segment] {
                rows += segments[segment].header.names[name].rows.count
                runs.append((segment, name))
            }
        }
        var count = max(union.count / Self.visitorsAPartition, rows / Self.rowsAPartition)
        if rows > 20_000, execution.workers > 1 { count = max(count, execution.workers * 4) }
        count = max(1, min(count, Self.maxPartitions, union.count))
        self.count = count
        let visitors = union.count
        let bounds = (0...count).map { visitors * $0 / count }
        self.bounds = bounds
        let found = PerWorker(runs.count) { [Int]() }
        let (ready, all) = (maps, runs)
        try execution.parallel(all.count) { (_, index) throws(QueryError) in
            let (segment, name) = all[index]
            let starts = try Self.starts(segments[segment], name, map: ready[segment], bounds: bounds)
            found.with(index) { $0 = starts }
        }
        var allRows = segments.map { [[Int]](repeating: [], count: $0.header.names.count) }
        for (run, starts) in zip(all, found.all) { allRows[run.segment][run.name] = starts }
        self.rows = allRows
    }

    /// The row of a name at which each partition begins, and the end. Chunks are read one after the other.
    private static func starts(
        _ segment: Segment, _ name: Int, map: [UInt32], bounds: [Int]
    ) throws(QueryError) -> [Int] {
        let rows = segment.header.names[name].rows
        var starts = [rows.lowerBound]
        // One partition has all rows, and none has to be looked at.
        guard bounds.count > 2 else { return [rows.lowerBound, rows.upperBound] }
        for piece in segment.pieces(name: name, rows: rows) {
            let ordinals = try stored { () throws(StorageError) in try segment.ordinals(chunk: piece.chunk) }
            let base = piece.chunk * CodeChunk.rows
            while starts.count < bounds.count - 1 {
                let first = UInt32(bounds[starts.count])
                guard map[Int(ordinals[piece.range.upperBound - 1])] >= first else { break }
                var (low, high) = (piece.range.lowerBound, piece.range.upperBound - 1)
                while low < high {
                    let middle = (low + high) / 2
                    if map[Int(ordinals[middle])] < first { low = middle + 1 } else { high = middle }
                }
                starts.append(base + low)
            }
        }
        while starts.count < bounds.count { starts.append(rows.upperBound) }
        return starts
    }

    /// The pieces of a partition in a segment, by position of the name.
    func pieces(_ partition: Int, segment: Int, name: Int) -> [Piece] {
        let starts = rows[segment][name]
        guard !starts.isEmpty, starts[partition] < starts[partition + 1] else { return [] }
        return segments[segment].pieces(name: name, rows: starts[partition]..<starts[partition + 1])
    }

    /// Numbers the visitors of a partition across all segments, from 0.
    func slots(_ partition: Int) -> VisitorSlots {
        VisitorSlots(visitors: bounds[partition]..<bounds[partition + 1], maps: maps)
    }
}

/// The visitors of a partition, numbered from 0 across segments.
struct VisitorSlots {
    /// Their numbers in the union.
    let visitors: Range<Int>
    private let maps: [[UInt32]]

    /// - Parameter maps: for each segment that is read the number of each of its ordinals.
    init(visitors: Range<Int>, maps: [[UInt32]]) {
        self.visitors = visitors
        self.maps = maps
    }

    /// Number of visitors.
    var count: Int { visitors.count }

    /// The number in the union of each ordinal of a segment that is read; less the first of ``visitors`` it is a slot.
    func map(segment index: Int) -> [UInt32] { maps[index] }

    /// The slots of a segment's visitors in the partition, and the ordinal of the first of them.
    func ofOrdinals(segment index: Int) -> (slots: [UInt32], base: Int) {
        let map = maps[index]
        let first = UInt32(visitors.lowerBound)
        let range = map.firstIndex(notBelow: first)..<map.firstIndex(notBelow: UInt32(visitors.upperBound))
        return (map[range].map { $0 - first }, range.lowerBound)
    }

    /// Reads the slots of a piece's rows, each below ``count``.
    func read(_ piece: Piece, segment: Segment, index: Int, into output: inout [UInt32]) throws(QueryError) {
        let ordinals = try stored { () throws(StorageError) in try segment.ordinals(chunk: piece.chunk) }
        let first = UInt32(visitors.lowerBound)
        let count = piece.range.count
        var greatest: UInt32 = 0
        precondition(piece.range.upperBound <= ordinals.count)
        output.fill(0, count: count)
        // Ordinals are below the number of visitors, which the map has: that was checked when they were read.
        maps[index].withUnsafeBufferPointer { map in
            ordinals.withUnsafeBufferPointer { ordinals in
                output.withUnsafeMutableBufferPointer { output in
                    let start = piece.range.lowerBound
                    for position in 0..<count {
                        let slot = map[Int(ordinals[start &+ position])] &- first
                        greatest = max(greatest, slot)
                        output[position] = slot
                    }
                }
            }
        }
        guard count == 0 || greatest < visitors.count else { throw VisitorSlots.disorder }
    }

    /// What is said of rows that are not in the order of their visitors.
    static var disorder: QueryError {
        QueryError(.storageError, "The answer would be wrong: the visitors of a segment are not in order.")
    }
}
