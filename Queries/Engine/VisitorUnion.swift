import Storage
import Synchronization

/// The visitors of some sealed segments lined up: each has one number, its place among the hashes of all, and each
/// segment a map from its ordinals to these numbers.
///
/// Maps ascend, as ordinals do, so that a range of numbers is a slice of every segment and of every name's rows. What a
/// query reads besides these segments is added by ``VisitorLineup``.
final class VisitorUnion: DerivedCache.Entry {
    /// The visitors' hashes, ascending; a number is a position in it.
    let hashes: [UInt64]
    /// For each segment, in the order in which they were given, the number of each of its ordinals.
    let maps: [[UInt32]]
    /// Tells it from every other union of the process.
    let serial: UInt64
    /// The place of each segment's map.
    let places: [SegmentIdentity: Int]
    /// By the leading bits of a hash the first number whose hash has them or greater ones, and the end.
    private let directory: [UInt32]
    private let directoryShift: UInt64

    private static let serials = Atomic<UInt64>(0)

    /// Number of visitors.
    var count: Int { hashes.count }

    var bytes: Int { maps.reduce(hashes.count * 8 + directory.count * 4 + 256) { $0 + $1.count * 4 + 96 } }

    /// A union that has most of the visitors of `segments`, which are sealed: one that is kept, of nearly the same
    /// segments, or else a new one of exactly these.
    ///
    /// - Complexity: O(visitors of all segments) for a new one; O(unions kept · segments) otherwise.
    static func near(_ segments: [Segment], _ execution: Execution) throws(QueryError) -> VisitorUnion {
        let identities = segments.map { SegmentIdentity($0) }
        let total = segments.reduce(0) { $0 + $1.header.visitors }
        var best: (union: VisitorUnion, added: Int)?
        for case let union as VisitorUnion in execution.derived.entries(.visitors) {
            var covered = 0
            for (identity, segment) in zip(identities, segments) where union.places[identity] != nil {
                covered += segment.header.visitors
            }
            let added = total - covered
            // What is added costs every query, and so do visitors whom no segment has.
            guard added <= max(total / 4, Self.alwaysAdded), union.count <= covered * 2 else { continue }
            if let best, (best.added, best.union.count) <= (added, union.count) { continue }
            best = (union, added)
        }
        if let best {
            execution.derived.use(best.union)
            return best.union
        }
        let key = DerivedCache.Key(kind: .visitors, segments: identities)
        return try execution.derived.entry(key, execution.memory) { () throws(QueryError) in
            // Room for what is merged on the way.
            try execution.memory.hold(total * 16)
            defer { execution.memory.release(total * 16) }
            return try VisitorUnion(try tables(segments), of: identities, execution)
        }
    }

    /// Visitors of segments that are added to a union however small that is.
    private static let alwaysAdded = 4_096

    /// The hashes of each segment's visitors.
    static func tables(_ segments: [Segment]) throws(QueryError) -> [[UInt64]] {
        var tables: [[UInt64]] = []
        for segment in segments {
            tables.append(try stored { () throws(StorageError) in try segment.visitorHashes() })
        }
        return tables
    }

    /// The union of ascending tables without repetitions.
    ///
    /// Ranges of hashes are merged apart, so that cores share the work; each range pairwise.
    ///
    /// - Parameter segments: whose tables these are.
    init(
        _ tables: [[UInt64]], of segments: [SegmentIdentity] = [], _ execution: Execution
    ) throws(QueryError) {
        serial = Self.serials.add(1, ordering: .relaxed).newValue
        places = Dictionary(zip(segments, segments.indices), uniquingKeysWith: { first, _ in first })
        if tables.count == 1 {
            hashes = tables[0]
            (directory, directoryShift) = Self.directory(of: tables[0])
            maps = [Array(0..<UInt32(tables[0].count))]
            return
        }
        let total = tables.reduce(0) { $0 + $1.count }
        let parts = total < 1 << 14 ? 1 : execution.workers * 4
        let bounds = tables.map { table in
            (0...parts).map { part in
                part == parts
                    ? table.count : table.firstIndex(notBelow: UInt64.max / UInt64(parts) * UInt64(part))
            }
        }
        let merged = PerWorker(parts) { [UInt64]() }
        try execution.parallel(parts) { (_, part) throws(QueryError) in
            try merged.with(part) { (merged) throws(QueryError) in
                var slices = tables.indices.map { tables[$0][bounds[$0][part]..<bounds[$0][part + 1]] }
                while slices.count > 1 {
                    try execution.check()
                    slices = stride(from: 0, to: slices.count, by: 2).map {
                        $0 + 1 < slices.count ? Self.merged(slices[$0], slices[$0 + 1])[...] : slices[$0]
                    }
                }
                merged = Array(slices.first ?? [])
            }
        }
        var hashes: [UInt64] = []
        let all = merged.all
        hashes.reserveCapacity(all.reduce(0) { $0 + $1.count })
        for part in all { hashes.append(contentsOf: part) }
        let union = hashes
        let maps = PerWorker(tables.count) { [UInt32]() }
        try execution.parallel(tables.count) { (_, table) throws(QueryError) in
            let places = try Self.places(of: tables[table], in: union, execution)
            maps.with(table) { $0 = places }
        }
        self.hashes = union
        self.maps = maps.all
        (directory, directoryShift) = Self.directory(of: union)
    }

