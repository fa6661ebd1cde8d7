import Events
import Storage

/// How many visitors (or sessions) reach each step of a funnel, overall and for each value of a dimension at the first step.
///
/// Reads only the rows whose event name can take a step. Each partition of visitors gathers its steps' events, brings each visitor's into the order
/// of time, and matches them; partitions add up.
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

    private struct Event {
        var steps: UInt32
        /// First of the event's keys, and their number; only of events that match step 1, with `by`.
        var firstKey: UInt32
        var keys: UInt32
        /// Hash of the session id, 0 for none; only when counting sessions.
        var session: UInt64
    }

    /// A step's test of one event name in one segment.
    private struct StepTest {
        var bit: UInt32
        var filter: CompiledFilter
    }

    /// What one worker has found.
    private struct Found {
        var counts: Counts
        var rows: [Counts]
    }

    /// Runs the scan.
    func run() throws(QueryError) -> Result {
        let table = try keys()
        let resolver = GroupResolver(table)
        var names: [[Int]] = []
        for segment in execution.segments {
            names.append(segment.coverage(of: range) == .none ? [] : try stepNames(segment))
        }
        let readNames = names
        let partitions = try VisitorPartitions(execution.segments, names: names, threads: execution.threads)
        let steps = query.steps.count
        let zero = Found(
            counts: Counts(repeating: 0, count: steps),
            rows: [Counts](repeating: Counts(repeating: 0, count: steps), count: table.count))
        let found = PerWorker(execution.workers) { zero }
        try execution.parallel(partitions.count) { (worker, partition) throws(QueryError) in
            try found.with(worker) { (found) throws(QueryError) in
                try scan(partition, of: partitions, names: readNames, resolver: resolver, into: &found)
            }
        }
        let total = found.all.reduce(zero) { sum, other in
            Found(
                counts: zip(sum.counts, other.counts).map(+),
                rows: zip(sum.rows, other.rows).map { zip($0, $1).map(+) })
        }
        return Result(counts: total.counts, table: table, rows: total.rows)
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

    /// The names of a segment whose events can take a step; when sessions are counted all of them, since every event keeps a session open.
    private func stepNames(_ segment: Segment) throws(QueryError) -> [Int] {
        if query.count == .sessions { return Array(segment.header.names.indices) }
        let tests = try compiledSteps(segment)
        return segment.header.names.indices.filter { name in
            tests.contains { $0.filter.filter(forName: name).constant != false }
        }
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

    private func scan(
        _ partition: Int, of partitions: VisitorPartitions, names: [[Int]], resolver: GroupResolver,
        into found: inout Found
    ) throws(QueryError) {
        let slots = try partitions.slots(partition)
        var gathered = Gathered()
        for (index, segment) in execution.segments.enumerated() where !names[index].isEmpty {
            try gather(
                partition, of: partitions, names: names[index], segment: segment, index: index, slots: slots,
                resolver: resolver, into: &gathered)
        }
        var matcher = FunnelMatcher(
            steps: query.steps.count, window: query.windowMs, strictIncrease: query.strictIncrease)
        gathered.events.forEachVisitor(count: slots.count) { visitor in
            if query.count == .sessions {
                let sessions = Sessions.split(
                    visitor.indices, { visitor[$0].time }, { visitor[$0].payload.session })
                for session in sessions {
                    let events = session.filter { visitor[$0].payload.steps != 0 }.map { visitor[$0] }
                    match(events[...], gathered.keys, &matcher, &found)
                }
            } else {
                match(visitor, gathered.keys, &matcher, &found)
            }
        }
    }

    private struct Gathered {
        var events = VisitorEvents<Event>()
        var keys: [UInt32] = []
    }

    private func gather(
        _ partition: Int, of partitions: VisitorPartitions, names: [Int], segment: Segment, index: Int,
        slots: VisitorSlots, resolver: GroupResolver, into gathered: inout Gathered
    ) throws(QueryError) {
        let tests = try compiledSteps(segment)
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
        for name in names {
            let ofName = tests.map { StepTest(bit: $0.bit, filter: $0.filter.filter(forName: name)) }
                .filter { $0.filter.constant != false }
            // Steps that every event of the name takes need no look at the rows.
            let always = ofName.reduce(UInt32(0)) { $0 | ($1.filter.constant == true ? $1.bit : 0) }
            let sometimes = ofName.filter { $0.filter.constant == nil && $0.bit & always == 0 }
            for piece in partitions.pieces(partition, segment: index, name: name) {
                try execution.check()
                execution.countRows(piece.range.count)
                try slots.read(piece, segment: segment, index: index, into: &visitors)
                steps.fill(always, count: piece.range.count)
                for test in sometimes {
                    try test.filter.mask(piece, into: &mask)
                    for position in steps.indices { steps[position] |= mask[position] != 0 ? test.bit : 0 }
                }
                if let session {
                    try session.map(session.table.hashes, segment: segment, piece: piece, into: &sessions)
                    try inRange.mask(piece, into: &kept)
                }
                if !query.by.isEmpty { try grouping.assign(piece, segment: segment, into: &local) }
                let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
                for (position, row) in piece.range.enumerated()
                where countsSessions ? kept[position] != 0 : steps[position] != 0 {
                    let first = gathered.keys.count
                    if !query.by.isEmpty, steps[position] & 1 != 0 {
                        resolver.forEach(local[position], grouping, &resolved) { gathered.keys.append($0) }
                    }
                    gathered.events.append(
                        slot: visitors[position], time: segment.header.month + Int64(times[row]),
                        payload: Event(
                            steps: steps[position], firstKey: UInt32(first),
                            keys: UInt32(gathered.keys.count - first),
                            session: countsSessions ? sessions[position] : 0))
                }
            }
        }
    }

    /// Matches the events of a visitor or session and counts how far they lead.
    private func match(
        _ events: ArraySlice<VisitorEvents<Event>.Entry>, _ keys: [UInt32], _ matcher: inout FunnelMatcher,
        _ found: inout Found
    ) {
        let level = events.withUnsafeBufferPointer { events in
            matcher.level(0..<events.count, { events[$0].time }, { events[$0].payload.steps })
        }
        for step in 0..<level { found.counts[step] += 1 }
        guard !query.by.isEmpty, level > 0 else { return }
        var ownKeys: [UInt32] = []
        for event in events {
            for key in keys[Int(event.payload.firstKey)..<Int(event.payload.firstKey + event.payload.keys)]
            where !ownKeys.contains(key) { ownKeys.append(key) }
        }
        for key in ownKeys {
            // Under a key, only the events that have it may begin a chain.
            let level = events.withUnsafeBufferPointer { events in
                matcher.level(0..<events.count, { events[$0].time }) { position in
                    let event = events[position].payload
                    let has = keys[Int(event.firstKey)..<Int(event.firstKey + event.keys)].contains(key)
                    return has ? event.steps : event.steps & ~1
                }
            }
            for step in 0..<level { found.rows[Int(key)][step] += 1 }
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
