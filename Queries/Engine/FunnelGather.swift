import Events
import Storage

/// Gathers the events of a partition's visitors that a funnel's options look at.
///
/// Without strict order and sessions these are the events that can take a step or are an exclusion; strict order looks
/// at all that pass the query's `where`, and sessions are derived from all.
struct FunnelGather: Sendable {
    let execution: Execution
    let plan: FunnelPlan
    let range: ResolvedRange
    /// The groups of `by`.
    let resolver: GroupResolver

    /// What takes part of one segment; made once a query, used by every partition.
    private struct Prepared: Sendable {
        var names: [PreparedName] = []
        var inRange: CompiledFilter?
        var session: SegmentDimension?
        var keys: LocalGrouping?
        var values: LocalGrouping?
    }

    private struct PreparedName: Sendable {
        var name: Int
        /// Steps, and exclusions above them, that every event of the name is.
        var always: UInt64
        var sometimes: [Test]
        /// Whether an event passes the query's `where`.
        var counts: CompiledFilter
    }

    private struct Test: Sendable {
        /// A step's bit, or an exclusion's 32 above its own.
        var bit: UInt64
        var filter: CompiledFilter
    }

    /// What is gathered: events by visitor, and the lists that they point into.
    struct Gathered {
        let events: VisitorEvents<FunnelEvent>
        /// Numbers of groups of `by`.
        var keys: [UInt32] = []
        /// Values of `same`, a hash for each combination.
        var values: [UInt64] = []
        /// Bytes that the query's memory counts for the lists.
        private var held = 0

        init(_ execution: Execution) { events = VisitorEvents(execution) }

        /// Counts what the lists have grown by.
        mutating func account(_ memory: QueryMemory) throws(QueryError) {
            let bytes = keys.capacity * 4 + values.capacity * 8
            guard bytes > held else { return }
            try memory.hold(bytes - held)
            held = bytes
        }
    }

    private let prepared: [Prepared]
    let partitions: VisitorPartitions

    init(
        execution: Execution, plan: FunnelPlan, range: ResolvedRange, resolver: GroupResolver
    ) throws(QueryError) {
        self.execution = execution
        self.plan = plan
        self.range = range
        self.resolver = resolver
        var prepared: [Prepared] = []
        for segment in execution.segments {
            prepared.append(
                segment.coverage(of: range) == .none
                    ? Prepared() : try FunnelGather.prepare(segment, execution, plan, range))
        }
        self.prepared = prepared
        partitions = try VisitorPartitions(
            execution, names: prepared.map { $0.names.map(\.name) },
            rowsAPartition: VisitorEvents<FunnelEvent>.rowsAPartition)
    }

    private static func prepare(
        _ segment: Segment, _ execution: Execution, _ plan: FunnelPlan, _ range: ResolvedRange
    ) throws(QueryError) -> Prepared {
        let query = plan.query
        func compiled(_ match: StepMatch?) throws(QueryError) -> CompiledFilter {
            let parts = [query.common.filter, match?.asFilter].compactMap { $0 }
            return try CompiledFilter(
                parts.isEmpty ? nil : .all(parts), range: range, segment: segment, hash: execution.hash,
                execution: execution)
        }
        var tests: [Test] = []
        for (number, step) in plan.steps.enumerated() {
            for alternative in query.steps[step].alternatives {
                tests.append(Test(bit: 1 << UInt64(number), filter: try compiled(alternative)))
            }
        }
        for (number, exclusion) in query.exclude.enumerated() {
            tests.append(Test(bit: 1 << UInt64(number + 32), filter: try compiled(exclusion.match)))
        }
        let counts = try compiled(nil)
        let isStrict = query.order == .strictOrder
        var prepared = Prepared()
        for name in segment.header.names.indices {
            let ofName = tests.map { Test(bit: $0.bit, filter: $0.filter.filter(forName: name)) }
                .filter { $0.filter.constant != false }
            let counts = counts.filter(forName: name)
            let isNeeded =
                !ofName.isEmpty || query.count == .sessions || (isStrict && counts.constant != false)
            guard isNeeded else { continue }
            let always = ofName.reduce(UInt64(0)) { $0 | ($1.filter.constant == true ? $1.bit : 0) }
            prepared.names.append(
                PreparedName(
                    name: name, always: always,
                    sometimes: ofName.filter { $0.filter.constant == nil && $0.bit & always == 0 }, counts: counts))
        }
        guard !prepared.names.isEmpty else { return prepared }
        if query.count == .sessions {
            prepared.session = try SegmentDimension(.field(.session), of: segment, hash: execution.hash)
            prepared.inRange = try CompiledFilter(nil, range: range, segment: segment, hash: execution.hash)
        }
        if !query.by.isEmpty {
            prepared.keys = try LocalGrouping(Grouping(dimensions: query.by), of: segment, hash: execution.hash)
        }
        if !query.same.isEmpty {
            prepared.values = try LocalGrouping(Grouping(dimensions: query.same), of: segment, hash: execution.hash)
        }
        return prepared
    }

    /// Gathers one partition.
    ///
    /// - Returns: the number of its visitors.
    func gather(_ partition: Int, into gathered: inout Gathered) throws(QueryError) -> Int {
        let slots = partitions.slots(partition)
        gathered.events.removeAll()
        gathered.keys.removeAll(keepingCapacity: true)
        gathered.values.removeAll(keepingCapacity: true)
        for (index, segment) in execution.segments.enumerated() where !prepared[index].names.isEmpty {
            var run = Run(prepared[index])
            for name in prepared[index].names {
                for piece in partitions.pieces(partition, segment: index, name: name.name) {
                    try execution.check()
                    execution.countRows(piece.range.count)
                    try read(piece, name, segment, index, slots, &run)
                    try append(piece, segment, index, &run, into: &gathered)
                    try gathered.account(execution.memory)
                }
            }
        }
        return slots.count
    }

