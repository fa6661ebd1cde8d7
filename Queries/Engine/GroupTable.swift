import Events
import Storage

/// The groups of a query across segments, by the hash of their values and interval. Values are remembered by where
/// their text stands.
struct GroupTable {
    /// Where a group's value stands: a code of a dimension within a segment.
    struct Place {
        var segment: UInt32
        var code: UInt32
    }

    private(set) var index = HashIndex()
    /// Interval of each group.
    private(set) var intervals: [UInt32] = []
    /// Value of each group in each dimension, ``dimensions`` a group.
    private(set) var places: [Place] = []
    let dimensions: Int

    init(dimensions: Int) { self.dimensions = dimensions }

    var count: Int { index.count }

    /// Bytes held, about.
    var bytes: Int {
        index.bytes + intervals.capacity * MemoryLayout<UInt32>.stride + places.capacity * MemoryLayout<Place>.stride
    }

    /// The key of a group.
    static func key(_ hashes: [UInt64], interval: UInt32) -> UInt64 {
        var key = UInt64(interval) &+ 0x9E37_79B9_7F4A_7C15
        for hash in hashes { key = mixed(key ^ hash) &+ 0x632B_E59B_D9B4_E019 }
        return mixed(key)
    }

    /// The key of a group of one dimension; the same as ``key(_:interval:)`` of one hash.
    static func key(_ hash: UInt64, interval: UInt32) -> UInt64 {
        mixed(mixed((UInt64(interval) &+ 0x9E37_79B9_7F4A_7C15) ^ hash) &+ 0x632B_E59B_D9B4_E019)
    }

    /// The number of a group of one dimension, a new one if it has none yet.
    mutating func insert(hash: UInt64, interval: UInt32, place: Place) -> Int {
        let group = Int(index.insert(GroupTable.key(hash, interval: interval)))
        if group == intervals.count {
            intervals.append(interval)
            places.append(place)
        }
        return group
    }

    mutating func insert(key: UInt64, interval: UInt32, places new: [Place]) -> UInt32 {
        let group = index.insert(key)
        if Int(group) == intervals.count {
            intervals.append(interval)
            places.append(contentsOf: new)
        }
        return group
    }

    /// Every combination of single values that a local group stands for: more than one where a value is a list.
    static func expand(
        _ codes: [UInt32], _ dimensions: [SegmentDimension], _ body: (_ codes: [UInt32], _ hashes: [UInt64]) -> Void
    ) {
        var combinations: [[UInt32]] = [[]]
        for (code, dimension) in zip(codes, dimensions) {
            let members = dimension.table.hasLists ? dimension.table.countedMembers(of: Int(code)) : [code]
            if members.count == 1 {
                for index in combinations.indices { combinations[index].append(members[0]) }
            } else {
                combinations = combinations.flatMap { head in members.map { head + [$0] } }
            }
        }
        for combination in combinations {
            body(combination, zip(combination, dimensions).map { $1.table.hashes[Int($0)] })
        }
    }

    func place(_ group: Int, dimension: Int) -> Place { places[group * dimensions + dimension] }
}

/// The texts of groups' values, read for the groups that are shown.
struct GroupTexts {
    private let execution: Execution
    private let grouping: Grouping
    private var tables: [Int: [SegmentDimension]] = [:]

    init(_ execution: Execution, _ grouping: Grouping) {
        self.execution = execution
        self.grouping = grouping
    }

    /// A group's value in a dimension; `nil` for the missing value.
    mutating func text(_ table: GroupTable, _ group: Int, dimension: Int) throws(QueryError) -> String? {
        let (values, code) = try values(table, group, dimension: dimension)
        return values.text(of: code)
    }

    /// The hashes of a group's values in all dimensions: what tells two values apart, where texts compare by how they
    /// look.
    mutating func hashes(_ table: GroupTable, _ group: Int) throws(QueryError) -> [UInt64] {
        var hashes: [UInt64] = []
        for dimension in 0..<table.dimensions {
            let (values, code) = try values(table, group, dimension: dimension)
            hashes.append(values.hashes[code])
        }
        return hashes
    }

    private mutating func values(
        _ table: GroupTable, _ group: Int, dimension: Int
    ) throws(QueryError) -> (table: ValueTable, code: Int) {
        let place = table.place(group, dimension: dimension)
        let segment = Int(place.segment)
        if tables[segment] == nil {
            var dimensions: [SegmentDimension] = []
            for dimension in grouping.dimensions {
                dimensions.append(
                    try SegmentDimension(dimension, of: execution.segments[segment], hash: execution.hash))
            }
            tables[segment] = dimensions
        }
        return (tables[segment]?[dimension].table ?? ValueTable(), Int(place.code))
    }

    /// A group's values in all dimensions.
    mutating func key(_ table: GroupTable, _ group: Int) throws(QueryError) -> [String?] {
        var key: [String?] = []
        for dimension in 0..<table.dimensions { key.append(try text(table, group, dimension: dimension)) }
        return key
    }
}
