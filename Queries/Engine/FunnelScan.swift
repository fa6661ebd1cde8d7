import Events
import Storage

/// How many visitors (or sessions) reach each step of a funnel, overall and for each value of a dimension at the
/// first step.
///
/// Reads only the rows whose event name can take a step. Each partition of visitors gathers its steps' events, brings
/// each visitor's into the order of time, and matches them; partitions add up.
struct FunnelScan {
    let execution: Execution
    let query: FunnelQuery
    let range: ResolvedRange

    /// The counts of each step: `counts[k - 1]` reached step k.
    typealias Counts = [Int]

    struct Result {
        var counts: Counts
        /// With `by`: the keys and their counts.
        var table: GroupTable
        var rows: [Counts]
    }

    private struct Event: BitwiseCopyable {
        var steps: UInt32
        /// First of the event's keys, and their number; only of events that match step 1, with `by`.
        var firstKey: UInt32
        var keys: UInt32
        /// Hash of the session id, 0 for none; only when counting sessions.
        var session: UInt64
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
        var rows: [Counts]
        let detailed = VisitorEvents<Event>()
        var keys: [UInt32] = []
        var matcher: FunnelMatcher
    }

    /// Runs the scan.
    func run() throws(QueryError) -> Result {
        if FunnelKernel.applies(to: query),
            let counts = try FunnelKernel(execution: execution, query: query, range: range).run()
        {
            return Result(counts: counts, table: GroupTable(dimensions: 0), rows: [])
        }
        let table = try keys()
        let resolver = GroupResolver(table)
        var prepared: [Prepared] = []
        for segment in execution.segments {
            prepared.append(segment.coverage(of: range) == .none ? Prepared() : try prepare(segment))
        }
        let partitions = try VisitorPartitions(execution, names: prepared.map { $0.names.map(\.name) })
        let ready = prepared
        let steps = query.steps.count
        let workers = PerWorker(execution.workers) {
            Worker(
                counts: Counts(repeating: 0, count: steps),
                rows: [Counts](repeating: Counts(repeating: 0, count: steps), count: table.count),
                matcher: FunnelMatcher(
                    steps: steps, window: query.windowMs, strictIncrease: query.strictIncrease))
        }
        try execution.parallel(partitions.count) { (number, partition) throws(QueryError) in
            try workers.with(number) { (worker) throws(QueryError) in
                try scan(partition, of: partitions, ready, resolver: resolver, into: &worker)
            }
        }
        var result = Result(
            counts: Counts(repeating: 0, count: steps), table: table,
            rows: [Counts](repeating: Counts(repeating: 0, count: steps), count: table.count))
        for worker in workers.all {
            result.counts = zip(result.counts, worker.counts).map(+)
            result.rows = zip(result.rows, worker.rows).map { zip($0, $1).map(+) }
        }
        return result
    }

    private var grouping: Grouping { Grouping(dimensions: query.by) }

    /// The values of `by` that events of step 1 have.
    private func keys() throws(QueryError) -> GroupTable {
        guard !query.by.isEmpty else { return GroupTable(dimensions: 0) }
        let firstStep = Filter.any(query.steps[0].alternatives.map(\.asFilter))
        let filter = query.common.filter.map { Filter.all([$0, firstStep]) } ?? firstStep
        let scan = GroupedScan(
            execution: execution, grouping: grouping, filter: filter, range: range, plan: Accumulators.Plan([]))
        return try scan.run().table
    }

