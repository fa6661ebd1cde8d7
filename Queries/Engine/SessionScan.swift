import Events
import Storage

/// What a query wants to know of the sessions of each group.
struct SessionNumbers: Sendable {
    /// Sessions with at least one matching event.
    var sessions = 0
    /// Of those, sessions with exactly one page view and nothing after it.
    var bounces = 0
    /// Sum over those of the time from first to last event, milliseconds.
    var duration: Int64 = 0
}

/// Derives sessions from all of a visitor's events and counts those with a matching event, by group.
///
/// An event with a session id belongs to that session of its visitor. Events without one make sessions among
/// themselves: a new one begins after more than 30 minutes without any of them.
struct SessionScan {
    /// The longest pause within a derived session, milliseconds.
    static let inactivity: Int64 = 30 * 60_000

    let execution: Execution
    let grouping: Grouping
    let filter: Filter?
    let range: ResolvedRange
    let resolver: GroupResolver
    /// Number of selected groups.
    let groups: Int
    /// Whether bounces and durations are asked for. They need sessions as a whole, also outside of the range; the
    /// count does not, because what lies between two events of the range lies within it.
    let needsWholeSessions: Bool

    private struct Event: BitwiseCopyable {
        /// Hash of the session's id; 0 for none.
        var session: UInt64
        var isPageview: Bool
        /// First of the event's groups in ``Gathered/groups``, and their number; none if the event does not match.
        var firstGroup: UInt32
        var groups: UInt32
    }

    /// What is needed of one segment; made once a query, used by every partition.
    private struct Prepared: Sendable {
        var session: SegmentDimension
        var grouping: LocalGrouping
        var inScope: CompiledFilter
        /// By name.
        var filters: [CompiledFilter]
    }

    private func prepare(_ segment: Segment, scope: ResolvedRange) throws(QueryError) -> Prepared {
        let filter = try CompiledFilter(
            self.filter, range: range, segment: segment, hash: execution.hash, execution: execution)
        return Prepared(
            session: try SegmentDimension(.field(.session), of: segment, hash: execution.hash),
            grouping: try LocalGrouping(grouping, of: segment, hash: execution.hash),
            inScope: try CompiledFilter(nil, range: scope, segment: segment, hash: execution.hash),
            filters: segment.header.names.indices.map { filter.filter(forName: $0) })
    }

    /// The numbers of each selected group.
    func run() throws(QueryError) -> [SessionNumbers] {
        let everything = ResolvedRange(from: .min, to: .max)
        let scope = needsWholeSessions ? everything : range
        let names = execution.segments.map { segment in
            groups > 0 && segment.coverage(of: scope) != .none ? Array(segment.header.names.indices) : []
        }
        let partitions = try VisitorPartitions(
            execution, names: names, rowsAPartition: VisitorEvents<Event>.rowsAPartition)
        var prepared: [Prepared?] = []
        for (segment, names) in zip(execution.segments, names) {
            prepared.append(names.isEmpty ? nil : try prepare(segment, scope: scope))
        }
        let ready = prepared
        try execution.memory.hold(groups * MemoryLayout<SessionNumbers>.stride * (execution.workers + 1))
        let results = PerWorker(execution.workers) { [SessionNumbers](repeating: SessionNumbers(), count: groups) }
        try execution.parallel(partitions.count) { (worker, partition) throws(QueryError) in
            try results.with(worker) { (numbers) throws(QueryError) in
                try scan(partition, of: partitions, ready, into: &numbers)
            }
        }
        return results.all.reduce([SessionNumbers](repeating: SessionNumbers(), count: groups)) { sums, numbers in
            zip(sums, numbers).map { sum, number in
                var sum = sum
                sum.add(number)
                return sum
            }
        }
    }

