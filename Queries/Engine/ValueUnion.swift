import Events
import Storage
import Synchronization

/// The values that a dimension has in some segments lined up: each has one number for all of them, and each segment a
/// map from its codes to these numbers, so that counts by code become counts by value without hashing.
final class ValueUnion: DerivedCache.Entry {
    /// For each segment, in the order in which they were given, the number of each code; of a segment without the
    /// column that of the missing value alone.
    let maps: [[UInt32]]
    /// Tells the union of the sealed segments, whose numbers these begin with, from every other one of the process.
    let serial: UInt64
    let bytes: Int
    private let index: ValueIndex
    /// Whose values these are, in the order in which they came to it.
    private let segments: [SegmentIdentity]
    /// Where each of them is among the segments that were given.
    private let positions: [UInt32]

    private static let serials = Atomic<UInt64>(0)

    /// Number of values.
    var count: Int { index.count }

    /// The hash of a value, that of the missing value being 0.
    func hash(of value: Int) -> UInt64 { index.hash(of: value) }

    /// Where a value stands.
    func place(of value: Int) -> GroupTable.Place {
        let place = index.place(of: value)
        return GroupTable.Place(segment: positions[Int(place.segment)], code: place.code)
    }

    private init(
        index: ValueIndex, maps: [[UInt32]], segments: [SegmentIdentity], positions: [UInt32], bytes: Int,
        serial: UInt64?
    ) {
        self.serial = serial ?? Self.serials.add(1, ordering: .relaxed).newValue
        self.index = index
        self.maps = maps
        self.segments = segments
        self.positions = positions
        self.bytes = bytes
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
            // First what stays longest, so that each is made of the one before as long as that stays what it is.
            var base: ValueUnion?
            for stage in [\Segment.isSealed, \Segment.isFrozen] {
                let some = segments.indices.filter { segments[$0][keyPath: stage] }
                guard !some.isEmpty, some.count < segments.count else { continue }
                let own = some.map { identities[$0] }
                base = try execution.derived.entry(key(name, own), execution.memory) { () throws(QueryError) in
                    try extended(dimension.name, name, some.map { segments[$0] }, own, execution, of: base)
                }
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
        var index = ValueIndex(after: base?.index)
        var maps = [[UInt32]](repeating: [], count: segments.count)
        if let base {
            for (place, segment) in zip(base.positions, order) { maps[segment] = base.maps[Int(place)] }
        }
        let before = order.count - rest.count
        // What a kept union has is counted with that, which is used as often.
        var bytes = 256 + segments.count * 64
        for (place, segment) in rest.enumerated() {
            let map = try index.add(column, segments[segment], as: UInt32(before + place), execution)
            bytes += map.count * 4
            maps[segment] = map
        }
        return ValueUnion(
            index: index, maps: maps, segments: order.map { identities[$0] }, positions: order.map { UInt32($0) },
            bytes: bytes + index.bytes, serial: sealed?.serial)
    }

    private static func key(_ name: [UInt8], _ segments: [SegmentIdentity]) -> DerivedCache.Key {
        DerivedCache.Key(kind: .values(name), segments: segments)
    }
}

extension Segment {
    /// Whether it stays what it is for a while: a sealed segment, or a run that is not merged any more.
    fileprivate var isFrozen: Bool { isSealed || header.rows >= Segment.frozenRows }
}

/// Numbers for values by their hashes, in the order in which they came.
///
/// Most of them are shared with the index that this one was made after.
private struct ValueIndex: Sendable {
    private struct Part: Sendable {
        var index = HashIndex()
        var places: [GroupTable.Place] = []
    }

    private let base: Part
    private var more = Part()
    private let ownsBase: Bool

    /// - Complexity: O(values that the other index does not share), once in a while O(its values).
    init(after other: ValueIndex?) {
        guard let other else {
            base = Part()
            ownsBase = true
            return
        }
        guard other.more.index.count * 8 > other.base.index.count else {
            base = other.base
            more = other.more
            ownsBase = false
            return
        }
        var all = other.base
        for key in other.more.index.keys { _ = all.index.insert(key) }
        all.places += other.more.places
        base = all
        ownsBase = true
    }

    var count: Int { base.index.count + more.index.count }

    /// Bytes held that are not another index's, about.
    var bytes: Int {
        more.index.bytes + more.places.count * 8 + (ownsBase ? base.index.bytes + base.places.count * 8 : 0)
    }

    func hash(of value: Int) -> UInt64 {
        value < base.index.count ? base.index.keys[value] : more.index.keys[value - base.index.count]
    }

    func place(of value: Int) -> GroupTable.Place {
        value < base.places.count ? base.places[value] : more.places[value - base.places.count]
    }

    /// Adds a column's values.
    ///
    /// - Parameter segment: the number of the segment in ``place(of:)``.
    /// - Returns: the number of each code.
    mutating func add(
        _ column: String, _ segment: Segment, as number: UInt32, _ execution: Execution
    ) throws(QueryError) -> [UInt32] {
        var hashes: [UInt64] = [0]
        if let column = segment.header.column(column) {
            hashes = try stored { () throws(StorageError) in try segment.table(column: column) }.hashes
        }
        var map: [UInt32] = []
        map.reserveCapacity(hashes.count)
        for (code, hash) in hashes.enumerated() {
            if code & 0xFFFF == 0 { try execution.check() }
            if let known = base.index.find(hash) {
                map.append(known)
                continue
            }
            let own = more.index.insert(hash)
            if Int(own) == more.places.count {
                more.places.append(GroupTable.Place(segment: number, code: UInt32(code)))
            }
            map.append(UInt32(base.index.count) + own)
        }
        return map
    }
}
