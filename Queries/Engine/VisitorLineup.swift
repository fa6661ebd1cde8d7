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
            try AddedVisitors(addedSegments, to: base, execution)
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

    /// Maps that are shared with ``LocatedVisitors`` are counted with those.
    let bytes: Int

    /// - Complexity: O(visitors that the union has not), and for segments not seen before O(their visitors · log
    ///   distance).
    init(_ segments: [Segment], to base: VisitorUnion, _ execution: Execution) throws(QueryError) {
        let found = PerWorker(segments.count) { LocatedVisitors.none }
        try execution.parallel(segments.count) { (_, index) throws(QueryError) in
            let located = try LocatedVisitors.of(segments[index], in: base, execution)
            found.with(index) { $0 = located }
        }
        let all = found.all
        let missing = try VisitorUnion(all.map(\.missing), execution)
        var maps: [[UInt32]] = []
        var bytes = missing.hashes.count * 8 + 256 + segments.count * 32
        for (index, located) in all.enumerated() {
            var map = located.map
            if !located.ordinals.isEmpty { bytes += map.count * 4 }
            let numbers = missing.maps[index]
            for (place, ordinal) in located.ordinals.enumerated() {
                map[Int(ordinal)] = UInt32(base.count) + numbers[place]
            }
            maps.append(map)
        }
        hashes = missing.hashes
        self.bytes = bytes
        self.maps = maps
    }
}

/// Where the visitors of one segment or run are in a union of others: kept as long as both are, so that what comes and
/// goes beside it costs nothing.
final class LocatedVisitors: DerivedCache.Entry {
    /// The number of each ordinal; of no meaning where the union has not the visitor.
    let map: [UInt32]
    /// The visitors that the union has not: their hashes, ascending, and their ordinals.
    let missing: [UInt64]
    let ordinals: [UInt32]

    /// Of a run with fewer rows its visitors are looked up each time, so that the cache is not full of such.
    private static let leastRows = 256
    /// How many times the visitors of a segment a union must have for them to be looked up one by one.
    private static let leastRatio = 8

    static let none = LocatedVisitors(map: [], missing: [], ordinals: [])

    var bytes: Int { map.count * 4 + missing.count * 12 + 128 }

    private init(map: [UInt32], missing: [UInt64], ordinals: [UInt32]) {
        self.map = map
        self.missing = missing
        self.ordinals = ordinals
    }

    static func of(
        _ segment: Segment, in union: VisitorUnion, _ execution: Execution
    ) throws(QueryError) -> LocatedVisitors {
        guard segment.isSealed || segment.header.rows >= leastRows else {
            return try make(segment, in: union, execution)
        }
        let key = DerivedCache.Key(kind: .located(union.serial), segments: [SegmentIdentity(segment)])
        return try execution.derived.entry(key, execution.memory) { () throws(QueryError) in
            try make(segment, in: union, execution)
        }
    }

    private static func make(
        _ segment: Segment, in union: VisitorUnion, _ execution: Execution
    ) throws(QueryError) -> LocatedVisitors {
        let table = try stored { () throws(StorageError) in try segment.visitorHashes() }
        let known = union.hashes
        guard !known.isEmpty else {
            return LocatedVisitors(
                map: [UInt32](repeating: 0, count: table.count), missing: table,
                ordinals: Array(0..<UInt32(table.count)))
        }
        var missing: [UInt64] = []
        var ordinals: [UInt32] = []
        var map: [UInt32] = []
        if table.count * leastRatio < known.count {
            map.reserveCapacity(table.count)
            for (ordinal, hash) in table.enumerated() {
                if ordinal & 0x3FFF == 0 { try execution.check() }
                if let number = union.number(of: hash) {
                    map.append(number)
                } else {
                    map.append(0)
                    missing.append(hash)
                    ordinals.append(UInt32(ordinal))
                }
            }
        } else {
            map = try VisitorUnion.places(of: table, in: known, execution)
            for ordinal in table.indices where known[Int(map[ordinal])] != table[ordinal] {
                missing.append(table[ordinal])
                ordinals.append(UInt32(ordinal))
            }
        }
        return LocatedVisitors(map: map, missing: missing, ordinals: ordinals)
    }
}
