import Storage

/// A funnel whose way through sealed segments is kept from one asking to the next: it is gone on with from there.
extension FunnelKernel {
    /// What the visitors of a union have done in some groups of segments.
    struct Kept: PartialResult {
        /// By step who reached it.
        var reached: KeptVisitors
        /// By step but the last, in the order of visitors, the latest start of a chain up to it that may still be gone on
        /// with.
        var carried: [[KernelChains.Carried]]

        var bytes: Int {
            carried.reduce(reached.bytes) { $0 + $1.count * MemoryLayout<KernelChains.Carried>.stride + 32 }
        }
    }

    /// The visitors who reach each step.
    ///
    /// - Returns: `nil` where nothing is kept; with no `reached` if some event takes several steps.
    func runKept(
        _ plan: KernelPlan, steps: Int, _ partials: PartialResults
    ) throws(QueryError) -> (reached: [Int]?, Void)? {
        let (groups, segments) = plan.covered(range)
        let union = plan.aligned.lineup.base
        guard !segments.isEmpty, partials.cache.takes((union.count + 63) / 64 * 8 * steps) else { return nil }
        let key = partials.key(segments.map { execution.segments[$0] }, of: union, scan: Self.scan)
        let kept: Kept
        if let found = partials.cache.find(key, as: Kept.self) {
            kept = found
        } else {
            guard let new = try gather(groups, of: plan, steps: steps) else { return (nil, ()) }
            kept = new
            partials.cache.keep(new, as: key)
        }
        return (try goOn(from: kept, groups.upperBound..<plan.groups.count, of: plan, steps: steps), ())
    }

    /// No query has other scans beside this one.
    private static let scan: UInt8 = 0

    /// Goes through groups whose visitors all are the union's.
    private func gather(_ groups: Range<Int>, of plan: KernelPlan, steps: Int) throws(QueryError) -> Kept? {
        let partitions = try plan.partitions(groups)
        var kept = Kept(
            reached: KeptVisitors(groups: steps, visitors: plan.aligned.lineup.base.count),
            carried: [[KernelChains.Carried]](repeating: [], count: steps - 1))
        try execution.memory.hold(kept.bytes * 2)
        defer { execution.memory.release(kept.bytes * 2) }
        let workers = PerWorker(execution.workers) { KernelChains(steps: steps) }
        let parts = PerWorker(partitions.count) {
            (reached: VisitorBits?.none, carried: [[KernelChains.Carried]]())
        }
        let last = plan.groups[groups].map(\.last).max() ?? 0
        let isPlain = try forEachPart(partitions) { (worker, part, slots) throws(QueryError) in
            let chains = workers.with(worker) { $0 }
            chains.begin(visitors: slots.count)
            guard try walk(groups, of: plan, partitions, part, slots, chains, next: last) else { return false }
            let found = (
                chains.reachedBits(slots.ofUnion),
                chains.carried(slots.ofUnion, first: slots.firstOfUnion, after: last, window: query.windowMs)
            )
            parts.with(part) { $0 = found }
            return true
        }
        guard isPlain else { return nil }
        for (part, found) in parts.all.enumerated() {
            let slots = partitions.slots(part)
            if let bits = found.reached { kept.reached.add(bits, first: slots.firstOfUnion, count: slots.ofUnion) }
            for (step, carried) in found.carried.enumerated() { kept.carried[step] += carried }
        }
        return kept
    }

    private func goOn(
        from kept: Kept, _ groups: Range<Int>, of plan: KernelPlan, steps: Int
    ) throws(QueryError) -> [Int]? {
        guard !groups.isEmpty else { return kept.reached.counts }
        let partitions = try plan.partitions(groups)
        let workers = PerWorker(execution.workers) { KernelChains(steps: steps) }
        let isPlain = try forEachPart(partitions) { (worker, part, slots) throws(QueryError) in
            let chains = workers.with(worker) { $0 }
            chains.begin(visitors: slots.count)
            chains.resume(kept.carried, first: slots.firstOfUnion, count: slots.ofUnion)
            guard try walk(groups, of: plan, partitions, part, slots, chains) else { return false }
            chains.finish(besides: kept.reached, first: slots.firstOfUnion, ofUnion: slots.ofUnion)
            return true
        }
        guard isPlain else { return nil }
        return (0..<steps).map { step in workers.all.reduce(kept.reached.counts[step]) { $0 + $1.reached[step] } }
    }
}

extension KernelChains {
    /// A chain that has come to a step.
    struct Carried: Sendable {
        /// The visitor's number in the union.
        var visitor: UInt32
        /// When the chain began, Unix milliseconds.
        var start: Int64
    }

    /// Goes on from chains of earlier groups.
    ///
    /// - Parameters:
    ///   - kept: by step, in the order of visitors.
    ///   - first: the union's number of the first visitor here.
    ///   - count: how many visitors here are the union's.
    func resume(_ kept: [[Carried]], first: Int, count: Int) {
        for (step, chains) in kept.enumerated() {
            var (low, high) = (0, chains.count)
            while low < high {
                let middle = (low + high) / 2
                if Int(chains[middle].visitor) < first { low = middle + 1 } else { high = middle }
            }
            while low < chains.count, Int(chains[low].visitor) < first + count {
                setCarried(step, visitor: Int(chains[low].visitor) - first, start: chains[low].start)
                low += 1
            }
        }
    }
}
