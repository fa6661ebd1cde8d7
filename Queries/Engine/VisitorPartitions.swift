import Events
import Storage

/// The query's visitors, lined up by ``VisitorLineup`` and cut by ranges of their hashes into partitions that fit a
/// core's cache and can be worked on apart.
///
/// Rows of a name stand in the order of visitors in every segment, so a partition is a slice of every name's rows.
/// Partial results of partitions simply add up, since no visitor is in two.
struct VisitorPartitions: Sendable {
    /// Number of partitions.
    let count: Int
    private let segments: [Segment]
    private let lineup: VisitorLineup
    /// For each segment that is read, its place in the line-up.
    private let places: [Int?]
    /// Where each partition begins, and the end: numbers in the line-up's union, and places among its other visitors.
    private let bounds: [(base: Int, extra: Int)]
    /// For each segment that is read, the ordinal at which each partition begins, and the end.
    private let ordinals: [[Int]]
    /// For each segment and name (by position), the row at which each partition begins, and the end; empty for what
    /// is not read.
    private let rows: [[[Int]]]

    /// Visitors and rows of a partition, about: what is kept of each visitor then fits a core's own cache.
    static let visitorsAPartition = 32_768
    static let rowsAPartition = 524_288
    private static let maxPartitions = 65_536

    /// Cuts the given names of each of the query's segments.
    ///
    /// - Complexity: O(visitors of all segments) for a set of segments not seen before, then O(segments · names · (chunks
    ///   + partitions · log rows)), reading each chunk of visitors once.
    ///
    /// - Parameters:
    ///   - aligned: the visitors of all segments that have names here, and perhaps of more; `nil` for those alone.
    ///   - rowsAPartition: rows of a partition, about.
    ///   - visitorsAPartition: visitors of a partition, about.
    init(
        _ execution: Execution, names: [[Int]], aligned: AlignedVisitors? = nil,
        rowsAPartition: Int = VisitorPartitions.rowsAPartition,
        visitorsAPartition: Int = VisitorPartitions.visitorsAPartition
    ) throws(QueryError) {
        let segments = execution.segments
        self.segments = segments
        let taking = segments.indices.filter { !names[$0].isEmpty }
        let own: AlignedVisitors
        if let aligned { own = aligned } else { own = try AlignedVisitors(taking, execution) }
        let (lineup, places) = (own.lineup, own.places)
        self.lineup = lineup
        self.places = places
        var rows = 0
        var runs: [(segment: Int, name: Int)] = []
        for segment in taking {
            for name in names[segment] {
                rows += segments[segment].header.names[name].rows.count
                runs.append((segment, name))
            }
        }
        var count = max(lineup.count / visitorsAPartition, rows / rowsAPartition)
        if rows > 20_000, execution.workers > 1 { count = max(count, execution.workers * 4) }
        count = max(1, min(count, Self.maxPartitions, lineup.count))
        self.count = count
        let (bounds, hashes) = Self.bounds(lineup, count)
        self.bounds = bounds
        var ordinals = [[Int]](repeating: [], count: segments.count)
        for segment in taking {
            guard let place = places[segment] else { continue }
            if lineup.isOfBase[place] {
                ordinals[segment] = bounds.map { lineup.maps[place].firstIndex(notBelow: UInt32($0.base)) }
                continue
            }
            let table = try stored { () throws(StorageError) in try segments[segment].visitorHashes() }
            ordinals[segment] = [0] + hashes.map { table.firstIndex(notBelow: $0) } + [table.count]
        }
        self.ordinals = ordinals
        let found = PerWorker(runs.count) { [Int]() }
        let (ready, all) = (ordinals, runs)
        try execution.parallel(all.count) { (_, index) throws(QueryError) in
            let (segment, name) = all[index]
            let starts = try Self.starts(segments[segment], name, ordinals: ready[segment])
            found.with(index) { $0 = starts }
        }
        var allRows = segments.map { [[Int]](repeating: [], count: $0.header.names.count) }
        for (run, starts) in zip(all, found.all) { allRows[run.segment][run.name] = starts }
        self.rows = allRows
    }