    /// Scratch memory for the pieces of one segment.
    private struct Run {
        let session: SegmentDimension?
        let inRange: CompiledFilter?
        var keys: LocalGrouping?
        var values: LocalGrouping?
        var keysKnown = GroupResolver.Local()
        var valuesKnown = FunnelValues()
        var visitors: [UInt32] = []
        var marks: [UInt64] = []
        var mask: [UInt8] = []
        var counts: [UInt8] = []
        var kept: [UInt8] = []
        var sessions: [UInt64] = []
        var keyGroups: [UInt32] = []
        var valueGroups: [UInt32] = []

        init(_ prepared: Prepared) {
            session = prepared.session
            inRange = prepared.inRange
            keys = prepared.keys
            values = prepared.values
        }
    }

    /// Reads what is needed of a piece's rows.
    private func read(
        _ piece: Piece, _ name: PreparedName, _ segment: Segment, _ index: Int, _ slots: VisitorSlots, _ run: inout Run
    ) throws(QueryError) {
        try slots.read(piece, segment: segment, index: index, into: &run.visitors)
        run.marks.fill(name.always, count: piece.range.count)
        for test in name.sometimes {
            try test.filter.mask(piece, into: &run.mask)
            for position in run.marks.indices { run.marks[position] |= UInt64(run.mask[position]) &* test.bit }
        }
        let isStrict = plan.query.order == .strictOrder
        if isStrict { try name.counts.mask(piece, into: &run.counts) }
        if let session = run.session, let inRange = run.inRange {
            try session.map(session.table.hashes, segment: segment, piece: piece, into: &run.sessions)
            try inRange.mask(piece, into: &run.kept)
        } else if isStrict {
            swap(&run.kept, &run.counts)
            run.counts.removeAll(keepingCapacity: true)
        } else {
            run.kept.fill(0, count: piece.range.count)
            for position in run.marks.indices { run.kept[position] = run.marks[position] == 0 ? 0 : 1 }
        }
        if run.keys != nil { try run.keys?.assign(piece, segment: segment, into: &run.keyGroups) }
        if run.values != nil {
            try run.values?.assign(piece, segment: segment, into: &run.valueGroups)
            if let values = run.values {
                for position in run.marks.indices where run.marks[position] != 0 {
                    try run.valuesKnown.resolve(run.valueGroups[position], values)
                }
            }
        }
    }

    private func append(
        _ piece: Piece, _ segment: Segment, _ index: Int, _ run: inout Run, into gathered: inout Gathered
    ) throws(QueryError) {
        let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
        let ordinals = try stored { () throws(StorageError) in try segment.ordinals(chunk: piece.chunk) }
        let month = segment.header.month
        let keyBits = plan.keyBits
        let hasSessions = !run.sessions.isEmpty
        let marksCounts = !run.counts.isEmpty
        try QueryMemory.checkGathered(gathered.events.count + piece.range.count)
        try gathered.events.reserve(piece.range.count)
        for (position, row) in piece.range.enumerated() where run.kept[position] != 0 {
            let marks = run.marks[position]
            var event = FunnelEvent(
                steps: UInt32(truncatingIfNeeded: marks), excludes: UInt32(truncatingIfNeeded: marks >> 32))
            event.segment = UInt32(truncatingIfNeeded: index)
            event.ordinal = ordinals[row]
            if hasSessions { event.session = run.sessions[position] }
            if marksCounts { event.counts = run.counts[position] != 0 }
            if event.steps & keyBits != 0, let keys = run.keys {
                event.firstKey = UInt32(gathered.keys.count)
                resolver.forEach(run.keyGroups[position], keys, &run.keysKnown) { gathered.keys.append($0) }
                event.keys = UInt32(gathered.keys.count) - event.firstKey
            }
            if marks != 0, run.values != nil {
                event.firstValue = UInt32(gathered.values.count)
                run.valuesKnown.append(run.valueGroups[position], to: &gathered.values)
                event.values = UInt32(gathered.values.count) - event.firstValue
            }
            gathered.events.append(slot: run.visitors[position], time: month + Int64(times[row]), payload: event)
        }
    }
}

/// The values of `same` that a segment's local groups stand for, a hash for each combination; none where one of the
/// dimensions has no value.
private struct FunnelValues {
    private var places: [Range<Int>?] = []
    private var hashes: [UInt64] = []

    mutating func resolve(_ group: UInt32, _ grouping: LocalGrouping) throws(QueryError) {
        if Int(group) >= places.count {
            places.append(contentsOf: repeatElement(nil, count: Int(group) + 1 - places.count))
        }
        if places[Int(group)] != nil { return }
        let (codes, _) = grouping.parts(group)
        let first = hashes.count
        if !codes.contains(0) {
            try QueryMemory.checkCombinations(codes, grouping.dimensions)
            GroupTable.expand(codes, grouping.dimensions) { _, values in
                hashes.append(GroupTable.key(values, interval: 0))
            }
        }
        places[Int(group)] = first..<hashes.count
    }

    func append(_ group: UInt32, to output: inout [UInt64]) {
        guard let place = places[Int(group)] else { return }
        for index in place { output.append(hashes[index]) }
    }
}