    /// Hashes of one entry of the directory, about.
    private static let hashesAnEntry = 8

    private static func directory(of hashes: [UInt64]) -> ([UInt32], shift: UInt64) {
        var bits = 1
        while bits < 24, hashes.count >> bits > hashesAnEntry { bits += 1 }
        let shift = UInt64(64 - bits)
        var directory: [UInt32] = []
        directory.reserveCapacity((1 << bits) + 1)
        for (number, hash) in hashes.enumerated() {
            while directory.count <= Int(hash >> shift) { directory.append(UInt32(number)) }
        }
        while directory.count <= 1 << bits { directory.append(UInt32(hashes.count)) }
        return (directory, shift)
    }

    /// The number of a hash, if the union has it.
    ///
    /// - Complexity: O(1) for hashes, which are spread evenly; O(log n) at the worst.
    func number(of hash: UInt64) -> UInt32? {
        let entry = Int(hash >> directoryShift)
        var (low, high) = (Int(directory[entry]), Int(directory[entry + 1]))
        let end = high
        while high - low > Self.hashesAnEntry {
            let middle = (low + high) / 2
            if hashes[middle] < hash { low = middle + 1 } else { high = middle }
        }
        while low < end, hashes[low] < hash { low += 1 }
        return low < end && hashes[low] == hash ? UInt32(low) : nil
    }

    /// Merges two ascending tables, equals once. Nothing in the loop is hard to predict.
    private static func merged(_ left: ArraySlice<UInt64>, _ right: ArraySlice<UInt64>) -> [UInt64] {
        left.withUnsafeBufferPointer { left in
            right.withUnsafeBufferPointer { right in
                Array(unsafeUninitializedCapacity: left.count + right.count) { output, count in
                    var (i, j) = (0, 0)
                    while i < left.count, j < right.count {
                        let (a, b) = (left[i], right[j])
                        output[count] = min(a, b)
                        count &+= 1
                        i &+= a <= b ? 1 : 0
                        j &+= b <= a ? 1 : 0
                    }
                    while i < left.count {
                        output[count] = left[i]
                        count &+= 1
                        i &+= 1
                    }
                    while j < right.count {
                        output[count] = right[j]
                        count &+= 1
                        j &+= 1
                    }
                }
            }
        }
    }

    /// The place of each of a table's hashes in a union that is not empty: where it is, or of the last one below it; 0 if
    /// it is below all.
    static func places(
        of table: [UInt64], in union: [UInt64], _ execution: Execution
    ) throws(QueryError) -> [UInt32] {
        var places = [UInt32](repeating: 0, count: table.count)
        var place = 0
        for start in stride(from: 0, to: table.count, by: 1 << 17) {
            try execution.check()
            let range = start..<min(table.count, start + (1 << 17))
            places.withUnsafeMutableBufferPointer { place = findPlaces(range, of: table, in: union, from: place, &$0) }
        }
        return places
    }

    private static func findPlaces(
        _ range: Range<Int>, of table: [UInt64], in union: [UInt64], from first: Int,
        _ output: inout UnsafeMutableBufferPointer<UInt32>
    ) -> Int {
        table.withUnsafeBufferPointer { table in
            union.withUnsafeBufferPointer { union in
                var place = first
                for position in range {
                    let hash = table[position]
                    // Doubling steps: a small table is found in a large union without walking all of it.
                    var step = 1
                    while place &+ step < union.count, union[place &+ step] <= hash {
                        place &+= step
                        step &*= 2
                    }
                    while step > 0 {
                        if place &+ step < union.count, union[place &+ step] <= hash { place &+= step }
                        step /= 2
                    }
                    output[position] = UInt32(truncatingIfNeeded: place)
                }
                return place
            }
        }
    }
}

extension Array where Element: Comparable {
    /// The first position of an ascending array whose element is not below `bound`; the count if there is none.
    func firstIndex(notBelow bound: Element) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < bound { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