    /// Where each of `count` partitions begins, and the end, so that each has about as many visitors; and the hashes at
    /// which the second and all later ones begin.
    private static func bounds(
        _ lineup: VisitorLineup, _ count: Int
    ) -> (bounds: [(base: Int, extra: Int)], hashes: [UInt64]) {
        let (base, extra) = (lineup.base.hashes, lineup.extra)
        let larger = base.count >= extra.count ? base : extra
        var hashes: [UInt64] = []
        for part in stride(from: 1, to: count, by: 1) { hashes.append(larger[larger.count * part / count]) }
        let bounds = hashes.map { (base: base.firstIndex(notBelow: $0), extra: extra.firstIndex(notBelow: $0)) }
        return ([(0, 0)] + bounds + [(base.count, extra.count)], hashes)
    }

    /// The row of a name at which each partition begins, and the end. Chunks are read one after the other.
    ///
    /// - Parameter bounds: the ordinal at which each partition begins, and the end.
    private static func starts(_ segment: Segment, _ name: Int, ordinals bounds: [Int]) throws(QueryError) -> [Int] {
        let rows = segment.header.names[name].rows
        var starts = [rows.lowerBound]
        // One partition has all rows, and none has to be looked at.
        guard bounds.count > 2 else { return [rows.lowerBound, rows.upperBound] }
        for piece in segment.pieces(name: name, rows: rows) {
            let ordinals = try stored { () throws(StorageError) in try segment.ordinals(chunk: piece.chunk) }
            let base = piece.chunk * CodeChunk.rows
            while starts.count < bounds.count - 1 {
                let first = bounds[starts.count]
                guard Int(ordinals[piece.range.upperBound - 1]) >= first else { break }
                var (low, high) = (piece.range.lowerBound, piece.range.upperBound - 1)
                while low < high {
                    let middle = (low + high) / 2
                    if Int(ordinals[middle]) < first { low = middle + 1 } else { high = middle }
                }
                starts.append(base + low)
            }
        }
        while starts.count < bounds.count { starts.append(rows.upperBound) }
        return starts
    }

    /// Whether a segment is read.
    func reads(_ segment: Int) -> Bool { !ordinals[segment].isEmpty }

    /// The pieces of a partition in a segment, by position of the name.
    func pieces(_ partition: Int, segment: Int, name: Int) -> [Piece] {
        let starts = rows[segment][name]
        guard !starts.isEmpty, starts[partition] < starts[partition + 1] else { return [] }
        return segments[segment].pieces(name: name, rows: starts[partition]..<starts[partition + 1])
    }

    /// Numbers the visitors of a partition across all segments, from 0.
    func slots(_ partition: Int) -> VisitorSlots {
        let (from, to) = (bounds[partition], bounds[partition + 1])
        return VisitorSlots(
            base: from.base..<to.base, union: lineup.base.count, extra: from.extra..<to.extra,
            maps: places.indices.map { index in
                ordinals[index].isEmpty ? [] : places[index].map { lineup.maps[$0] } ?? []
            },
            ordinals: ordinals.map { $0.isEmpty ? 0..<0 : $0[partition]..<$0[partition + 1] },
            isInOrder: places.map { $0.map { lineup.isOfBase[$0] } ?? true })
    }
}

/// The visitors of some of a query's segments, lined up once for several passes over them.
struct AlignedVisitors: Sendable {
    let lineup: VisitorLineup
    /// For each of the query's segments its place in the line-up, if it is there.
    let places: [Int?]

    /// - Parameter taking: positions of the segments in the query.
    init(_ taking: [Int], _ execution: Execution) throws(QueryError) {
        lineup = try VisitorLineup.of(taking.map { execution.segments[$0] }, execution)
        var places = [Int?](repeating: nil, count: execution.segments.count)
        for (place, segment) in taking.enumerated() { places[segment] = place }
        self.places = places
    }

