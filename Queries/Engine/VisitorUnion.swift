import Storage

/// The visitors of some segments lined up: each has one number, its place among the hashes of all, and each segment a
/// map from its ordinals to these numbers.
///
/// Maps ascend, as ordinals do, so that a range of numbers is a slice of every segment and of every name's rows.
final class VisitorUnion: DerivedCache.Entry {
    /// The visitors' hashes, ascending; a number is a position in it.
    let hashes: [UInt64]
    /// For each segment, in the order in which they were given, the number of each of its ordinals.
    let maps: [[UInt32]]

    /// Number of visitors.
    var count: Int { hashes.count }

    var bytes: Int { maps.reduce(hashes.count * 8 + 256) { $0 + $1.count * 4 + 32 } }

    /// The union of the visitors of `segments`.
    ///
    /// Sealed segments are lined up once and remembered; runs in flight, which come and go, are added to that.
    ///
    /// - Complexity: O(visitors of all segments) for a new set.
    static func of(_ segments: [Segment], _ execution: Execution) throws(QueryError) -> VisitorUnion {
        let key = DerivedCache.Key(kind: .visitors, segments: segments.map { SegmentIdentity($0) })
        return try execution.derived.entry(key) { () throws(QueryError) in
            let sealed = segments.indices.filter { segments[$0].isSealed }
            guard !sealed.isEmpty, sealed.count < segments.count else {
                return try VisitorUnion(tables(segments), execution)
            }
            let base = try of(sealed.map { segments[$0] }, execution)
            let runs = segments.indices.filter { !segments[$0].isSealed }
            let union = try VisitorUnion([base.hashes] + tables(runs.map { segments[$0] }), execution)
            var maps = [[UInt32]](repeating: [], count: segments.count)
            for (position, segment) in sealed.enumerated() {
                maps[segment] = composed(base.maps[position], union.maps[0])
            }
            for (position, segment) in runs.enumerated() { maps[segment] = union.maps[position + 1] }
            return VisitorUnion(hashes: union.hashes, maps: maps)
        }
    }

    /// How many distinct visitors `segments` have.
    ///
    /// - Complexity: once the sealed ones are lined up, O(visitors in flight · log visitors).
    static func count(of segments: [Segment], _ execution: Execution) throws(QueryError) -> Int {
        let sealed = try of(segments.filter(\.isSealed), execution)
        let runs = segments.filter { !$0.isSealed }
        guard !runs.isEmpty else { return sealed.count }
        let inFlight = try VisitorUnion(tables(runs), execution)
        var count = sealed.count
        for hash in inFlight.hashes {
            let place = sealed.hashes.firstIndex(notBelow: hash)
            if place == sealed.count || sealed.hashes[place] != hash { count += 1 }
        }
        return count
    }

    private init(hashes: [UInt64], maps: [[UInt32]]) {
        self.hashes = hashes
        self.maps = maps
    }

    private static func tables(_ segments: [Segment]) throws(QueryError) -> [[UInt64]] {
        var tables: [[UInt64]] = []
        for segment in segments {
            tables.append(try stored { () throws(StorageError) in try segment.visitorHashes() })
        }
        return tables
    }

    /// The union of ascending tables without repetitions.
    ///
    /// Ranges of hashes are merged apart, so that cores share the work; each range pairwise.
    init(_ tables: [[UInt64]], _ execution: Execution) throws(QueryError) {
        if tables.count == 1 {
            hashes = tables[0]
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
            merged.with(part) { merged in
                var slices = tables.indices.map { tables[$0][bounds[$0][part]..<bounds[$0][part + 1]] }
                while slices.count > 1 {
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
            maps.with(table) { $0 = Self.places(of: tables[table], in: union) }
        }
        self.hashes = union
        self.maps = maps.all
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

    /// The place of each of a table's hashes in a union that has all of them.
    private static func places(of table: [UInt64], in union: [UInt64]) -> [UInt32] {
        table.withUnsafeBufferPointer { table in
            union.withUnsafeBufferPointer { union in
                Array(unsafeUninitializedCapacity: table.count) { output, count in
                    var place = 0
                    for hash in table {
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
                        output[count] = UInt32(truncatingIfNeeded: place)
                        count &+= 1
                    }
                }
            }
        }
    }

    private static func composed(_ first: [UInt32], _ second: [UInt32]) -> [UInt32] {
        second.withUnsafeBufferPointer { second in first.map { second[Int($0)] } }
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
