import Events
import Storage

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

    /// Number of values.
    var count: Int { index.count }

    var bytes: Int { maps.reduce(count * 32 + 256) { $0 + $1.count * 4 + 32 } }

    private init(index: HashIndex, maps: [[UInt32]], places: [GroupTable.Place]) {
        self.index = index
        self.maps = maps
        self.places = places
    }

    /// The union of a column's values over all segments of a query.
    ///
    /// That of sealed segments is remembered; runs in flight, which come and go, are added to it.
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
        return try execution.derived.entry(key(name, segments)) { () throws(QueryError) in
            let sealed = segments.indices.filter { segments[$0].isSealed }
            let ofSealed = sealed.map { segments[$0] }
            let base = try execution.derived.entry(key(name, ofSealed)) { () throws(QueryError) in
                try ValueUnion(dimension.name, ofSealed, after: nil)
            }
            guard sealed.count < segments.count else { return base }
            let runs = segments.indices.filter { !segments[$0].isSealed }
            let union = try ValueUnion(dimension.name, runs.map { segments[$0] }, after: base)
            var maps = [[UInt32]](repeating: [], count: segments.count)
            for (position, segment) in (sealed + runs).enumerated() { maps[segment] = union.maps[position] }
            let places = union.places.map { place in
                GroupTable.Place(segment: UInt32((sealed + runs)[Int(place.segment)]), code: place.code)
            }
            return ValueUnion(index: union.index, maps: maps, places: places)
        }
    }

    private static func key(_ name: [UInt8], _ segments: [Segment]) -> DerivedCache.Key {
        DerivedCache.Key(kind: .values(name), segments: segments.map { SegmentIdentity($0) })
    }

    /// - Parameter base: the union of other segments, which come before these.
    private convenience init(_ column: String, _ segments: [Segment], after base: ValueUnion?) throws(QueryError) {
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
                let number = index.insert(hash)
                if Int(number) == places.count {
                    places.append(
                        GroupTable.Place(segment: UInt32(before + position), code: UInt32(code)))
                }
                map.append(number)
            }
            maps.append(map)
        }
        self.init(index: index, maps: maps, places: places)
    }
}
