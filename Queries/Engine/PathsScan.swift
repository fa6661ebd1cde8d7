import Events
import Storage

/// Lays the paths of sessions or visitors and counts what they pass.
///
/// A path's events are those that pass the query's filter and range, in order of time; events of one millisecond stand
/// in the order of their values' bytes, and of equal ones those that match the anchor first (for an end: last), so that
/// the order in which they came does not matter.
struct PathsScan {
    let execution: Execution
    let query: PathsQuery
    let range: ResolvedRange

    /// What was counted, and the values it is about.
    struct Result {
        var tally: PathTally
        var values: ValueNumbers
    }

    private struct Event: BitwiseCopyable {
        /// Hash of the session's id; 0 for none.
        var session: UInt64
        var value: UInt32
        /// Whether it is part of paths, or only keeps its session open.
        var isElement: Bool
        var isAnchor: Bool
    }

    /// What is needed of one segment.
    private struct Prepared: Sendable {
        var names: [Name] = []
        var session: SegmentDimension?
        var inRange: CompiledFilter?
    }

    private struct Name: Sendable {
        var name: Int
        var filter: CompiledFilter
        var anchor: CompiledFilter
    }

    /// An event of the path that is being laid.
    private struct Element {
        var time: Int64
        var value: UInt32
        var isAnchor: Bool
    }

    /// What one worker has found, and its scratch memory.
    private struct Worker {
        var tally = PathTally()
        let events: VisitorEvents<Event>
        /// Bytes that the query's memory counts for the tally.
        var held = 0
        var order = SessionOrder()
        var elements: [Element] = []
        var nodes: [UInt32] = []
        var mask: [UInt8] = []
        var anchors: [UInt8] = []
        var kept: [UInt8] = []
        var visitors: [UInt32] = []
        var values: [UInt32] = []
        var sessions: [UInt64] = []

        /// Adds an event to the path that is being laid, unless it only keeps its session open.
        @inline(__always)
        mutating func append(_ event: VisitorEvents<Event>.Entry) {
            guard event.payload.isElement else { return }
            elements.append(
                Element(time: event.time, value: event.payload.value, isAnchor: event.payload.isAnchor))
        }
    }

    private var countsSessions: Bool { query.count == .sessions }

    /// Runs the scan.
    func run() throws(QueryError) -> Result {
        var prepared: [Prepared] = []
        for segment in execution.segments { prepared.append(try prepare(segment)) }
        let values = try ValueNumbers(query.by, of: execution, isRead: prepared.map { !$0.names.isEmpty })
        let partitions = try VisitorPartitions(
            execution, names: prepared.map { $0.names.map(\.name) },
            rowsAPartition: VisitorEvents<Event>.rowsAPartition)
        let ready = prepared
        let workers = PerWorker(execution.workers) { Worker(events: VisitorEvents(execution)) }
        try execution.parallel(partitions.count) { (number, partition) throws(QueryError) in
            try workers.with(number) { (worker) throws(QueryError) in
                try gather(partition, of: partitions, ready, values, into: &worker)
            }
        }
        var tally = PathTally()
        for worker in workers.all {
            tally.add(worker.tally)
            try tally.checkSize()
            try execution.check()
        }
        return Result(tally: tally, values: values)
    }

    /// When sessions are counted every event of the range matters, since it keeps its session open. What lies between
    /// two events of the range lies in it too, so the rest does not.
    private func prepare(_ segment: Segment) throws(QueryError) -> Prepared {
        var prepared = Prepared()
        guard segment.coverage(of: range) != .none else { return prepared }
        let filter = try CompiledFilter(
            query.common.filter, range: range, segment: segment, hash: execution.hash, execution: execution)
        let match: Filter? =
            switch query.anchor {
            case .beginning: nil
            case .start(let match), .end(let match): match.asFilter
            }
        let anchor = try CompiledFilter(
            match, range: range, segment: segment, hash: execution.hash, execution: execution)
        for name in segment.header.names.indices {
            let name = Name(name: name, filter: filter.filter(forName: name), anchor: anchor.filter(forName: name))
            if countsSessions || name.filter.constant != false { prepared.names.append(name) }
        }
        guard countsSessions else { return prepared }
        prepared.session = try SegmentDimension(.field(.session), of: segment, hash: execution.hash)
        prepared.inRange = try CompiledFilter(nil, range: range, segment: segment, hash: execution.hash)
        return prepared
    }