    /// The names of a segment whose events can take a step; when sessions are counted all of them, since every event
    /// keeps a session open.
    private func prepare(_ segment: Segment) throws(QueryError) -> Prepared {
        let tests = try compiledSteps(segment)
        var prepared = Prepared()
        for name in segment.header.names.indices {
            let ofName = tests.map { StepTest(bit: $0.bit, filter: $0.filter.filter(forName: name)) }
                .filter { $0.filter.constant != false }
            if ofName.isEmpty, query.count != .sessions { continue }
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
                        filter: try CompiledFilter(filter, range: range, segment: segment, hash: execution.hash)))
            }
        }
        return tests
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

    private func scan(
        _ partition: Int, of partitions: VisitorPartitions, _ prepared: [Prepared], resolver: GroupResolver,
        into worker: inout Worker
    ) throws(QueryError) {
        let slots = partitions.slots(partition)
        worker.detailed.removeAll()
        worker.keys.removeAll(keepingCapacity: true)
        for (index, segment) in execution.segments.enumerated() where !prepared[index].names.isEmpty {
            try gather(
                partition, of: partitions, prepared[index], segment: segment, index: index, slots: slots,
                resolver: resolver, into: &worker)
        }
        let events = worker.detailed
        var found = worker
        try events.forEachVisitor(slots.count) { (visitor) throws(QueryError) in
            guard query.count == .sessions else {
                try match(visitor, &found)
                return
            }
            let sessions = Sessions.split(
                visitor.indices, { visitor[$0].time }, { visitor[$0].payload.session })
            for session in sessions {
                let events = session.filter { visitor[$0].payload.steps != 0 }.map { visitor[$0] }
                try events.withUnsafeBufferPointer { (events) throws(QueryError) in try match(events, &found) }
            }
        }
        worker = found
    }

    private func gather(
        _ partition: Int, of partitions: VisitorPartitions, _ prepared: Prepared, segment: Segment, index: Int,
        slots: VisitorSlots, resolver: GroupResolver, into worker: inout Worker
    ) throws(QueryError) {
        let inRange = try CompiledFilter(nil, range: range, segment: segment, hash: execution.hash)
        let countsSessions = query.count == .sessions
        let session =
            countsSessions ? try SegmentDimension(.field(.session), of: segment, hash: execution.hash) : nil
        var grouping = try LocalGrouping(self.grouping, of: segment, hash: execution.hash)
        var resolved = GroupResolver.Local()
        var visitors: [UInt32] = []
        var steps: [UInt32] = []
        var mask: [UInt8] = []
        var kept: [UInt8] = []
        var sessions: [UInt64] = []
        var local: [UInt32] = []
        for name in prepared.names {
            let (always, sometimes) = (name.always, name.sometimes)
            for piece in partitions.pieces(partition, segment: index, name: name.name) {
                try execution.check()
                execution.countRows(piece.range.count)
                try slots.read(piece, segment: segment, index: index, into: &visitors)
                try readSteps(always, sometimes, piece, &steps, &mask)
                if let session {
                    try session.map(session.table.hashes, segment: segment, piece: piece, into: &sessions)
                    try inRange.mask(piece, into: &kept)
                }
                if !query.by.isEmpty { try grouping.assign(piece, segment: segment, into: &local) }
                let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
                worker.detailed.reserve(piece.range.count)
                for (position, row) in piece.range.enumerated()
                where countsSessions ? kept[position] != 0 : steps[position] != 0 {
                    let first = worker.keys.count
                    if !query.by.isEmpty, steps[position] & 1 != 0 {
                        resolver.forEach(local[position], grouping, &resolved) { worker.keys.append($0) }
                    }
                    worker.detailed.append(
                        slot: visitors[position], time: segment.header.month + Int64(times[row]),
                        payload: Event(
                            steps: steps[position], firstKey: UInt32(first),
                            keys: UInt32(worker.keys.count - first),
                            session: countsSessions ? sessions[position] : 0))
                }
            }
        }
    }

    /// Matches the events of a visitor or session and counts how far they lead.
    private func match(_ events: UnsafeBufferPointer<VisitorEvents<Event>.Entry>, _ worker: inout Worker)
        throws(QueryError)
    {
        let level = worker.matcher.level(0..<events.count, { events[$0].time }, { events[$0].payload.steps })
        for step in 0..<level { worker.counts[step] += 1 }
        guard !query.by.isEmpty, level > 0 else { return }
        let keys = worker.keys
        func ownKeys(of event: Event) -> ArraySlice<UInt32> {
            keys[Int(event.firstKey)..<Int(event.firstKey + event.keys)]
        }
        var distinct: Set<UInt32> = []
        for event in events { distinct.formUnion(ownKeys(of: event.payload)) }
        for key in distinct {
            try execution.check()
            // Under a key, only the events that have it may begin a chain.
            let level = worker.matcher.level(0..<events.count, { events[$0].time }) { position in
                let event = events[position].payload
                return ownKeys(of: event).contains(key) ? event.steps : event.steps & ~1
            }
            for step in 0..<level { worker.rows[Int(key)][step] += 1 }
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
