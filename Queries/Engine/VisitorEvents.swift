import Storage

/// The gathered events of one partition's visitors, brought into the order of visitor and time: what funnels and
/// sessions are computed from.
///
/// Owns three buffers that are reused from partition to partition; not thread-safe, each worker has its own. The
/// buffers are raw memory because this is the inner loop of every funnel: an event costs two sequential writes here,
/// one scattered one in the counting sort, and nothing is checked twice.
final class VisitorEvents<Payload: BitwiseCopyable> {
    /// One event.
    struct Entry: BitwiseCopyable {
        var time: Int64
        var payload: Payload
    }

    private var slots: UnsafeMutablePointer<UInt32>
    private var entries: UnsafeMutablePointer<Entry>
    private var sorted: UnsafeMutablePointer<Entry>
    private var capacity: Int
    /// Number of events gathered.
    private(set) var count = 0
    private let execution: Execution
    private var memory: QueryMemory { execution.memory }

    /// Rows of a partition whose events are gathered, about: what one worker holds of them is 16 MiB at the most, but
    /// for visitors who have more by themselves.
    static var rowsAPartition: Int { min(VisitorPartitions.rowsAPartition, (16 << 20) / bytesAnEvent) }

    private static var bytesAnEvent: Int { MemoryLayout<UInt32>.stride + 2 * MemoryLayout<Entry>.stride }

    /// - Parameter execution: the query, whose memory counts the buffers.
    init(_ execution: Execution) {
        self.execution = execution
        capacity = 1024
        slots = .allocate(capacity: capacity)
        entries = .allocate(capacity: capacity)
        sorted = .allocate(capacity: capacity)
    }

    deinit {
        if capacity > 1024 { memory.release(capacity * Self.bytesAnEvent) }
        slots.deallocate()
        entries.deallocate()
        sorted.deallocate()
    }

    /// Forgets all events and keeps the memory.
    func removeAll() { count = 0 }

    /// Makes room for `more` events; appending beyond what was reserved is a mistake of the caller.
    func reserve(_ more: Int) throws(QueryError) {
        guard count + more > capacity else { return }
        let larger = max(capacity * 2, count + more)
        try memory.hold(larger * Self.bytesAnEvent)
        if capacity > 1024 { memory.release(capacity * Self.bytesAnEvent) }
        let newSlots = UnsafeMutablePointer<UInt32>.allocate(capacity: larger)
        let newEntries = UnsafeMutablePointer<Entry>.allocate(capacity: larger)
        newSlots.update(from: slots, count: count)
        newEntries.update(from: entries, count: count)
        slots.deallocate()
        entries.deallocate()
        sorted.deallocate()
        slots = newSlots
        entries = newEntries
        sorted = .allocate(capacity: larger)
        capacity = larger
    }

    /// Adds an event; room for it was reserved.
    @inline(__always)
    func append(slot: UInt32, time: Int64, payload: Payload) {
        assert(count < capacity)
        slots[count] = slot
        entries[count] = Entry(time: time, payload: payload)
        count &+= 1
    }

    /// Adds the rows of a range that all have one payload.
    ///
    /// - Parameters:
    ///   - ordinals: visitor ordinals by row, each at least `base` and below `base + slotOfOrdinal.count`.
    ///   - times: offsets by row from `month`.
    func append(
        rows: Range<Int>, ordinals: [UInt32], base: Int, slotOfOrdinal: [UInt32], times: [UInt32], month: Int64,
        payload: Payload
    ) throws(QueryError) {
        try reserve(rows.count)
        // The bounds of both columns are checked here, once; ordinals below the partition's end were found by binary
        // search.
        precondition(rows.upperBound <= ordinals.count && rows.upperBound <= times.count)
        let (slots, entries) = (slots + count, entries + count)
        ordinals.withUnsafeBufferPointer { ordinals in
            times.withUnsafeBufferPointer { times in
                slotOfOrdinal.withUnsafeBufferPointer { slotOfOrdinal in
                    var position = 0
                    for row in rows {
                        slots[position] = slotOfOrdinal[Int(ordinals[row]) &- base]
                        entries[position] = Entry(time: month &+ Int64(times[row]), payload: payload)
                        position &+= 1
                    }
                }
            }
        }
        count += rows.count
    }

    /// Calls `body` with each visitor's events in order of time; among equal times, in the order in which they were
    /// appended.
    ///
    /// - Parameter visitors: number of slots; every slot is below it.
    /// - Complexity: O(events), since a visitor's events come nearly sorted: segments are read in the order of time.
    /// - Throws: what `body` throws, or that the query is to be stopped.
    func forEachVisitor(
        _ visitors: Int, _ body: (UnsafeBufferPointer<Entry>) throws(QueryError) -> Void
    ) throws(QueryError) {
        guard count > 0 else { return }
        // Counting sort by visitor: `ends[slot]` begins as the slot's start and has moved to its end afterwards.
        var ends = [Int32](repeating: 0, count: visitors + 1)
        try ends.withUnsafeMutableBufferPointer { (ends) throws(QueryError) in
            for position in 0..<count { ends[Int(slots[position]) &+ 1] &+= 1 }
            for slot in 0..<visitors { ends[slot &+ 1] &+= ends[slot] }
            for position in 0..<count {
                let slot = Int(slots[position])
                sorted[Int(ends[slot])] = entries[position]
                ends[slot] &+= 1
            }
            var start = 0
            var checked = 0
            for slot in 0..<visitors {
                let end = Int(ends[slot])
                if end == start { continue }
                if end &- checked > 1 << 14 {
                    try execution.check()
                    checked = end
                }
                let events = UnsafeMutableBufferPointer(start: sorted + start, count: end - start)
                try sort(events)
                try body(UnsafeBufferPointer(events))
                start = end
            }
        }
    }

    // Insertion sort: a visitor has few events, in a few ascending runs. When it moves too much, the library's sort
    // takes over.
    @inline(__always)
    private func sort(_ entries: UnsafeMutableBufferPointer<Entry>) throws(QueryError) {
        var moves = 0
        var index = 1
        while index < entries.count {
            let entry = entries[index]
            var hole = index
            while hole > 0, entries[hole &- 1].time > entry.time {
                entries[hole] = entries[hole &- 1]
                hole &-= 1
            }
            entries[hole] = entry
            moves &+= index &- hole
            index &+= 1
            if moves > 32 &* entries.count {
                try sortSlowly(entries)
                return
            }
        }
    }

    @inline(never)
    private func sortSlowly(_ entries: UnsafeMutableBufferPointer<Entry>) throws(QueryError) {
        // The library's sort is stable, which keeps equal times in the order of their segments.
        var rest = entries
        try execution.sort(&rest) { $0.time < $1.time }
    }
}
