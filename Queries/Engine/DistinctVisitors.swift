import Events
import Storage

/// Counts the distinct visitors of each group, exactly: a bit for each (group, visitor) of a partition, or a set
/// where that would be too many.
struct DistinctVisitors {
    let execution: Execution
    let grouping: Grouping
    let filter: Filter?
    let range: ResolvedRange
    var resolver: GroupResolver
    /// Number of selected groups.
    var groups: Int
    /// See ``GroupedScan/kept``.
    var kept: UInt8?

    /// What takes part of one segment; made once a query, used by every partition.
    struct Prepared: Sendable {
        var names: [(name: Int, filter: CompiledFilter)] = []
        var grouping: LocalGrouping?
        /// The group of every event, if every event counts and all in one: then so does every visitor, and no row needs to
        /// be looked at.
        var everyVisitor: UInt32?
        /// How rows find their bits at once, where they are grouped by one dimension or by intervals alone.
        var direct: DirectGroups?
    }

    /// The number of visitors of each selected group.
    func run() throws(QueryError) -> [Int] {
        let prepared = try prepareAll()
        if groups == 1, prepared.allSatisfy({ $0.names.isEmpty || $0.everyVisitor != nil }) {
            let all = execution.segments.indices.filter { !prepared[$0].names.isEmpty }
            return [try VisitorLineup.count(of: all.map { execution.segments[$0] }, execution)]
        }
        let names = prepared.map { $0.names.map(\.name) }
        let aligned = try AlignedVisitors(names.indices.filter { !names[$0].isEmpty }, execution)
        if let counts = try countKept(prepared, aligned) { return counts }
        let partitions = try VisitorPartitions(execution, names: names, aligned: aligned)
        try execution.memory.hold(groups * 8 * (execution.workers + 1))
        let counts = PerWorker(execution.workers) { [Int](repeating: 0, count: groups) }
        try execution.parallel(partitions.count) { (worker, partition) throws(QueryError) in
            try counts.with(worker) { (counts) throws(QueryError) in
                let slots = partitions.slots(partition)
                // One group more, for rows of no selected one.
                if VisitorBits.fits(groups: groups + 1, visitors: slots.count) {
                    try countBits(partition, of: partitions, slots, prepared, into: &counts)
                } else {
                    try count(partition, of: partitions, slots, prepared, into: &counts)
                }
            }
        }
        return counts.all.reduce([Int](repeating: 0, count: groups)) { zip($0, $1).map(+) }
    }

    /// What takes part of each of the query's segments.
    func prepareAll() throws(QueryError) -> [Prepared] {
        let preparing = PerWorker(execution.segments.count) { Prepared() }
        try execution.parallel(execution.segments.count) { (_, index) throws(QueryError) in
            let segment = try prepare(execution.segments[index])
            preparing.with(index) { $0 = segment }
        }
        return preparing.all
    }

    private func prepare(_ segment: Segment) throws(QueryError) -> Prepared {
        var prepared = Prepared()
        guard groups > 0, segment.coverage(of: range) != .none else { return prepared }
        let filter = try CompiledFilter(
            self.filter, range: range, segment: segment, hash: execution.hash, execution: execution)
        for name in segment.header.names.indices {
            let filter = filter.filter(forName: name)
            if filter.constant != false { prepared.names.append((name, filter)) }
        }
        let local = try LocalGrouping(grouping, of: segment, hash: execution.hash)
        prepared.direct = DirectGroups(local, grouping, segment, resolver, groups: groups)
        prepared.grouping = local
        if grouping.dimensions.isEmpty, prepared.names.count == segment.header.names.count,
            prepared.names.allSatisfy({ $0.filter.constant == true }),
            let interval = interval(of: segment)
        {
            var resolved = GroupResolver.Local()
            resolver.forEach(interval, local, &resolved) { prepared.everyVisitor = $0 }
        }
        return prepared
    }

