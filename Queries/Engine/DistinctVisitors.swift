import Events
import Storage

/// Counts the distinct visitors of each group, exactly: a bit for each (group, visitor) of a partition, or a set
/// where that would be too many.
struct DistinctVisitors {
    let execution: Execution
    let grouping: Grouping
    let filter: Filter?
    let range: ResolvedRange
    let resolver: GroupResolver
    /// Number of selected groups.
    let groups: Int

    private static let bitmapBits = 1 << 25

    /// What takes part of one segment; made once a query, used by every partition.
    private struct Prepared: Sendable {
        var names: [(name: Int, filter: CompiledFilter)] = []
        var grouping: LocalGrouping?
        /// Whether every event counts, all in one group: then so does every visitor, and no row needs to be looked at.
        var countsEveryVisitor = false
    }

    /// The number of visitors of each selected group.
    func run() throws(QueryError) -> [Int] {
        var prepared: [Prepared] = []
        for segment in execution.segments { prepared.append(try prepare(segment)) }
        let partitions = try VisitorPartitions(
            execution.segments, names: prepared.map { $0.names.map(\.name) }, threads: execution.threads)
        let ready = prepared
        let counts = PerWorker(execution.workers) { [Int](repeating: 0, count: groups) }
        try execution.parallel(partitions.count) { (worker, partition) throws(QueryError) in
            try counts.with(worker) { (counts) throws(QueryError) in
                try count(partition, of: partitions, ready, into: &counts)
            }
        }
        return counts.all.reduce([Int](repeating: 0, count: groups)) { zip($0, $1).map(+) }
    }

    private func prepare(_ segment: Segment) throws(QueryError) -> Prepared {
        var prepared = Prepared()
        guard groups > 0, segment.coverage(of: range) != .none else { return prepared }
        let filter = try CompiledFilter(self.filter, range: range, segment: segment, hash: execution.hash)
        for name in segment.header.names.indices {
            let filter = filter.filter(forName: name)
            if filter.constant != false { prepared.names.append((name, filter)) }
        }
        prepared.grouping = try LocalGrouping(grouping, of: segment, hash: execution.hash)
        prepared.countsEveryVisitor =
            grouping.dimensions.isEmpty && grouping.intervals == nil
            && prepared.names.count == segment.header.names.count
            && prepared.names.allSatisfy { $0.filter.constant == true }
        return prepared
    }

    private func count(
        _ partition: Int, of partitions: VisitorPartitions, _ prepared: [Prepared], into counts: inout [Int]
    ) throws(QueryError) {
        let slots = try partitions.slots(partition)
        var seen = Seen(groups: groups, slots: slots.count, limit: DistinctVisitors.bitmapBits)
        var mask: [UInt8] = []
        var local: [UInt32] = []
        var visitors: [UInt32] = []
        for (index, segment) in execution.segments.enumerated() {
            guard var grouping = prepared[index].grouping else { continue }
            if prepared[index].countsEveryVisitor {
                for slot in slots.ofOrdinals(segment: index).slots where seen.insert(group: 0, slot: slot) {
                    counts[0] += 1
                }
                continue
            }
            var resolved = GroupResolver.Local()
            for (name, filter) in prepared[index].names {
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
                    resolver.forEachRow(local, mask: mask, grouping, &resolved) { position, group in
                        if seen.insert(group: group, slot: visitors[position]) { counts[Int(group)] += 1 }
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