    private func gather(
        _ partition: Int, of partitions: VisitorPartitions, _ prepared: [Prepared], _ values: ValueNumbers,
        into worker: inout Worker
    ) throws(QueryError) {
        let slots = partitions.slots(partition)
        let events = worker.events
        events.removeAll()
        for (index, segment) in execution.segments.enumerated() {
            for name in prepared[index].names {
                for piece in partitions.pieces(partition, segment: index, name: name.name) {
                    try execution.check()
                    execution.countRows(piece.range.count)
                    try QueryMemory.checkGathered(events.count + piece.range.count)
                    try slots.read(piece, segment: segment, index: index, into: &worker.visitors)
                    try name.filter.mask(piece, into: &worker.mask)
                    try name.anchor.mask(piece, into: &worker.anchors)
                    try values.read(piece, segment: segment, index: index, into: &worker.values)
                    if let session = prepared[index].session, let inRange = prepared[index].inRange {
                        try session.map(session.table.hashes, segment: segment, piece: piece, into: &worker.sessions)
                        try inRange.mask(piece, into: &worker.kept)
                    } else {
                        worker.sessions.fill(0, count: piece.range.count)
                        worker.kept.fill(1, count: piece.range.count)
                    }
                    let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
                    let month = segment.header.month
                    try events.reserve(piece.range.count)
                    for (position, row) in piece.range.enumerated()
                    where worker.kept[position] != 0 && (countsSessions || worker.mask[position] != 0) {
                        let isElement = worker.mask[position] != 0
                        events.append(
                            slot: worker.visitors[position], time: month + Int64(times[row]),
                            payload: Event(
                                session: worker.sessions[position], value: worker.values[position],
                                isElement: isElement, isAnchor: isElement && worker.anchors[position] != 0))
                    }
                }
            }
        }
        try events.forEachVisitor(slots.count) { (visitor) throws(QueryError) in
            guard countsSessions else {
                worker.elements.removeAll(keepingCapacity: true)
                for event in visitor { worker.append(event) }
                try lay(values, &worker)
                return
            }
            worker.order.split(visitor.count, { visitor[$0].time }, { visitor[$0].payload.session })
            for session in 0..<worker.order.count {
                worker.elements.removeAll(keepingCapacity: true)
                for position in worker.order.range(session) {
                    worker.append(visitor[Int(worker.order.positions[position])])
                }
                try lay(values, &worker)
            }
        }
    }

    /// Lays the path of the gathered elements, if they have one.
    private func lay(_ values: ValueNumbers, _ worker: inout Worker) throws(QueryError) {
        guard !worker.elements.isEmpty else { return }
        try settleTies(values, &worker.elements)
        worker.nodes.removeAll(keepingCapacity: true)
        var anchor = -1
        for element in worker.elements {
            if !query.collapse || worker.nodes.last != element.value { worker.nodes.append(element.value) }
            if element.isAnchor, query.isBackwards || anchor < 0 { anchor = worker.nodes.count - 1 }
        }
        guard anchor >= 0 else { return }
        let nodes = worker.nodes
        let reach = query.isBackwards ? anchor + 1 : nodes.count - anchor
        let direction = query.isBackwards ? -1 : 1
        worker.tally.add(count: min(reach, query.depth), isWhole: reach <= query.depth) {
            nodes[anchor + direction * $0]
        }
        if worker.tally.paths % 4096 == 0 {
            try execution.check()
            try account(&worker)
        }
    }

    /// Counts what a worker's tally has grown by.
    private func account(_ worker: inout Worker) throws(QueryError) {
        try worker.tally.checkSize()
        let bytes = worker.tally.bytes
        guard bytes > worker.held else { return }
        try execution.memory.hold(bytes - worker.held)
        worker.held = bytes
    }

    /// Gives events of one millisecond an order that does not depend on how they came.
    private func settleTies(_ values: ValueNumbers, _ elements: inout [Element]) throws(QueryError) {
        var comparisons = 0
        var isLate = false
        var start = 0
        while start < elements.count {
            var end = start + 1
            while end < elements.count, elements[end].time == elements[start].time { end += 1 }
            if end - start > 1 {
                elements[start..<end].sort { left, right in
                    // A sort cannot throw in between; one that is late ends quickly, and its result is not used.
                    comparisons &+= 1
                    if comparisons & 0xFFFF == 0, (try? execution.check()) == nil { isLate = true }
                    if isLate { return false }
                    if left.value != right.value { return values.precedes(left.value, right.value) }
                    return left.isAnchor != right.isAnchor && left.isAnchor != query.isBackwards
                }
                if isLate { try execution.check() }
            }
            start = end
        }
    }
}
