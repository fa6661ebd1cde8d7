import Events
import Storage

/// Counts the visitors of each cohort, and of these the ones who came back in each interval.
///
/// Reads only the rows whose event name can be a start or a return. Each partition of visitors gathers its events and
/// brings each visitor's into the order of time; partitions add up.
struct RetentionScan {
    let execution: Execution
    let query: RetentionQuery
    let range: ResolvedRange
    /// Those of the range; each is a cohort.
    let intervals: Intervals

    /// The numbers of each cohort.
    struct Result: Sendable {
        /// Visitors of each.
        var sizes: [Int]
        /// Of each cohort, one after the other, those who came back in its own interval and the ones after it.
        var returned: [Int]
    }

    private static let start: UInt8 = 1
    private static let comeback: UInt8 = 2

    /// A name whose events can be starts or returns, in one segment.
    private struct Name: Sendable {
        var name: Int
        /// What every event of the name is.
        var always: UInt8
        /// The tests that decide about the rest.
        var sometimes: [(bit: UInt8, filter: CompiledFilter)]
    }

    /// What one worker has found, and its scratch memory.
    private struct Worker {
        var result: Result
        let events: VisitorEvents<UInt8>
        var starts: [Moment] = []
        var returns: [Moment] = []
        var mask: [UInt8] = []
        var bits: [UInt8] = []
    }

    /// An interval in which a visitor did something, and when: of starts the first time, of returns the last.
    private struct Moment {
        var interval: Int
        var time: Int64
    }

    /// Runs the scan.
    ///
    /// - Complexity: O(rows of the names), and O(intervals) a visitor.
    func run() throws(QueryError) -> Result {
        let cells = intervals.count * query.intervals
        try QueryMemory.checkCells(cells, measures: 1)
        try execution.memory.hold(cells * 8 * (execution.workers + 1))
        var names: [[Name]] = []
        for segment in execution.segments { names.append(try prepare(segment)) }
        let partitions = try VisitorPartitions(
            execution, names: names.map { $0.map(\.name) },
            rowsAPartition: VisitorEvents<UInt8>.rowsAPartition)
        let empty = Result(
            sizes: [Int](repeating: 0, count: intervals.count), returned: [Int](repeating: 0, count: cells))
        let ready = names
        let workers = PerWorker(execution.workers) { Worker(result: empty, events: VisitorEvents(execution)) }
        try execution.parallel(partitions.count) { (number, partition) throws(QueryError) in
            try workers.with(number) { (worker) throws(QueryError) in
                try scan(partition, of: partitions, ready, into: &worker)
            }
        }
        return workers.all.reduce(into: empty) { sum, worker in
            for index in sum.sizes.indices { sum.sizes[index] += worker.result.sizes[index] }
            for index in sum.returned.indices { sum.returned[index] += worker.result.returned[index] }
        }
    }

    private func prepare(_ segment: Segment) throws(QueryError) -> [Name] {
        guard segment.coverage(of: range) != .none else { return [] }
        var tests: [(bit: UInt8, filter: CompiledFilter)] = []
        for (bit, match) in [(RetentionScan.start, query.start), (RetentionScan.comeback, query.comeback)] {
            let filter = query.common.filter.map { Filter.all([$0, match.asFilter]) } ?? match.asFilter
            tests.append(
                (
                    bit,
                    try CompiledFilter(
                        filter, range: range, segment: segment, hash: execution.hash, execution: execution)
                ))
        }
        return segment.header.names.indices.compactMap { name in
            let ofName = tests.map { (bit: $0.bit, filter: $0.filter.filter(forName: name)) }
                .filter { $0.filter.constant != false }
            guard !ofName.isEmpty else { return nil }
            return Name(
                name: name, always: ofName.reduce(0) { $0 | ($1.filter.constant == true ? $1.bit : 0) },
                sometimes: ofName.filter { $0.filter.constant == nil })
        }
    }

    private func scan(
        _ partition: Int, of partitions: VisitorPartitions, _ names: [[Name]], into worker: inout Worker
    ) throws(QueryError) {
        let slots = partitions.slots(partition)
        let events = worker.events
        events.removeAll()
        for (index, segment) in execution.segments.enumerated() where !names[index].isEmpty {
            let (slotOfOrdinal, base) = slots.ofOrdinals(segment: index)
            let month = segment.header.month
            for name in names[index] {
                for piece in partitions.pieces(partition, segment: index, name: name.name) {
                    try execution.check()
                    execution.countRows(piece.range.count)
                    try QueryMemory.checkGathered(events.count + piece.range.count)
                    let ordinals = try stored { () throws(StorageError) in try segment.ordinals(chunk: piece.chunk) }
                    let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
                    if name.sometimes.isEmpty {
                        try events.append(
                            rows: piece.range, ordinals: ordinals, base: base, slotOfOrdinal: slotOfOrdinal,
                            times: times, month: month, payload: name.always)
                        continue
                    }
                    worker.bits.fill(name.always, count: piece.range.count)
                    for test in name.sometimes {
                        try test.filter.mask(piece, into: &worker.mask)
                        for position in worker.bits.indices {
                            worker.bits[position] |= worker.mask[position] &* test.bit
                        }
                    }
                    try events.reserve(piece.range.count)
                    for (position, row) in piece.range.enumerated() where worker.bits[position] != 0 {
                        events.append(
                            slot: slotOfOrdinal[Int(ordinals[row]) - base], time: month + Int64(times[row]),
                            payload: worker.bits[position])
                    }
                }
            }
        }
        try events.forEachVisitor(slots.count) { (visitor) throws(QueryError) in count(visitor, &worker) }
    }

    private func count(
        _ visitor: UnsafeBufferPointer<VisitorEvents<UInt8>.Entry>, _ worker: inout Worker
    ) {
        worker.starts.removeAll(keepingCapacity: true)
        worker.returns.removeAll(keepingCapacity: true)
        for event in visitor {
            guard let interval = intervals.index(of: event.time) else { continue }
            if event.payload & RetentionScan.start != 0, worker.starts.last?.interval != interval {
                worker.starts.append(Moment(interval: interval, time: event.time))
            }
            if event.payload & RetentionScan.comeback != 0 {
                if worker.returns.last?.interval == interval { worker.returns.removeLast() }
                worker.returns.append(Moment(interval: interval, time: event.time))
            }
        }
        let cohorts = query.cohorts == .first ? worker.starts.prefix(1) : worker.starts[...]
        var next = 0
        for start in cohorts {
            worker.result.sizes[start.interval] &+= 1
            let row = start.interval * query.intervals
            switch query.mode {
            case .onOrAfter:
                guard let last = worker.returns.last, last.time >= start.time else { continue }
                for step in 0...min(last.interval - start.interval, query.intervals - 1) {
                    worker.result.returned[row + step] &+= 1
                }
            case .on:
                while next < worker.returns.count, worker.returns[next].interval < start.interval { next += 1 }
                for comeback in worker.returns[next...] where comeback.time >= start.time {
                    let step = comeback.interval - start.interval
                    guard step < query.intervals else { break }
                    worker.result.returned[row + step] &+= 1
                }
            }
        }
    }
}
