import Events
import Storage
import Synchronization

/// The values that a dimension has in some segments lined up: each has one number for all of them, and each segment a
/// map from its codes to these numbers, so that counts by code become counts by value without hashing.
final class ValueUnion: DerivedCache.Entry {
    /// Numbers by the hash of the value, that of the missing value being 0.
    let index: HashIndex
    /// For each segment, in the order in which they were given, the number of each code; of a segment without the
    /// column that of the missing value alone.
    let maps: [[UInt32]]
    /// Where each number's value stands.
    let places: [GroupTable.Place]
    /// Tells the union of the sealed segments, whose numbers these begin with, from every other one of the process.
    let serial: UInt64
    /// Whose values these are.
    private let segments: [SegmentIdentity]

    private static let serials = Atomic<UInt64>(0)

    /// Number of values.
    var count: Int { index.count }

    var bytes: Int { maps.reduce(index.bytes + places.count * 8 + 256) { $0 + $1.count * 4 + 64 } }

    private init(
        index: HashIndex, maps: [[UInt32]], places: [GroupTable.Place], segments: [SegmentIdentity],
        serial: UInt64 = ValueUnion.serials.add(1, ordering: .relaxed).newValue
    ) {
        self.serial = serial
        self.index = index
        self.maps = maps
        self.places = places
        self.segments = segments
    }

    /// The union of a column's values over all segments of a query.
    ///
    /// That of sealed segments is remembered; what comes to them, and runs in flight, are added to it.
    ///
    /// - Returns: `nil` if a value is a list, which counts under several, or if there are too many.
    /// - Complexity: O(values of all segments) for a new set of segments.
    static func of(_ dimension: Dimension, _ execution: Execution) throws(QueryError) -> ValueUnion? {
        switch dimension {
        case .field(.event), .field(.visitor), .field(.time), .field(.value): return nil
        case .field, .property: break
        }
        let segments = execution.segments
        var values = 0
        for segment in segments {
            guard let column = segment.header.column(dimension.name) else { continue }
            if segment.header.columns[column].kinds & (1 << ValueKind.list.rawValue) != 0 { return nil }
            values += segment.header.columns[column].distinct
        }
        guard values <= QueryMemory.maxGroups else { return nil }
        let name = Array(dimension.name.utf8)
        let identities = segments.map { SegmentIdentity($0) }
        return try execution.derived.entry(key(name, identities), execution.memory) { () throws(QueryError) in
            let sealed = segments.indices.filter { segments[$0].isSealed }
            guard !sealed.isEmpty, sealed.count < segments.count else {
                return try extended(dimension.name, name, segments, identities, execution)
            }
            let ofSealed = sealed.map { identities[$0] }
            let base = try execution.derived.entry(key(name, ofSealed), execution.memory) { () throws(QueryError) in
                try extended(dimension.name, name, sealed.map { segments[$0] }, ofSealed, execution)
            }
            return try extended(dimension.name, name, segments, identities, execution, of: base)
        }
    }

    /// The union of the values of `segments`: the largest one that is kept of some of them, and the values of the rest.
    ///
    /// - Parameter sealed: the union whose numbers must stay as they are; `nil` for any numbers.
    private static func extended(
        _ column: String, _ name: [UInt8], _ segments: [Segment], _ identities: [SegmentIdentity],
        _ execution: Execution, of sealed: ValueUnion? = nil
    ) throws(QueryError) -> ValueUnion {
        let positions = Dictionary(
            zip(identities, identities.indices), uniquingKeysWith: { first, _ in first })
        var base = sealed
        for case let union as ValueUnion in execution.derived.entries(.values(name)) {
            guard union.segments.count > base?.segments.count ?? 0,
                sealed.map({ $0.serial == union.serial }) ?? true,
                union.segments.allSatisfy({ positions[$0] != nil })
            else { continue }
            base = union
        }
        var order = base?.segments.compactMap { positions[$0] } ?? []
        let isKnown = Set(order)
        let rest = segments.indices.filter { !isKnown.contains($0) }
        order += rest
        let union = try ValueUnion(
            column, rest.map { segments[$0] }, of: order.map { identities[$0] }, after: base, execution)
        var maps = [[UInt32]](repeating: [], count: segments.count)
        for (position, segment) in order.enumerated() { maps[segment] = union.maps[position] }
        let places = union.places.map { place in
            GroupTable.Place(segment: UInt32(order[Int(place.segment)]), code: place.code)
        }
        guard let sealed else {
            return ValueUnion(index: union.index, maps: maps, places: places, segments: identities)
        }
        return ValueUnion(
            index: union.index, maps: maps, places: places, segments: identities, serial: sealed.serial)
    }

    private static func key(_ name: [UInt8], _ segments: [SegmentIdentity]) -> DerivedCache.Key {
        DerivedCache.Key(kind: .values(name), segments: segments)
    }

    /// - Parameters:
    ///   - all: the segments of `base`, then `segments`.
    ///   - base: the union of other segments, which come before these.
    private convenience init(
        _ column: String, _ segments: [Segment], of all: [SegmentIdentity], after base: ValueUnion?,
        _ execution: Execution
    ) throws(QueryError) {
        var index = base?.index ?? HashIndex()
        var maps = base?.maps ?? []
        var places = base?.places ?? []
        let before = maps.count
        for (position, segment) in segments.enumerated() {
            var hashes: [UInt64] = [0]
            if let column = segment.header.column(column) {
                hashes = try stored { () throws(StorageError) in try segment.table(column: column) }.hashes
            }
            var map: [UInt32] = []
            map.reserveCapacity(hashes.count)
            for (code, hash) in hashes.enumerated() {
                if code & 0xFFFF == 0 { try execution.check() }
                let number = index.insert(hash)
                if Int(number) == places.count {
                    places.append(
                        GroupTable.Place(segment: UInt32(before + position), code: UInt32(code)))
                }
                map.append(number)
            }
            maps.append(map)
        }
        self.init(index: index, maps: maps, places: places, segments: all)
    }
}