    /// Whether a segment is one of those whose visitors the line-up's union has, so that what is found of it can be
    /// kept by their numbers.
    func isOfUnion(_ segment: Int) -> Bool { places[segment].map { lineup.isOfBase[$0] } ?? false }
}

/// The visitors of a partition, numbered from 0 across segments: first those of the line-up's union, then the others.
struct VisitorSlots {
    /// How many of the slots are of visitors of the line-up's union.
    let ofUnion: Int
    /// The union's number of the first of them.
    let firstOfUnion: Int
    /// Number of visitors.
    let count: Int
    private let maps: [[UInt32]]
    private let ordinals: [Range<Int>]
    private let isInOrder: [Bool]
    /// How numbers become slots.
    let shift: Shift

    /// Turns numbers of the line-up into slots of one partition.
    struct Shift: Sendable {
        /// What is taken from a number of the union, and from another one.
        fileprivate let base: UInt32
        fileprivate let extra: UInt32
        /// The first number that is not of the union.
        fileprivate let split: UInt32

        /// The slot of the number of a visitor of the partition, without a branch. For another visitor's it is most often
        /// at least ``VisitorSlots/count``, which callers check.
        @inline(__always)
        func callAsFunction(_ number: UInt32) -> UInt32 { number &- (number < split ? base : extra) }
    }

    /// - Parameters:
    ///   - base: the numbers of the partition that are of the union, of whose visitors there are `union`.
    ///   - extra: places of the partition's other visitors.
    ///   - maps: for each segment that is read the number of each of its ordinals.
    ///   - ordinals: for each segment that is read those of the partition.
    ///   - isInOrder: for each segment whether its visitors' slots ascend.
    fileprivate init(
        base: Range<Int>, union: Int, extra: Range<Int>, maps: [[UInt32]], ordinals: [Range<Int>], isInOrder: [Bool]
    ) {
        ofUnion = base.count
        firstOfUnion = base.lowerBound
        count = base.count + extra.count
        self.maps = maps
        self.ordinals = ordinals
        self.isInOrder = isInOrder
        // The slot of the first other visitor is the number of the union's, so that this may be less than 0.
        shift = Shift(
            base: UInt32(base.lowerBound),
            extra: UInt32(truncatingIfNeeded: union + extra.lowerBound - base.count), split: UInt32(union))
    }

    /// All visitors of one segment, by their ordinals.
    init(visitors: Int) {
        self.init(
            base: 0..<visitors, union: visitors, extra: 0..<0, maps: [Array(0..<UInt32(visitors))],
            ordinals: [0..<visitors], isInOrder: [true])
    }

    /// The number of each ordinal of a segment that is read; ``shift`` makes slots of them.
    func map(segment index: Int) -> [UInt32] { maps[index] }

    /// Whether rows in the order of a segment's visitors are in that of their slots too; if not, those of the union's
    /// visitors are by themselves, and the others.
    func isInOrder(segment index: Int) -> Bool { isInOrder[index] || ofUnion == 0 || ofUnion == count }

    /// The slots of a segment's visitors in the partition, and the ordinal of the first of them.
    func ofOrdinals(segment index: Int) -> (slots: [UInt32], base: Int) {
        (maps[index][ordinals[index]].map { shift($0) }, ordinals[index].lowerBound)
    }

    /// Reads the slots of a piece's rows, each below ``count``.
    func read(_ piece: Piece, segment: Segment, index: Int, into output: inout [UInt32]) throws(QueryError) {
        let ordinals = try stored { () throws(StorageError) in try segment.ordinals(chunk: piece.chunk) }
        let shift = shift
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
                        let slot = shift(map[Int(ordinals[start &+ position])])
                        greatest = max(greatest, slot)
                        output[position] = slot
                    }
                }
            }
        }
        guard count == 0 || greatest < self.count else { throw VisitorSlots.disorder }
    }

    /// What is said of rows that are not in the order of their visitors.
    static var disorder: QueryError {
        QueryError(.storageError, "The answer would be wrong: the visitors of a segment are not in order.")
    }
}
