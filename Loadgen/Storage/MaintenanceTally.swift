import Storage

/// What maintenance did, told from the segments before and after each of its steps, and what it cost the calling thread.
struct MaintenanceTally: Codable, Sendable {
    /// One kind of work.
    struct Work: Codable, Sendable {
        var steps = 0
        /// Events that were written, or put into another run.
        var events = 0
        /// Processor time of the calling thread.
        var seconds = 0.0
        var wallSeconds = 0.0

        mutating func add(_ events: Int, _ watch: Stopwatch) {
            steps += 1
            self.events += events
            seconds += watch.thread
            wallSeconds += watch.wall
        }

        /// Events a second of processor time.
        var rate: Double? { events > 0 && seconds > 0 ? Double(events) / seconds : nil }
    }

    /// Runs merged in memory.
    var merging = Work()
    /// Runs written as segments.
    var sealing = Work()
    /// Segments merged into longer ones; an event counts as often as it was written.
    var compacting = Work()
    /// Steps that changed no segment, such as the clearing away of retired ones.
    var other = Work()

    /// Calls the store's maintenance and compaction in turns until nothing is due. The server has a thread for each.
    mutating func maintain(_ store: Store) throws {
        var isBusy = true
        while isBusy {
            isBusy = try step(store) { () throws(StorageError) in try store.maintain() }
            if try step(store, { () throws(StorageError) in try store.compact() }) { isBusy = true }
        }
    }

    /// Seals everything in flight.
    mutating func flush(_ store: Store) throws {
        _ = try step(store) { () throws(StorageError) in
            try store.flush()
            return true
        }
    }

    private mutating func step(_ store: Store, _ body: () throws(StorageError) -> Bool) throws -> Bool {
        let before = Self.segments(of: store)
        let watch = Stopwatch()
        guard try body() else { return false }
        let after = Self.segments(of: store)
        func written(_ kind: KeyPath<Segments, [UInt64: Int]>) -> Int {
            after[keyPath: kind].reduce(0) { before[keyPath: kind][$1.key] == nil ? $0 + $1.value : $0 }
        }
        let sealed = written(\.sealed)
        let isFromRuns = after.sealed.values.reduce(0, +) > before.sealed.values.reduce(0, +)
        if sealed > 0, isFromRuns {
            sealing.add(sealed, watch)
        } else if sealed > 0 {
            compacting.add(sealed, watch)
        } else if written(\.runs) > 0 {
            merging.add(written(\.runs), watch)
        } else {
            other.add(0, watch)
        }
        return true
    }

    /// Rows by segment number.
    private struct Segments {
        var sealed: [UInt64: Int] = [:]
        var runs: [UInt64: Int] = [:]
    }

    private static func segments(of store: Store) -> Segments {
        var result = Segments()
        for site in store.siteNames() {
            for segment in store.snapshot(site: site).segments {
                if segment.isSealed {
                    result.sealed[segment.number] = segment.header.rows
                } else {
                    result.runs[segment.number] = segment.header.rows
                }
            }
        }
        return result
    }
}
