import Storage

/// The gathered events of one partition's visitors, grouped by visitor and in order of time: what funnels and sessions are computed from.
struct VisitorEvents<Payload> {
    /// One event.
    struct Entry {
        var time: Int64
        var payload: Payload
    }

    private var slots: [UInt32] = []
    private var entries: [Entry] = []

    mutating func append(slot: UInt32, time: Int64, payload: Payload) {
        slots.append(slot)
        entries.append(Entry(time: time, payload: payload))
    }

    /// Calls `body` with each visitor's events in order of time; among equal times, in the order in which they were appended.
    ///
    /// - Complexity: O(events), since a visitor's events come nearly sorted.
    func forEachVisitor<E: Error>(count: Int, _ body: (ArraySlice<Entry>) throws(E) -> Void) throws(E) {
        // Counting sort by visitor.
        var starts = [Int](repeating: 0, count: count + 1)
        for slot in slots { starts[Int(slot) + 1] += 1 }
        for slot in 0..<count { starts[slot + 1] += starts[slot] }
        guard let any = entries.first else { return }
        var sorted = [Entry](repeating: any, count: entries.count)
        var next = starts
        for (position, slot) in slots.enumerated() {
            sorted[next[Int(slot)]] = entries[position]
            next[Int(slot)] += 1
        }
        for slot in 0..<count where starts[slot] < starts[slot + 1] {
            let range = starts[slot]..<starts[slot + 1]
            VisitorEvents.sort(&sorted, range)
            try body(sorted[range])
        }
    }

    // Insertion sort: a visitor has few events, in a few ascending runs. Long ones go to the library's sort.
    private static func sort(_ entries: inout [Entry], _ range: Range<Int>) {
        if range.count > 64 {
            let isSorted = range.dropLast().allSatisfy { entries[$0].time <= entries[$0 + 1].time }
            if !isSorted { entries[range].sort { $0.time < $1.time } }
            return
        }
        for index in range.dropFirst() {
            let entry = entries[index]
            var hole = index
            while hole > range.lowerBound, entries[hole - 1].time > entry.time {
                entries[hole] = entries[hole - 1]
                hole -= 1
            }
            entries[hole] = entry
        }
    }
}
