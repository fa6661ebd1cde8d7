import Events
import Logging
import RocksDB
import Synchronization

extension Store {
    /// Merges the segments of one site and month, if there is anything to merge: hours into days, days into months,
    /// late ones into their bucket's, and those of which a visitor was erased anew.
    ///
    /// Called again and again by a background thread of its own. Neither commits nor queries wait for it: what it reads are
    /// segments that do not change, and what it writes becomes visible in one step, in which the old ones go.
    /// It does not begin what would not fit on the disk.
    ///
    /// - Returns: whether anything was done, so that more may be due.
    @discardableResult
    public func compact() throws(StorageError) -> Bool {
        try compaction.withLock { (_) throws(StorageError) in
            if let failure { throw .failed(failure) }
            guard compactionHolds.load(ordering: .relaxed) == 0 else { return false }
            guard let work = nextCompaction() else { return try reclaimSpace() }
            return try carryOut(work)
        }
    }

    /// Runs what must not happen beside sealing, compaction or anything else in the background, of which a compaction
    /// under way is given up.
    func excludingMaintenance<R>(_ body: () throws(StorageError) -> R) throws(StorageError) -> R {
        compactionHolds.add(1, ordering: .relaxed)
        defer { compactionHolds.subtract(1, ordering: .relaxed) }
        return try compaction.withLock { (_) throws(StorageError) in
            try maintenance.withLock { (_) throws(StorageError) in try body() }
        }
    }

    /// Has a compaction under way given up and none begun any more, until the store is opened again.
    public func holdCompaction() { compactionHolds.add(1, ordering: .relaxed) }

    /// A merge with the segments it takes.
    private struct Compaction {
        var site: UInt32
        var segments: [Segment]
        var task: CompactionPlan.Task
    }

    private func nextCompaction() -> Compaction? {
        let now = clock.milliseconds()
        let sites = state.withLock { state in
            state.sites.filter { $0.value.sealed.count > 1 || $0.value.sealed.contains(where: \.isMasked) }
        }
        for (site, data) in sites.sorted(by: { $0.key < $1.key }) {
            let watermark = min((data.latest ?? .min) - options.allowedLateness, now)
            let months = Dictionary(grouping: data.sealed, by: \.header.month)
            for (month, segments) in months.sorted(by: { $0.key < $1.key }) {
                let plan = CompactionPlan(
                    month: month, monthEnd: CivilTime.monthEnd(of: month), watermark: watermark,
                    maxRows: options.maxSegmentRows, longest: longestBucket(of: site))
                let candidates = segments.map {
                    CompactionCandidate(
                        number: $0.number, bucket: $0.header.bucket, rows: $0.header.rows, isMasked: $0.isMasked)
                }
                guard let task = options.compactsEverything ? plan.everything(candidates) : plan.next(candidates)
                else { continue }
                let taken = Set(task.segments)
                let work = Compaction(
                    site: site, segments: segments.filter { taken.contains($0.number) }, task: task)
                if fits(work) { return work }
            }
        }
        return nil
    }

    /// Whether there is room for what comes out, on the disk and in memory; if not, it waits and is counted.
    private func fits(_ work: Compaction) -> Bool {
        let bytes = work.segments.reduce(0) { sum, segment in
            // What was written before sizes were written down is guessed.
            let stored = segment.foundation.header.storedBytes
            return sum + (stored > 0 ? stored : segment.header.rows * 24)
        }
        // A byte a row for the order, the united visitors with a map a source, and their names.
        let visitors = work.segments.reduce(0) { $0 + $1.header.visitors }
        let memory = work.segments.reduce(0) { $0 + $1.header.rows } * 3 / 2 + visitors * 48
        if memory <= options.compactionBytes, space.canFit(bytes: bytes, for: .compaction) { return true }
        counters.compactionsHeld.add(1, ordering: .relaxed)
        return false
    }

    private func carryOut(_ work: Compaction) throws(StorageError) -> Bool {
        try options.faults.hit(.compactBegin)
        // Before anything is read: an erasure that comes meanwhile has a higher number and so holds for what comes out.
        let number = nextNumber.add(1, ordering: .relaxed).oldValue
        var parts = PartsBatch(self, site: work.site)
        let header: SegmentHeader?
        do throws(StorageError) {
            // A cache of its own, so that what queries use stays in theirs.
            let cache = PartCache(limit: options.compactionBytes / 8)
            let sources = try MergeSources(work.segments.map { $0.reading(through: cache) }, hash: hash)
            header = try SegmentMerge.write(
                sources, .all(of: sources, bucket: work.task.bucket, isBrief: work.task.isBrief), segment: number,
                into: &parts, hints: storageHints(site: work.site, rows: sources.rows)
            ) { () throws(StorageError) in
                if self.compactionHolds.load(ordering: .relaxed) > 0 { throw .cancelled }
            }
        } catch {
            // A damaged source stays as it is, where queries find and name it; it is not tried again and again.
            try parts.abandon()
            if case .cancelled = error { return true }
            throw error
        }
        return try maintenance.withLock { (_) throws(StorageError) in
            try commit(work, header.map { sealedSegment(site: work.site, number: number, $0) }, &parts)
        }
    }

    /// Puts the new segment in the place of the old ones, unless these have changed meanwhile.
    private func commit(
        _ work: Compaction, _ segment: Segment?, _ parts: inout PartsBatch
    ) throws(StorageError) -> Bool {
        let current = state.withLock { $0.sites[work.site]?.sealed ?? [] }
        let isCurrent = work.segments.allSatisfy { old in current.contains { $0 === old } }
        guard isCurrent else {
            try parts.abandon()
            return true
        }
        parts.complete()
        retire(work.segments, in: &parts.batch)
        try write(parts.batch, "Compaction", before: .compactCommit, after: .compactCommitted)
        state.withLock { state in
            guard var data = state.sites[work.site] else { return }
            data.sealed.removeAll { old in work.segments.contains { $0 === old } }
            if let segment { data.sealed.append(segment) }
            state.sites[work.site] = data
        }
        bury(work.segments)
        counters.compactions.add(1, ordering: .relaxed)
        counters.compactedRows.add(segment?.header.rows ?? 0, ordering: .relaxed)
        return true
    }
}

extension Segment {
    /// The same segment with its parts kept in another cache.
    func reading(through cache: PartCache) -> Segment {
        switch source {
        case .memory: self
        case .stored(let parts):
            Segment(site: site, number: number, header: header, source: .stored(parts.reading(through: cache)))
        case .masked(let parts):
            Segment(
                site: site, number: number, header: header,
                source: .masked(parts.reading(through: cache)))
        }
    }
}

extension StoredParts {
    /// The same parts, kept in another cache.
    func reading(through cache: PartCache) -> StoredParts {
        StoredParts(database: database, cache: cache, hash: hash, site: site, segment: segment)
    }
}

extension MaskedParts {
    /// The same rows, with their parts and those underneath kept in another cache.
    fileprivate func reading(through cache: PartCache) -> MaskedParts {
        var copy = self
        copy.base = base.reading(through: cache)
        copy.cache = cache
        return copy
    }
}
