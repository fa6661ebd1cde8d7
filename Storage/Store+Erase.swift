import Events
import Logging
import RocksDB
import Synchronization

extension Store {
    /// Erases a visitor from a site: every event sent before, and refused events that name the visitor.
    ///
    /// When this returns, the erasure is durable and no later query sees anything of the visitor. The bytes go from the
    /// disk when the segments have been rewritten, in the background. An event that is committed at the same time comes
    /// either before it and is erased, or after it and counts.
    ///
    /// - Returns: what was removed; nothing for a visitor or a site that is not known.
    /// - Throws: ``StorageError/limit(_:)`` when too many erasures wait for being carried out
    ///   (``StoreOptions/erasuresPerSite``); ``StorageError/corrupt(block:reason:)`` when it cannot be told which rows
    ///   are the visitor's, and then nothing was done.
    /// - Complexity: O(segments · names · log rows) reads, and O(rows) for every run in flight that holds the
    ///   visitor. Waits for the step of maintenance under way; a compaction is given up.
    @discardableResult
    public func eraseVisitor(site: String, visitor: String) throws(StorageError) -> ErasureOutcome {
        try excludingMaintenance { () throws(StorageError) in
            if let failure { throw .failed(failure) }
            let (found, unassigned) = state.withLock { state in
                (
                    state.numbers[site].flatMap { number in state.sites[number].map { (number, $0) } },
                    state.unassigned.first
                )
            }
            guard let (number, data) = found else {
                // What cannot be assigned to a site might be this one's.
                if let unassigned { throw unassigned.error }
                return ErasureOutcome()
            }
            // Nobody knows whether the visitor is in there, and "erased" would not be true.
            if let damaged = data.damaged.first { throw damaged.error }
            guard data.erasures.count < options.erasuresPerSite else {
                throw .limit(
                    "\(data.erasures.count) erasures of this site wait for being carried out on disk, the most that "
                        + "may (limit erasuresPerSite).")
            }
            // Maintenance stands still, so nothing but new runs and refused events can come in until the writer's
            // lock is taken; the long work is done before.
            var plan = ErasurePlan(
                site: number, name: visitor, visitor: hash(visitor), text: VisitorText(visitor))
            try prepare(&plan, data)
            return try writer.withLock { (writer) throws(StorageError) in try carryOut(&plan, &writer) }
        }
    }

    /// What an erasure will do.
    private struct ErasurePlan {
        let site: UInt32
        let name: String
        let visitor: UInt64
        let text: VisitorText
        /// Sealed segments that hold the visitor, with what replaces them: a mask, or nothing if no row is left.
        var sealed: [(old: Segment, new: Segment?)] = []
        /// What has been looked at of the runs in flight, by number; `nil` where the run does not hold the visitor.
        var runs: [UInt64: Segment?] = [:]
        /// Refused events that name the visitor, and up to which they have been looked at.
        var deadLetters: [UInt64] = []
        var lookedThrough: UInt64 = 0
    }

    private func prepare(_ plan: inout ErasurePlan, _ data: SiteData) throws(StorageError) {
        let view = nextNumber.add(1, ordering: .relaxed).oldValue
        for segment in data.sealed where !options.forgetsMasks {
            if let masked = try segment.hiding([plan.visitor], view: view, cache: cache) {
                plan.sealed.append((segment, masked.header.rows > 0 ? masked : nil))
            }
        }
        try look(at: data, &plan)
    }

    /// Looks at what came in since the plan last did.
    private func look(at data: SiteData, _ plan: inout ErasurePlan) throws(StorageError) {
        for run in data.partitions.values.flatMap(\.runs) where plan.runs[run.segment.number] == nil {
            plan.runs.updateValue(try run.segment.runHiding([plan.visitor]), forKey: run.segment.number)
        }
        let start = Keys.deadLetter(site: plan.site, sequence: plan.lookedThrough &+ 1)
        var iterator = database.iterate(prefix: Keys.deadLetters(site: plan.site), from: start, fillCache: false)
        let (site, text, visitor) = (plan.site, plan.text, plan.name)
        while true {
            let found: (sequence: UInt64, isMeant: Bool)?
            do throws(RocksDBError) {
                found = try iterator.next { key, value in
                    let sequence = Keys.trailing(key, as: UInt64.self) ?? 0
                    // One that cannot be read shows nothing to anybody, and stays.
                    let letter = try? DeadLetter(sequence: sequence, site: site, block: value)
                    return (sequence, letter?.names(text, visitor: visitor) ?? false)
                }
            } catch {
                throw .database(error)
            }
            guard let found else { return }
            plan.lookedThrough = found.sequence
            if found.isMeant { plan.deadLetters.append(found.sequence) }
        }
    }

