import Events
import Storage

/// Answers a funnel with any of its options: gathers the visitors' events partition by partition, matches them, and
/// adds the workers' counts up.
struct FunnelOptionsScan {
    let execution: Execution
    let plan: FunnelPlan
    let range: ResolvedRange
    /// The intervals to answer for each.
    var intervals: Intervals?
    /// Whose visitors to list instead of counting them.
    var listed: FunnelVisitorsQuery.Target?

    struct Result {
        var tally: FunnelTally
        /// The groups of `by`.
        var table: GroupTable
        /// The group of what has no value of `by`; beyond the table if no event is without.
        var noValue: UInt32
        var listed: [FunnelWorker.Listed]
    }

    /// Runs the scan.
    func run() throws(QueryError) -> Result {
        let table = try groups()
        let missing = GroupTable.key([UInt64](repeating: 0, count: plan.query.by.count), interval: 0)
        let noValue = table.index.find(missing) ?? UInt32(table.count)
        let gather = try FunnelGather(
            execution: execution, plan: plan, range: range, resolver: GroupResolver(table))
        let setting = FunnelWorker.Setting(
            plan: plan, intervals: intervals, order: FunnelKeyOrder(execution, plan.query.by, table),
            noValue: noValue, listed: listed, execution: execution)
        let workers = PerWorker(execution.workers) { FunnelWorker(setting) }
        try execution.parallel(gather.partitions.count) { (number, partition) throws(QueryError) in
            try workers.with(number) { (worker) throws(QueryError) in try worker.scan(partition, gather) }
        }
        let all = workers.all
        var tally = all.first?.tally ?? FunnelTally(steps: plan.query.steps.count, keepsTimes: false)
        for worker in all.dropFirst() {
            try execution.memory.hold(worker.tally.bytes)
            try tally.add(worker.tally)
        }
        try tally.sortTimes(execution)
        return Result(tally: tally, table: table, noValue: noValue, listed: all.flatMap(\.listed))
    }

    /// The values of `by` that a chain's event may have.
    private func groups() throws(QueryError) -> GroupTable {
        guard !plan.query.by.isEmpty, listed == nil else { return GroupTable(dimensions: 0) }
        let steps = plan.steps.enumerated().filter { plan.keyBits & (1 << UInt32($0.offset)) != 0 }
        let taking = Filter.any(steps.flatMap { plan.query.steps[$0.element].alternatives.map(\.asFilter) })
        let filter = plan.query.common.filter.map { Filter.all([$0, taking]) } ?? taking
        let scan = GroupedScan(
            execution: execution, grouping: Grouping(dimensions: plan.query.by), filter: filter, range: range,
            plan: Accumulators.Plan([]))
        return try scan.run().table
    }
}
