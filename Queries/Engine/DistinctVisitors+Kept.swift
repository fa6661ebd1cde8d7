import Storage

/// Distinct visitors where those of sealed segments are kept from one asking to the next: only what they do not cover is read.
///
/// A visitor may be in both, so that numbers do not do: kept is a bit for each visitor of the line-up's union and group.
extension DistinctVisitors {
    /// The counts; `nil` where nothing is kept of the query, or would be too large.
    func countKept(_ prepared: [Prepared], _ aligned: AlignedVisitors) throws(QueryError) -> [Int]? {
        guard let kept, let partials = execution.partials else { return nil }
        let union = aligned.lineup.base
        let covered = prepared.indices.filter { index in
            let segment = execution.segments[index]
            return !prepared[index].names.isEmpty && segment.isSealed && aligned.isOfUnion(index)
                && segment.coverage(of: range) == .all
        }
        let (bytes, overflow) = groups.multipliedReportingOverflow(by: (union.count + 63) / 64 * 8)
        guard !covered.isEmpty, !overflow, partials.cache.takes(bytes) else { return nil }
        let known = try known(Set(covered), prepared, aligned, scan: kept, partials)
        return try count(Set(prepared.indices).subtracting(covered), prepared, aligned, besides: known)
    }

    /// The visitors of each group in segments that the union has all visitors of. Those of a group are kept by themselves,
    /// since others may be asked for the next time.
    private func known(
        _ covered: Set<Int>, _ prepared: [Prepared], _ aligned: AlignedVisitors, scan: UInt8, _ partials: PartialResults
    ) throws(QueryError) -> [KeptVisitors] {
        let segments = covered.sorted().map { execution.segments[$0] }
        // Intervals are told apart by their places, which count from the first one.
        let first = grouping.intervals?.boundaries.first.map { [UInt64(bitPattern: $0)] } ?? []
        let keys = resolver.keys(groups).map {
            partials.key(segments, of: aligned.lineup.base, groups: first + [$0], scan: scan)
        }
        var known: [KeptVisitors] = []
        var missing: [Int] = []
        for (group, key) in keys.enumerated() {
            if let found = partials.cache.find(key, as: KeptVisitors.self) {
                known.append(found)
            } else {
                known.append(KeptVisitors(groups: 0, visitors: 0))
                missing.append(group)
            }
        }
        guard !missing.isEmpty else { return known }
        var part = self
        part.resolver = resolver.selecting(missing)
        part.groups = missing.count
        let ofPart = missing.count == groups ? prepared : try part.prepareAll()
        for (group, visitors) in zip(missing, try part.gather(covered, ofPart, aligned).split()) {
            partials.cache.keep(visitors, as: keys[group])
            known[group] = visitors
        }
        return known
    }

    private func partitions(
        _ reading: Set<Int>, _ prepared: [Prepared], _ aligned: AlignedVisitors
    ) throws(QueryError) -> VisitorPartitions {
        let names = prepared.enumerated().map { reading.contains($0) ? $1.names.map(\.name) : [] }
        // Few rows are read for many visitors: the fewer partitions the better, as long as their bits fit a core's cache.
        let visitors = max(VisitorPartitions.visitorsAPartition, Self.bitsAPartition / (groups + 1))
        return try VisitorPartitions(execution, names: names, aligned: aligned, visitorsAPartition: visitors)
    }

    private static let bitsAPartition = 1 << 22

    private func gather(
        _ covered: Set<Int>, _ prepared: [Prepared], _ aligned: AlignedVisitors
    ) throws(QueryError) -> KeptVisitors {
        let partitions = try partitions(covered, prepared, aligned)
        var known = KeptVisitors(groups: groups, visitors: aligned.lineup.base.count)
        try execution.memory.hold(known.bytes * 2)
        defer { execution.memory.release(known.bytes * 2) }
        let parts = PerWorker(partitions.count) { VisitorBits?.none }
        try execution.parallel(partitions.count) { (_, partition) throws(QueryError) in
            let slots = partitions.slots(partition)
            let bits = VisitorBits(groups: groups + 1, visitors: slots.count)
            try setBits(partition, of: partitions, slots, prepared, into: bits)
            parts.with(partition) { $0 = bits }
        }
        for (partition, bits) in parts.all.enumerated() {
            let slots = partitions.slots(partition)
            if let bits { known.add(bits, first: slots.firstOfUnion, count: slots.ofUnion) }
        }
        return known
    }

    /// Counts the kept visitors and those of other segments who are not among them.
    private func count(
        _ reading: Set<Int>, _ prepared: [Prepared], _ aligned: AlignedVisitors, besides known: [KeptVisitors]
    ) throws(QueryError) -> [Int] {
        let before = known.map { $0.counts[0] }
        guard reading.contains(where: { !prepared[$0].names.isEmpty }) else { return before }
        let partitions = try partitions(reading, prepared, aligned)
        let counts = PerWorker(execution.workers) { [Int](repeating: 0, count: groups) }
        try execution.parallel(partitions.count) { (worker, partition) throws(QueryError) in
            let slots = partitions.slots(partition)
            let bits = VisitorBits(groups: groups + 1, visitors: slots.count)
            try execution.memory.hold(bits.bytes)
            defer { execution.memory.release(bits.bytes) }
            try setBits(partition, of: partitions, slots, prepared, into: bits)
            counts.with(worker) { counts in
                for group in 0..<groups {
                    counts[group] += known[group].countOthers(
                        in: bits, group: group, first: slots.firstOfUnion, ofUnion: slots.ofUnion)
                }
            }
        }
        return counts.all.reduce(before) { zip($0, $1).map(+) }
    }
}
