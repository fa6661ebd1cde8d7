import Events
import Storage

/// Gives each row of one segment a small group number, from its values in the grouping dimensions and its interval.
///
/// The numbers are the segment's own; what a number stands for is looked up once a group, not once a row.
struct LocalGrouping: Sendable {
    let dimensions: [SegmentDimension]
    private let intervals: Intervals?
    private let month: Int64
    private let sizes: [Int]
    /// For more combinations than a table should have: pairs of (group so far, next code), numbered as they turn up.
    private var pairs: [HashIndex]
    private let isDense: Bool
    private var codes: [UInt32] = []
    private let identities: [[UInt32]]

    private static let denseLimit = 1 << 20

    init(_ grouping: Grouping, of segment: Segment, hash: EventHash) throws(QueryError) {
        var dimensions: [SegmentDimension] = []
        for dimension in grouping.dimensions {
            dimensions.append(try SegmentDimension(dimension, of: segment, hash: hash))
        }
        self.dimensions = dimensions
        intervals = grouping.intervals
        month = segment.header.month
        var sizes = dimensions.map(\.count)
        if let intervals { sizes.append(max(1, intervals.count)) }
        self.sizes = sizes
        var product = 1
        for size in sizes { product = min(product, LocalGrouping.denseLimit + 1) * size }
        // A table much longer than the segment would cost more to clear than its rows to look up.
        isDense = product <= min(LocalGrouping.denseLimit, max(4_096, 4 * segment.header.rows))
        pairs = isDense ? [] : sizes.map { _ in HashIndex() }
        denseCount = product
        identities = dimensions.map { Array(0..<UInt32($0.count)) }
    }

    private let denseCount: Int

    /// Number of groups so far; every number ``assign(_:segment:into:)`` gave out is below it.
    var count: Int { isDense ? denseCount : pairs.last?.count ?? 1 }

    /// Whether a group is a code of one dimension that has no lists, or an interval.
    var isPlain: Bool {
        isDense && sizes.count == 1 && dimensions.allSatisfy { !$0.table.hasLists }
    }

    /// The group of all rows of a piece, when their values are known to be the same.
    func constantGroup(_ piece: Piece) -> UInt32? {
        if dimensions.isEmpty && intervals == nil { return 0 }
        guard intervals == nil, isDense else { return nil }
        var group = 0
        for dimension in dimensions {
            switch dimension.kind {
            case .names: group = group * dimension.count + piece.name + 1
            case .absent: group = group * dimension.count
            default: return nil
            }
        }
        return UInt32(group)
    }

    /// Numbers the rows of a piece. Rows outside the intervals get some number; the caller masks them.
    mutating func assign(_ piece: Piece, segment: Segment, into groups: inout [UInt32]) throws(QueryError) {
        groups.fill(0, count: piece.range.count)
        for (index, dimension) in dimensions.enumerated() {
            try dimension.map(identities[index], segment: segment, piece: piece, into: &codes)
            combine(index, &groups)
        }
        guard let intervals else { return }
        let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
        codes.fill(0, count: piece.range.count)
        if let clock = IntervalClock(intervals, month: month) {
            times.withUnsafeBufferPointer { times in
                codes.withUnsafeMutableBufferPointer { codes in
                    let start = piece.range.lowerBound
                    for position in 0..<codes.count { codes[position] = clock.index(of: times[start &+ position]) }
                }
            }
        } else {
            for (position, row) in piece.range.enumerated() {
                codes[position] = UInt32(intervals.index(of: month + Int64(times[row])) ?? 0)
            }
        }
        combine(dimensions.count, &groups)
    }

    private mutating func combine(_ index: Int, _ groups: inout [UInt32]) {
        if isDense {
            let size = UInt32(sizes[index])
            for position in groups.indices { groups[position] = groups[position] &* size &+ codes[position] }
        } else {
            for position in groups.indices {
                groups[position] = pairs[index].insert(
                    LocalGrouping.pairKey(groups[position], codes[position]))
            }
        }
    }

    // The product of an odd number and a 64-bit key is a bijection, so the pair can be read back.
    private static func pairKey(_ group: UInt32, _ code: UInt32) -> UInt64 {
        let key = (UInt64(group) << 32 | UInt64(code)) &* 0x9E37_79B9_7F4A_7C15
        return key << 32 | key >> 32
    }

    private static func pair(_ key: UInt64) -> (group: UInt32, code: UInt32) {
        let key = (key << 32 | key >> 32) &* 0xF1DE_83E1_9937_733D
        return (UInt32(truncatingIfNeeded: key >> 32), UInt32(truncatingIfNeeded: key))
    }

    /// The code and the interval of a group when there is one dimension, without lists; `nil` otherwise.
    func singleCode(_ group: UInt32) -> (code: UInt32, interval: UInt32)? {
        guard dimensions.count == 1, isDense, !dimensions[0].table.hasLists else { return nil }
        guard intervals != nil else { return (group, 0) }
        let size = UInt32(sizes[1])
        return (group / size, group % size)
    }

    /// The code in each dimension and the interval (0 without intervals) of a group.
    func parts(_ group: UInt32) -> (codes: [UInt32], interval: UInt32) {
        var parts = [UInt32](repeating: 0, count: sizes.count)
        var rest = group
        for index in sizes.indices.reversed() {
            if isDense {
                parts[index] = rest % UInt32(sizes[index])
                rest /= UInt32(sizes[index])
            } else {
                let (group, code) = LocalGrouping.pair(pairs[index].keys[Int(rest)])
                parts[index] = code
                rest = group
            }
        }
        let interval = intervals == nil ? 0 : parts.removeLast()
        return (parts, interval)
    }
}

/// What rows are grouped by.
struct Grouping: Sendable {
    var dimensions: [Dimension] = []
    var intervals: Intervals?
}