    /// The interval that all events of a segment lie in, if it is one; 0 without intervals.
    private func interval(of segment: Segment) -> UInt32? {
        guard let intervals = grouping.intervals else { return 0 }
        guard let first = intervals.index(of: segment.header.first),
            first == intervals.index(of: segment.header.last)
        else { return nil }
        return UInt32(first)
    }

    // MARK: Bits

    private func countBits(
        _ partition: Int, of partitions: VisitorPartitions, _ slots: VisitorSlots, _ prepared: [Prepared],
        into counts: inout [Int]
    ) throws(QueryError) {
        let bits = VisitorBits(groups: groups + 1, visitors: slots.count)
        try execution.memory.hold(bits.bytes)
        defer { execution.memory.release(bits.bytes) }
        try setBits(partition, of: partitions, slots, prepared, into: bits)
        for group in 0..<groups { counts[group] += bits.count(group: group) }
    }

    /// Sets the bits of a partition's visitors in the groups of their events.
    func setBits(
        _ partition: Int, of partitions: VisitorPartitions, _ slots: VisitorSlots, _ prepared: [Prepared],
        into bits: VisitorBits
    ) throws(QueryError) {
        var mask: [UInt8] = []
        var local: [UInt32] = []
        var visitors: [UInt32] = []
        for (index, segment) in execution.segments.enumerated() {
            guard partitions.reads(index), var grouping = prepared[index].grouping else { continue }
            if let group = prepared[index].everyVisitor {
                for slot in slots.ofOrdinals(segment: index).slots { bits.insert(group: group, visitor: slot) }
                continue
            }
            let direct = prepared[index].direct
            var resolved = GroupResolver.Local()
            for (name, filter) in prepared[index].names {
                for piece in partitions.pieces(partition, segment: index, name: name) {
                    try execution.check()
                    execution.countRows(piece.range.count)
                    if let direct {
                        if filter.constant != true { try filter.mask(piece, into: &mask) }
                        try direct.insert(
                            piece, segment: segment, slots, index: index, mask: filter.constant == true ? nil : mask,
                            into: bits)
                        continue
                    }
                    try slots.read(piece, segment: segment, index: index, into: &visitors)
                    try filter.mask(piece, into: &mask)
                    try grouping.assign(piece, segment: segment, into: &local)
                    resolver.forEachRow(local, mask: mask, grouping, &resolved) { position, group in
                        bits.insert(group: group, visitor: visitors[position])
                    }
                }
            }
        }
    }

    // MARK: Sets

    private func count(
        _ partition: Int, of partitions: VisitorPartitions, _ slots: VisitorSlots, _ prepared: [Prepared],
        into counts: inout [Int]
    ) throws(QueryError) {
        var seen = HashIndex()
        var held = 0
        defer { execution.memory.release(held) }
        var mask: [UInt8] = []
        var local: [UInt32] = []
        var visitors: [UInt32] = []
        for (index, segment) in execution.segments.enumerated() {
            guard var grouping = prepared[index].grouping else { continue }
            var resolved = GroupResolver.Local()
            for (name, filter) in prepared[index].names {
                for piece in partitions.pieces(partition, segment: index, name: name) {
                    try execution.check()
                    execution.countRows(piece.range.count)
                    try slots.read(piece, segment: segment, index: index, into: &visitors)
                    try filter.mask(piece, into: &mask)
                    try grouping.assign(piece, segment: segment, into: &local)
                    resolver.forEachRow(local, mask: mask, grouping, &resolved) { position, group in
                        let before = seen.count
                        _ = seen.insert(mixed(UInt64(group) << 32 | UInt64(visitors[position])))
                        if seen.count > before { counts[Int(group)] += 1 }
                    }
                    if seen.bytes > held {
                        try execution.memory.hold(seen.bytes - held)
                        held = seen.bytes
                    }
                }
            }
        }
    }
}
