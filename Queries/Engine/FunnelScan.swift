import Events
import Storage

/// How many visitors reach each step of a funnel that asks for nothing else; ``FunnelOptionsScan`` does the others.
///
/// ``FunnelKernel`` does it where no event takes several steps. Else each partition of visitors gathers its steps' events,
/// brings each visitor's into the order of time, and matches them; partitions add up. Either reads only the rows whose
/// event name can take a step.
struct FunnelScan {
    let execution: Execution
    let query: FunnelQuery
    let range: ResolvedRange

    /// The counts of each step: `counts[k - 1]` reached step k.
    typealias Counts = [Int]

    struct Result {
        var counts: Counts
    }

    /// What takes part of one segment: its names whose events can take a step, each with its tests. Made once a
    /// query, used by every partition.
    private struct Prepared: Sendable {
        var names: [PreparedName] = []
    }

    private struct PreparedName: Sendable {
        var name: Int
        /// The steps that every event of the name takes.
        var always: UInt32
        /// The tests that decide about the others.
        var sometimes: [StepTest]
    }

    /// A step's test of one event name in one segment.
    private struct StepTest: Sendable {
        var bit: UInt32
        var filter: CompiledFilter
    }

    /// What one worker has found, and its scratch memory.
    private struct Worker {
        var counts: Counts
        let plain: VisitorEvents<UInt32>
        var matcher: FunnelMatcher
    }

    /// Runs the scan.
    func run() throws(QueryError) -> Result {
        if let counts = try FunnelKernel(execution: execution, query: query, range: range).run() {
            return Result(counts: counts)
        }
        var prepared: [Prepared] = []
        for segment in execution.segments {
            prepared.append(segment.coverage(of: range) == .none ? Prepared() : try prepare(segment))
        }
        let partitions = try VisitorPartitions(
            execution, names: prepared.map { $0.names.map(\.name) },
            rowsAPartition: VisitorEvents<UInt32>.rowsAPartition)
        let ready = prepared
        let steps = query.steps.count
        let workers = PerWorker(execution.workers) {
            Worker(
                counts: Counts(repeating: 0, count: steps), plain: VisitorEvents(execution),
                matcher: FunnelMatcher(
                    steps: steps, window: query.windowMs, strictIncrease: query.strictIncrease))
        }
        try execution.parallel(partitions.count) { (number, partition) throws(QueryError) in
            try workers.with(number) { (worker) throws(QueryError) in
                try scanPlain(partition, of: partitions, ready, into: &worker)
            }
        }
        var result = Result(counts: Counts(repeating: 0, count: steps))
        for worker in workers.all { result.counts = zip(result.counts, worker.counts).map(+) }
        return result
    }

    /// The names of a segment whose events can take a step.
    private func prepare(_ segment: Segment) throws(QueryError) -> Prepared {
        let tests = try compiledSteps(segment)
        var prepared = Prepared()
        for name in segment.header.names.indices {
            let ofName = tests.map { StepTest(bit: $0.bit, filter: $0.filter.filter(forName: name)) }
                .filter { $0.filter.constant != false }
            if ofName.isEmpty { continue }
            let always = ofName.reduce(UInt32(0)) { $0 | ($1.filter.constant == true ? $1.bit : 0) }
            prepared.names.append(
                PreparedName(
                    name: name, always: always,
                    sometimes: ofName.filter { $0.filter.constant == nil && $0.bit & always == 0 }))
        }
        return prepared
    }

    /// Every alternative of every step, with the query's own filter and range.
    private func compiledSteps(_ segment: Segment) throws(QueryError) -> [StepTest] {
        var tests: [StepTest] = []
        for (index, step) in query.steps.enumerated() {
            for alternative in step.alternatives {
                let filter = query.common.filter.map { Filter.all([$0, alternative.asFilter]) } ?? alternative.asFilter
                tests.append(
                    StepTest(
                        bit: 1 << UInt32(index),
                        filter: try CompiledFilter(
                            filter, range: range, segment: segment, hash: execution.hash,
                            execution: execution)))
            }
        }
        return tests
    }

    /// The common case: visitors are counted and not split, so an event is its time and its steps.
    private func scanPlain(
        _ partition: Int, of partitions: VisitorPartitions, _ prepared: [Prepared], into worker: inout Worker
    ) throws(QueryError) {
        let slots = partitions.slots(partition)
        let events = worker.plain
        events.removeAll()
        var mask: [UInt8] = []
        var steps: [UInt32] = []
        for (index, segment) in execution.segments.enumerated() where !prepared[index].names.isEmpty {
            let (slotOfOrdinal, base) = slots.ofOrdinals(segment: index)
            let month = segment.header.month
            for name in prepared[index].names {
                let (always, sometimes) = (name.always, name.sometimes)
                for piece in partitions.pieces(partition, segment: index, name: name.name) {
                    try execution.check()
                    execution.countRows(piece.range.count)
                    let ordinals = try stored { () throws(StorageError) in try segment.ordinals(chunk: piece.chunk) }
                    let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
                    if sometimes.isEmpty {
                        try events.append(
                            rows: piece.range, ordinals: ordinals, base: base, slotOfOrdinal: slotOfOrdinal,
                            times: times, month: month, payload: always)
                        continue
                    }
                    try readSteps(always, sometimes, piece, &steps, &mask)
                    try events.reserve(piece.range.count)
                    for (position, row) in piece.range.enumerated() where steps[position] != 0 {
                        events.append(
                            slot: slotOfOrdinal[Int(ordinals[row]) - base], time: month + Int64(times[row]),
                            payload: steps[position])
                    }
                }
            }
        }
        var matcher = worker.matcher
        var reached = worker.counts
        try events.forEachVisitor(slots.count) { (visitor) throws(QueryError) in
            let level = matcher.level(0..<visitor.count, { visitor[$0].time }, { visitor[$0].payload })
            for step in 0..<level { reached[step] &+= 1 }
        }
        worker.matcher = matcher
        worker.counts = reached
    }

    /// The steps of each row of a piece.
    private func readSteps(
        _ always: UInt32, _ sometimes: [StepTest], _ piece: Piece, _ steps: inout [UInt32], _ mask: inout [UInt8]
    ) throws(QueryError) {
        steps.fill(always, count: piece.range.count)
        for test in sometimes {
            try test.filter.mask(piece, into: &mask)
            for position in steps.indices { steps[position] |= UInt32(mask[position]) &* test.bit }
        }
    }
}

extension StepMatch {
    /// The match as a filter.
    var asFilter: Filter {
        var parts: [Filter] = []
        if let event { parts.append(.test(Filter.Test(dimension: .field(.event), op: .is, values: [event]))) }
        if let filter { parts.append(filter) }
        return .all(parts)
    }
}
