import Events
import Storage

/// Counts the visitors who reach each step of a plain funnel: sequential, by visitors, with any window and filters.
///
/// Visitors are worked on in ranges. In each group of segments the steps' rows are brought into the order of (visitor,
/// time), which for a sealed segment they have, and each step's are merged with the chains that end at the step before:
/// a chain goes on from the latest one that ended at its visitor's, since a later end never has an earlier start. What
/// a visitor has begun when a group ends is carried to the next in a plain array. An event that takes one step only is
/// never used twice, and events of equal times are in the order of the steps, so that ties are taken as they count most;
/// where an event may take several, ``FunnelMatcher`` has to look at each visitor instead.
struct FunnelKernel {
    let execution: Execution
    let query: FunnelQuery
    let range: ResolvedRange

    /// The visitors who reach each step; `nil` if some event takes several steps.
    func run() throws(QueryError) -> [Int]? {
        let steps = query.steps.map { step -> Filter in
            let any = Filter.any(step.alternatives.map(\.asFilter))
            return query.common.filter.map { .all([$0, any]) } ?? any
        }
        guard let plan = try KernelPlan(execution, steps: steps, range: range) else { return nil }
        if let partials = execution.partials, let counts = try runKept(plan, steps: steps.count, partials) {
            return counts.reached
        }
        let workers = PerWorker(execution.workers) { KernelChains(steps: steps.count) }
        let partitions = try plan.partitions(plan.groups.indices)
        let isPlain = try forEachPart(partitions) { (worker, part, slots) throws(QueryError) in
            let chains = workers.with(worker) { $0 }
            chains.begin(visitors: slots.count)
            guard try walk(plan.groups.indices, of: plan, partitions, part, slots, chains) else { return false }
            chains.finish()
            return true
        }
        guard isPlain else { return nil }
        return (0..<steps.count).map { step in workers.all.reduce(0) { $0 + $1.reached[step] } }
    }

    /// Calls `body` for each partition until it returns that some event takes two steps.
    ///
    /// - Returns: whether none does.
    func forEachPart(
        _ partitions: VisitorPartitions,
        _ body: @Sendable (_ worker: Int, _ part: Int, _ slots: VisitorSlots) throws(QueryError) -> Bool
    ) throws(QueryError) -> Bool {
        let overlapping = PerWorker(execution.workers) { false }
        try execution.parallel(partitions.count) { (worker, part) throws(QueryError) in
            guard !overlapping.with(worker, { $0 }) else { return }
            if try !body(worker, part, partitions.slots(part)) { overlapping.with(worker) { $0 = true } }
        }
        return !overlapping.all.contains(true)
    }

    /// Takes the events that a range of visitors have in some groups. Returns whether no event takes two steps.
    ///
    /// - Parameter next: a time that no event of a later group comes before; `nil` if there is none that matters.
    func walk(
        _ groups: Range<Int>, of plan: KernelPlan, _ partitions: VisitorPartitions, _ part: Int, _ slots: VisitorSlots,
        _ chains: KernelChains, next: Int64? = nil
    ) throws(QueryError) -> Bool {
        for index in groups {
            let group = plan.groups[index]
            for (step, sources) in group.sources.enumerated() {
                let keys = chains.keys[step]
                keys.removeAll()
                let areMany = sources.count > SortedKeys.manyPieces
                for source in sources {
                    keys.beginPiece()
                    guard try read(source, part, of: partitions, slots, month: group.month, into: keys) else {
                        return false
                    }
                    if !areMany, !slots.isInOrder(segment: source.segment) {
                        keys.divide(at: UInt64(slots.ofUnion) << 32)
                    }
                    try chains.account(execution.memory)
                }
                if areMany { keys.sort(uppers: slots.count) } else { keys.sort() }
            }
            let next = index + 1 < groups.upperBound ? plan.groups[index + 1].first : next
            chains.advance(
                month: group.month, window: query.windowMs, isStrict: query.strictIncrease, nextGroup: next)
        }
        return true
    }

    /// Appends the keys of a source's rows of some visitors that take the step.
    ///
    /// - Returns: whether none of them takes another step too.
    private func read(
        _ source: KernelPlan.Source, _ part: Int, of partitions: VisitorPartitions, _ slots: VisitorSlots, month: Int64,
        into keys: SortedKeys
    ) throws(QueryError) -> Bool {
        let segment = execution.segments[source.segment]
        let shift = UInt32(truncatingIfNeeded: segment.header.month - month)
        let map = slots.map(segment: source.segment)
        var mask: [UInt8] = []
        var other: [UInt8] = []
        for piece in partitions.pieces(part, segment: source.segment, name: source.name) {
            try execution.check()
            execution.countRows(piece.range.count)
            if let filter = source.filter {
                try filter.mask(piece, into: &mask)
                for test in source.others {
                    try test.mask(piece, into: &other)
                    for position in mask.indices where mask[position] & other[position] != 0 { return false }
                }
            }
            let ordinals = try stored { () throws(StorageError) in try segment.ordinals(chunk: piece.chunk) }
            let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
            let greatest = Self.append(
                piece.range, ordinals, times, mask: source.filter == nil ? nil : mask, map: map,
                slot: slots.shift, shift: shift, to: keys)
            guard greatest < slots.count else { throw VisitorSlots.disorder }
        }
        return true
    }

    /// Appends the keys of rows: the visitor's place in the range above the time.
    ///
    /// - Returns: the greatest place.
    private static func append(
        _ rows: Range<Int>, _ ordinals: [UInt32], _ times: [UInt32], mask: [UInt8]?, map: [UInt32],
        slot: VisitorSlots.Shift, shift: UInt32, to keys: SortedKeys
    ) -> UInt32 {
        // The bounds of the columns are checked here, once; ordinals are below the number of visitors, which the map
        // has, since they were read or made.
        precondition(rows.upperBound <= ordinals.count && rows.upperBound <= times.count)
        precondition(mask == nil || mask?.count == rows.count)
        var greatest: UInt32 = 0
        keys.append(upTo: rows.count) { output in
            ordinals.withUnsafeBufferPointer { ordinals in
                times.withUnsafeBufferPointer { times in
                    map.withUnsafeBufferPointer { map in
                        guard let mask else {
                            var position = 0
                            for row in rows {
                                let place = slot(map[Int(ordinals[row])])
                                greatest = max(greatest, place)
                                output[position] = UInt64(place) &<< 32 | UInt64(times[row] &+ shift)
                                position &+= 1
                            }
                            return rows.count
                        }
                        return mask.withUnsafeBufferPointer { mask in
                            var count = 0
                            var position = 0
                            let start = rows.lowerBound
                            while position < mask.count {
                                // Where few rows match, eight at a time are passed over.
                                if position &+ 8 <= mask.count,
                                    UnsafeRawPointer(mask.baseAddress.unsafelyUnwrapped).loadUnaligned(
                                        fromByteOffset: position, as: UInt64.self) == 0
                                {
                                    position &+= 8
                                    continue
                                }
                                let end = min(position &+ 8, mask.count)
                                while position < end {
                                    let row = start &+ position
                                    let place = slot(map[Int(ordinals[row])])
                                    greatest = max(greatest, place)
                                    output[count] = UInt64(place) &<< 32 | UInt64(times[row] &+ shift)
                                    count &+= Int(mask[position])
                                    position &+= 1
                                }
                            }
                            return count
                        }
                    }
                }
            }
        }
        return greatest
    }
}