    /// Makes the erasure durable, then visible; nothing is committed meanwhile.
    private func carryOut(
        _ plan: inout ErasurePlan, _ writer: inout StoreWriter
    ) throws(StorageError) -> ErasureOutcome {
        if let failure { throw .failed(failure) }
        guard let data = state.withLock({ $0.sites[plan.site] }) else { return ErasureOutcome() }
        try look(at: data, &plan)
        var outcome = ErasureOutcome()
        outcome.deadLetters = plan.deadLetters.count
        for (old, new) in plan.sealed { outcome.events += old.header.rows - (new?.header.rows ?? 0) }
        let runs = data.partitions.values.flatMap(\.runs).compactMap { run -> (old: InFlightRun, new: Segment)? in
            (plan.runs[run.segment.number] ?? nil).map { (run, $0) }
        }
        for (old, new) in runs { outcome.events += old.segment.header.rows - new.header.rows }
        guard outcome != ErasureOutcome() else { return outcome }

        let erasure = Erasure(
            sequence: nextNumber.add(1, ordering: .relaxed).oldValue, time: clock.milliseconds(),
            visitor: plan.visitor)
        var batch = WriteBatch()
        let identity = Block.Identity(kind: .erasure, site: plan.site, number: erasure.sequence)
        batch.put(
            Keys.erasure(site: plan.site, sequence: erasure.sequence),
            Block.encode(erasure.encode(), identity: identity, level: 1))
        for letter in plan.deadLetters { batch.delete(Keys.deadLetter(site: plan.site, sequence: letter)) }
        let emptied = plan.sealed.filter { $0.new == nil }.map(\.old)
        retire(emptied, in: &batch)
        for (old, new) in runs where new.header.rows == 0 {
            for sequence in old.sequences { batch.delete(Keys.log(site: plan.site, sequence: sequence)) }
        }
        try write(batch, "An erasure", before: .eraseCommit, after: .eraseCommitted)

        show(erasure, plan, runs)
        bury(emptied)
        let letters = Set(plan.deadLetters)
        writer.deadLetters[plan.site]?.remove(letters)
        removals.withLock {
            $0.erasures += 1
            $0.erasedEvents += outcome.events
            $0.erasedDeadLetters += outcome.deadLetters
        }
        return outcome
    }

    /// Swaps what held the visitor for what does not, in one step for every query.
    private func show(
        _ erasure: Erasure, _ plan: ErasurePlan, _ runs: [(old: InFlightRun, new: Segment)]
    ) {
        var masked: [UInt64: Segment?] = [:]
        for (old, new) in plan.sealed { masked.updateValue(new, forKey: old.number) }
        var rewritten: [UInt64: Segment] = [:]
        for (old, new) in runs { rewritten[old.segment.number] = new }
        state.withLock { state in
            guard var data = state.sites[plan.site] else { return }
            data.sealed = data.sealed.compactMap { masked[$0.number] ?? $0 }
            for month in data.partitions.keys {
                let before = data.partitions[month]?.runs ?? []
                data.partitions[month]?.runs = before.compactMap { run in
                    guard let new = rewritten[run.segment.number] else { return run }
                    return new.header.rows == 0 ? nil : InFlightRun(segment: new, sequences: run.sequences)
                }
            }
            data.erasures.append(erasure)
            state.sites[plan.site] = data
        }
        let change = runs.reduce(into: (bytes: 0, rows: 0)) {
            // An emptied run is a mask, which holds nothing.
            $0.bytes += $1.new.residentBytes - $1.old.segment.residentBytes
            $0.rows += $1.new.header.rows - $1.old.segment.header.rows
        }
        bytesInFlight.add(change.bytes, ordering: .relaxed)
        rowsInFlight.add(change.rows, ordering: .relaxed)
    }
}