    private func scan(
        _ partition: Int, of partitions: VisitorPartitions, _ prepared: [Prepared?],
        into numbers: inout [SessionNumbers]
    ) throws(QueryError) {
        let slots = partitions.slots(partition)
        let events = VisitorEvents<Event>(execution)
        var groupsOfEvents: [UInt32] = []
        var held = 0
        defer { execution.memory.release(held) }
        var matches: [UInt8] = []
        var inScope: [UInt8] = []
        var local: [UInt32] = []
        var visitors: [UInt32] = []
        var sessions: [UInt64] = []
        for (index, segment) in execution.segments.enumerated() {
            guard let ready = prepared[index] else { continue }
            let session = ready.session
            var grouping = ready.grouping
            var resolved = GroupResolver.Local()
            for name in segment.header.names.indices {
                let filter = ready.filters[name]
                let isPageview = segment.header.names[name].name == GroupedScan.pageView
                for piece in partitions.pieces(partition, segment: index, name: name) {
                    try execution.check()
                    execution.countRows(piece.range.count)
                    try slots.read(piece, segment: segment, index: index, into: &visitors)
                    try filter.mask(piece, into: &matches)
                    try ready.inScope.mask(piece, into: &inScope)
                    try session.map(session.table.hashes, segment: segment, piece: piece, into: &sessions)
                    try grouping.assign(piece, segment: segment, into: &local)
                    let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
                    try QueryMemory.checkGathered(events.count + piece.range.count)
                    try events.reserve(piece.range.count)
                    if groupsOfEvents.capacity * 4 > held {
                        try execution.memory.hold(groupsOfEvents.capacity * 4 - held)
                        held = groupsOfEvents.capacity * 4
                    }
                    for (position, row) in piece.range.enumerated() where inScope[position] != 0 {
                        let first = groupsOfEvents.count
                        if matches[position] != 0 {
                            resolver.forEach(local[position], grouping, &resolved) { groupsOfEvents.append($0) }
                        }
                        events.append(
                            slot: visitors[position], time: segment.header.month + Int64(times[row]),
                            payload: Event(
                                session: sessions[position], isPageview: isPageview, firstGroup: UInt32(first),
                                groups: UInt32(groupsOfEvents.count - first)))
                    }
                }
            }
        }
        var order = SessionOrder()
        var found = Set<UInt32>()
        try events.forEachVisitor(slots.count) { (visitor) throws(QueryError) in
            order.split(visitor.count, { visitor[$0].time }, { visitor[$0].payload.session })
            for session in 0..<order.count {
                let range = order.range(session)
                let isBounce = groups(of: range, order, visitor, groupsOfEvents, into: &found)
                guard !found.isEmpty else { continue }
                let first = visitor[Int(order.positions[range.lowerBound])].time
                let last = visitor[Int(order.positions[range.upperBound - 1])].time
                let one = SessionNumbers(
                    sessions: 1, bounces: isBounce ? 1 : 0, duration: last.subtractingClamped(first))
                for group in found { numbers[Int(group)].add(one) }
            }
        }
    }

    /// The groups of a session's events, and whether it is a bounce.
    private func groups(
        of session: Range<Int>, _ order: SessionOrder,
        _ visitor: UnsafeBufferPointer<VisitorEvents<Event>.Entry>, _ groupsOfEvents: [UInt32],
        into found: inout Set<UInt32>
    ) -> Bool {
        if !found.isEmpty { found.removeAll(keepingCapacity: true) }
        var pageviews = 0
        var pageviewTime: Int64 = 0
        var last: Int64 = 0
        for index in session {
            let event = visitor[Int(order.positions[index])]
            last = event.time
            if event.payload.isPageview {
                pageviews &+= 1
                pageviewTime = event.time
            }
            let first = Int(event.payload.firstGroup)
            for group in groupsOfEvents[first..<(first + Int(event.payload.groups))] { found.insert(group) }
        }
        return pageviews == 1 && last <= pageviewTime
    }
}

/// The rule by which a visitor's events fall into sessions.
enum Sessions {
    /// Splits positions in order of time into sessions, each in order of time.
    ///
    /// - Parameters:
    ///   - time: the event time of a position.
    ///   - id: the hash of its session id, 0 for none.
    static func split(
        _ positions: Range<Int>, _ time: (Int) -> Int64, _ id: (Int) -> UInt64
    ) -> [[Int]] {
        var sessions: [[Int]] = []
        var named: [UInt64: Int] = [:]
        var current: (session: Int, last: Int64)?
        for position in positions {
            let id = id(position)
            if id != 0 {
                if let session = named[id] {
                    sessions[session].append(position)
                } else {
                    named[id] = sessions.count
                    sessions.append([position])
                }
                continue
            }
            let now = time(position)
            if let open = current, now - open.last <= SessionScan.inactivity {
                sessions[open.session].append(position)
                current?.last = now
            } else {
                current = (sessions.count, now)
                sessions.append([position])
            }
        }
        return sessions
    }
}
