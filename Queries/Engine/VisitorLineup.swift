import Storage

/// The visitors of all segments that a query reads, lined up: those of a ``VisitorUnion`` that is kept, and those that
/// other segments add to it.
///
/// Numbers below the union's count are its own; those from there on are of visitors whom the union does not have, in
/// the order of their hashes too. So runs in flight, which come and go, and a segment that was just sealed cost their
/// own visitors only, and share the maps of all others.
struct VisitorLineup: Sendable {
    let base: VisitorUnion
    /// The hashes of the visitors that the union has not, ascending.
    let extra: [UInt64]
    /// For each segment, in the order in which they were given, the number of each of its ordinals.
    let maps: [[UInt32]]
    /// For each segment whether its map ascends, which it does if it is the union's own.
    let isOfBase: [Bool]

    /// Number of visitors, among them those of segments of the union that were not given.
    var count: Int { base.count + extra.count }

    /// Lines the visitors of `segments` up.
    ///
    /// - Complexity: O(visitors of the segments that are not in a union that is kept).
    static func of(_ segments: [Segment], _ execution: Execution) throws(QueryError) -> VisitorLineup {
        let base = try VisitorUnion.near(segments.filter(\.isSealed), execution)
        var maps = [[UInt32]](repeating: [], count: segments.count)
        var isOfBase = [Bool](repeating: false, count: segments.count)
        var added: [Int] = []
        for (index, segment) in segments.enumerated() {
            if segment.isSealed, let place = base.places[SegmentIdentity(segment)] {
                maps[index] = base.maps[place]
                isOfBase[index] = true
            } else {
                added.append(index)
            }
        }
        guard !added.isEmpty else { return VisitorLineup(base: base, extra: [], maps: maps, isOfBase: isOfBase) }
        let addedSegments = added.map { segments[$0] }
        let key = DerivedCache.Key(
            kind: .added(base.serial), segments: addedSegments.map { SegmentIdentity($0) })
        let more = try execution.derived.entry(key, execution.memory) { () throws(QueryError) in
            try AddedVisitors(try VisitorUnion.tables(addedSegments), to: base, execution)
        }
        for (index, map) in zip(added, more.maps) { maps[index] = map }
        return VisitorLineup(base: base, extra: more.hashes, maps: maps, isOfBase: isOfBase)
    }

    /// How many distinct visitors `segments` have.
    ///
    /// - Complexity: O(1) once they are lined up, if the union that is kept has no other segments; else O(their
    ///   visitors).
    static func count(of segments: [Segment], _ execution: Execution) throws(QueryError) -> Int {
        let lineup = try of(segments, execution)
        if lineup.isOfBase.count(where: { $0 }) == lineup.base.places.count { return lineup.count }
        let words = (lineup.base.count + 63) / 64
        try execution.memory.hold(words * 8)
        defer { execution.memory.release(words * 8) }
        var bits = [UInt64](repeating: 0, count: words)
        for map in lineup.maps {
            try execution.check()
            for number in map where Int(number) < lineup.base.count {
                bits[Int(number) >> 6] |= 1 << UInt64(number & 63)
            }
        }
        return bits.reduce(lineup.extra.count) { $0 + $1.nonzeroBitCount }
    }
}

/// The visitors that some segments have, numbered by a union of others as far as that has them.
final class AddedVisitors: DerivedCache.Entry {
    /// The hashes of the visitors that the union has not, ascending.
    let hashes: [UInt64]
    /// For each of the segments the number of each of its ordinals: in the union, or its count more than in ``hashes``.
    let maps: [[UInt32]]

    var bytes: Int { maps.reduce(hashes.count * 8 + 256) { $0 + $1.count * 4 + 32 } }

    /// - Parameter tables: the hashes of each segment's visitors, ascending.
    /// - Complexity: O(hashes of all tables · log distance).
    init(_ tables: [[UInt64]], to base: VisitorUnion, _ execution: Execution) throws(QueryError) {
        let known = base.hashes
        let found = PerWorker(tables.count) { (map: [UInt32](), missing: [UInt64]()) }
        try execution.parallel(tables.count) { (_, index) throws(QueryError) in
            try found.with(index) { (found) throws(QueryError) in
                let table = tables[index]
                guard !known.isEmpty else {
                    found = ([UInt32](repeating: .max, count: table.count), table)
                    return
                }
                found.map = try VisitorUnion.places(of: table, in: known, execution)
                for ordinal in table.indices where known[Int(found.map[ordinal])] != table[ordinal] {
                    found.map[ordinal] = .max
                    found.missing.append(table[ordinal])
                }
            }
        }
        var all = found.all
        let missing = try VisitorUnion(all.map(\.missing), execution)
        for index in all.indices {
            var next = 0
            for ordinal in all[index].map.indices where all[index].map[ordinal] == .max {
                all[index].map[ordinal] = UInt32(known.count) + missing.maps[index][next]
                next += 1
            }
        }
        hashes = missing.hashes
        maps = all.map(\.map)
    }
}
