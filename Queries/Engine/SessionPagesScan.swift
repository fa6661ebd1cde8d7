import Events
import Storage

/// Derives sessions from all of a visitor's events and tells how the ones with a matching event went: how long and deep
/// they were, and on which pages they began and ended.
struct SessionPagesScan {
    let execution: Execution
    let query: SessionsQuery
    let range: ResolvedRange

    /// The numbers of all counted sessions.
    struct Result: Sendable {
        var visitors = 0
        var sessions = SessionNumbers()
        var pageviews = 0
        /// By value: sessions that began there.
        var entries: [Int]
        /// By value: those of them that are bounces.
        var bounces: [Int]
        /// By value: sessions that ended there.
        var exits: [Int]

        init(values: Int) {
            entries = [Int](repeating: 0, count: values)
            bounces = entries
            exits = entries
        }

        mutating func add(_ other: Result) {
            visitors += other.visitors
            pageviews += other.pageviews
            sessions.add(other.sessions)
            for value in entries.indices {
                entries[value] += other.entries[value]
                bounces[value] += other.bounces[value]
                exits[value] += other.exits[value]
            }
        }
    }

    private struct Event: BitwiseCopyable {
        /// Hash of the session's id; 0 for none.
        var session: UInt64
        /// Of a page view, its page.
        var page: UInt32
        var isPageview: Bool
        var matches: Bool
    }

    /// What is needed of one segment.
    private struct Prepared: Sendable {
        var session: SegmentDimension
        /// By name.
        var filters: [CompiledFilter]
    }

    /// What one worker has found, and its scratch memory.
    private struct Worker {
        var result: Result
        let events: VisitorEvents<Event>
        var order = SessionOrder()
        var mask: [UInt8] = []
        var visitors: [UInt32] = []
        var pages: [UInt32] = []
        var sessions: [UInt64] = []
    }

    /// Runs the scan.
    ///
    /// - Complexity: O(all rows), since an event outside of the range can be part of a session that counts.
    func run() throws(QueryError) -> (result: Result, values: ValueNumbers) {
        // Without an event in the range nothing counts, and nothing needs to be read.
        let isEmpty = !execution.segments.contains { $0.coverage(of: range) != .none }
        let names = execution.segments.map { isEmpty ? [] : Array($0.header.names.indices) }
        var prepared: [Prepared?] = []
        for (segment, names) in zip(execution.segments, names) {
            prepared.append(names.isEmpty ? nil : try prepare(segment))
        }
        let values = try ValueNumbers(query.by, of: execution, isRead: prepared.map { $0 != nil })
        let partitions = try VisitorPartitions(
            execution, names: names, rowsAPartition: VisitorEvents<Event>.rowsAPartition)
        let ready = prepared
        try execution.memory.hold(values.count * 24 * (execution.workers + 1))
        let workers = PerWorker(execution.workers) {
            Worker(result: Result(values: values.count), events: VisitorEvents(execution))
        }
        try execution.parallel(partitions.count) { (number, partition) throws(QueryError) in
            try workers.with(number) { (worker) throws(QueryError) in
                try scan(partition, of: partitions, ready, values, into: &worker)
            }
        }
        var total = Result(values: values.count)
        for worker in workers.all { total.add(worker.result) }
        return (total, values)
    }

    private func prepare(_ segment: Segment) throws(QueryError) -> Prepared {
        let filter = try CompiledFilter(
            query.common.filter, range: range, segment: segment, hash: execution.hash, execution: execution)
        return Prepared(
            session: try SegmentDimension(.field(.session), of: segment, hash: execution.hash),
            filters: segment.header.names.indices.map { filter.filter(forName: $0) })
    }

    private func scan(
        _ partition: Int, of partitions: VisitorPartitions, _ prepared: [Prepared?], _ values: ValueNumbers,
        into worker: inout Worker
    ) throws(QueryError) {
        let slots = partitions.slots(partition)
        let events = worker.events
        events.removeAll()
        for (index, segment) in execution.segments.enumerated() {
            guard let ready = prepared[index] else { continue }
            for name in segment.header.names.indices {
                let filter = ready.filters[name]
                let isPageview = segment.header.names[name].name == GroupedScan.pageView
                for piece in partitions.pieces(partition, segment: index, name: name) {
                    try execution.check()
                    execution.countRows(piece.range.count)
                    try QueryMemory.checkGathered(events.count + piece.range.count)
                    try slots.read(piece, segment: segment, index: index, into: &worker.visitors)
                    try filter.mask(piece, into: &worker.mask)
                    try ready.session.map(
                        ready.session.table.hashes, segment: segment, piece: piece, into: &worker.sessions)
                    if isPageview {
                        try values.read(piece, segment: segment, index: index, into: &worker.pages)
                    } else {
                        worker.pages.fill(0, count: piece.range.count)
                    }
                    let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
                    let month = segment.header.month
                    try events.reserve(piece.range.count)
                    for (position, row) in piece.range.enumerated() {
                        events.append(
                            slot: worker.visitors[position], time: month + Int64(times[row]),
                            payload: Event(
                                session: worker.sessions[position], page: worker.pages[position],
                                isPageview: isPageview, matches: worker.mask[position] != 0))
                    }
                }
            }
        }
        try events.forEachVisitor(slots.count) { (visitor) throws(QueryError) in
            guard visitor.contains(where: \.payload.matches) else { return }
            worker.result.visitors &+= 1
            worker.order.split(visitor.count, { visitor[$0].time }, { visitor[$0].payload.session })
            for session in 0..<worker.order.count {
                count(worker.order.range(session), visitor, values, &worker)
            }
        }
    }

    /// Counts one session if an event of it matches.
    private func count(
        _ session: Range<Int>, _ visitor: UnsafeBufferPointer<VisitorEvents<Event>.Entry>, _ values: ValueNumbers,
        _ worker: inout Worker
    ) {
        var matches = false
        var pageviews = 0
        var first: (time: Int64, page: UInt32) = (0, 0)
        var last: (time: Int64, page: UInt32) = (0, 0)
        for index in session {
            let event = visitor[Int(worker.order.positions[index])]
            if event.payload.matches { matches = true }
            guard event.payload.isPageview else { continue }
            let page = event.payload.page
            // Of page views at one time, the first in the order of bytes comes first.
            if pageviews == 0 || (event.time == first.time && values.precedes(page, first.page)) {
                first = (event.time, page)
            }
            if pageviews == 0 || event.time > last.time || values.precedes(last.page, page) {
                last = (event.time, page)
            }
            pageviews &+= 1
        }
        guard matches else { return }
        let begin = visitor[Int(worker.order.positions[session.lowerBound])].time
        let end = visitor[Int(worker.order.positions[session.upperBound - 1])].time
        let isBounce = pageviews == 1 && end <= last.time
        worker.result.sessions.add(
            SessionNumbers(sessions: 1, bounces: isBounce ? 1 : 0, duration: end.subtractingClamped(begin)))
        worker.result.pageviews &+= pageviews
        worker.result.entries[Int(first.page)] &+= 1
        if isBounce { worker.result.bounces[Int(first.page)] &+= 1 }
        worker.result.exits[Int(last.page)] &+= 1
    }
}

extension SessionNumbers {
    /// Adds the numbers of other sessions.
    mutating func add(_ other: SessionNumbers) {
        sessions += other.sessions
        bounces += other.bounces
        duration = duration.addingClamped(other.duration)
    }
}
