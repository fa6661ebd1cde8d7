import Events
import Storage

/// Counts the distinct visitors of each group, exactly: a bit for each (group, visitor) of a partition, or a set where that would be too many.
struct DistinctVisitors {
    let execution: Execution
    let grouping: Grouping
    let filter: Filter?
    let range: ResolvedRange
    let resolver: GroupResolver
    /// Number of selected groups.
    let groups: Int

    private static let bitmapBits = 1 << 25

    /// The number of visitors of each selected group.
    func run() throws(QueryError) -> [Int] {
        var names: [[Int]] = []
        for segment in execution.segments {
            guard groups > 0, segment.coverage(of: range) != .none else {
                names.append([])
                continue
            }
            names.append(
                try CompiledFilter(filter, range: range, segment: segment, hash: execution.hash).possibleNames)
        }
        let readNames = names
        let partitions = try VisitorPartitions(execution.segments, names: names, threads: execution.threads)
        let counts = PerWorker(execution.workers) { [Int](repeating: 0, count: groups) }
        try execution.parallel(partitions.count) { (worker, partition) throws(QueryError) in
            try counts.with(worker) { (counts) throws(QueryError) in
                try count(partition, of: partitions, names: readNames, into: &counts)
            }
        }
        return counts.all.reduce([Int](repeating: 0, count: groups)) { zip($0, $1).map(+) }
    }

    private func count(
        _ partition: Int, of partitions: VisitorPartitions, names: [[Int]], into counts: inout [Int]
    ) throws(QueryError) {
        let slots = try partitions.slots(partition)
        var seen = Seen(groups: groups, slots: slots.count, limit: DistinctVisitors.bitmapBits)
        var mask: [UInt8] = []
        var local: [UInt32] = []
        var visitors: [UInt32] = []
        for (index, segment) in execution.segments.enumerated() where !names[index].isEmpty {
            let filter = try CompiledFilter(self.filter, range: range, segment: segment, hash: execution.hash)
            var grouping = try LocalGrouping(self.grouping, of: segment, hash: execution.hash)
            var resolved = GroupResolver.Local()
            for name in names[index] {
                let filter = filter.filter(forName: name)
                for piece in partitions.pieces(partition, segment: index, name: name) {
                    try execution.check()
                    execution.countRows(piece.range.count)
                    try slots.read(piece, segment: segment, index: index, into: &visitors)
                    try filter.mask(piece, into: &mask)
                    if let group = grouping.constantGroup(piece) {
                        resolver.forEach(group, grouping, &resolved) { group in
                            for position in visitors.indices where mask[position] != 0 {
                                if seen.insert(group: group, slot: visitors[position]) { counts[Int(group)] += 1 }
                            }
                        }
                        continue
                    }
                    try grouping.assign(piece, segment: segment, into: &local)
                    for position in visitors.indices where mask[position] != 0 {
                        resolver.forEach(local[position], grouping, &resolved) { group in
                            if seen.insert(group: group, slot: visitors[position]) { counts[Int(group)] += 1 }
                        }
                    }
                }
            }
        }
    }

    /// The (group, visitor) pairs seen in a partition.
    private struct Seen {
        private let slots: Int
        private var bitmap: [UInt64] = []
        private var set = HashIndex()
        private let usesBitmap: Bool

        init(groups: Int, slots: Int, limit: Int) {
            self.slots = slots
            usesBitmap = groups.multipliedReportingOverflow(by: slots).partialValue <= limit && groups <= limit
            if usesBitmap { bitmap = [UInt64](repeating: 0, count: (groups * slots + 63) / 64) }
        }

        /// Returns whether the pair is new.
        @inline(__always)
        mutating func insert(group: UInt32, slot: UInt32) -> Bool {
            if usesBitmap {
                let bit = Int(group) * slots + Int(slot)
                let word = bit >> 6
                let flag = UInt64(1) << UInt64(bit & 63)
                if bitmap[word] & flag != 0 { return false }
                bitmap[word] |= flag
                return true
            }
            let before = set.count
            _ = set.insert(mixed(UInt64(group) << 32 | UInt64(slot)))
            return set.count > before
        }
    }
}
