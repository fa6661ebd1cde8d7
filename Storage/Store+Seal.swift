import Events
import Logging
import RocksDB
import Synchronization

extension Store {
    /// Writes a partition's closed rows as segments and its open rows as new log rows, and deletes the log rows
    /// they came from: one batch makes it all happen.
    ///
    /// - Parameter all: whether rows of open buckets are sealed as well.
    func seal(
        site: UInt32, month: Int64, _ partition: Partition, watermark: Int64, all: Bool
    ) throws(StorageError) {
        if let failure { throw .failed(failure) }
        try options.faults.hit(.sealBegin)
        // More runs than a merge takes are sealed next time.
        let runs = Array(
            (all ? partition.runs : concerned(partition.runs, site: site, watermark: watermark))
                .prefix(MergeSources.maxSources))
        guard !runs.isEmpty else { return }
        let sources = try MergeSources(runs.map(\.segment), hash: hash)
        let plan = try SealPlan(
            sources, watermark: watermark, sealedThrough: partition.sealedThrough, all: all,
            longest: longestBucket(of: site))
        let hints = storageHints(site: site, rows: sources.rows)
        var parts = PartsBatch(self, site: site)
        var segments: [Segment] = []
        for output in plan.outputs {
            let number = nextNumber.add(1, ordering: .relaxed).oldValue
            guard let header = try SegmentMerge.write(sources, output, segment: number, into: &parts, hints: hints)
            else { continue }
            segments.append(sealedSegment(site: site, number: number, header))
        }
        let rest = put(open: runs, plan, site: site, &parts.batch)
        try options.faults.hit(.sealEncoded)
        parts.complete()
        for sequence in runs.flatMap(\.sequences) { parts.batch.delete(Keys.log(site: site, sequence: sequence)) }
        try write(parts.batch, "Sealing", before: .sealCommit, after: .sealCommitted)
        noteDeletedLogRows()
        counters.sealedRows.add(segments.reduce(0) { $0 + $1.header.rows }, ordering: .relaxed)
        replace(runs, site: site, month: month, with: rest, sealed: segments) { partition in
            partition.sealedThrough = max(partition.sealedThrough, watermark - watermark % Bucket.hour)
            partition.lastSeal = self.clock.milliseconds()
        }
    }

    /// The runs that a seal is about: those with rows of buckets that have ended, and those from before an erasure, which
    /// are written anew. Runs of open buckets alone stay what they are, their log rows too.
    private func concerned(_ runs: [InFlightRun], site: UInt32, watermark: Int64) -> [InFlightRun] {
        let closedUpTo = watermark - watermark % Bucket.hour
        let erased = state.withLock { $0.sites[site]?.erasures.last?.sequence } ?? 0
        return runs.filter { run in
            run.segment.header.first < closedUpTo || run.sequences.contains { $0 < erased }
        }
    }

    /// A segment that has just been written.
    func sealedSegment(site: UInt32, number: UInt64, _ header: SegmentHeader) -> Segment {
        let parts = StoredParts(database: database, cache: cache, hash: hash, site: site, segment: number)
        return Segment(site: site, number: number, header: header, source: .stored(parts))
    }

    /// How columns are stored in the largest of the segments that the site sealed last.
    ///
    /// - Parameter rows: of the segment that is to be written.
    func storageHints(site: UInt32, rows: Int) -> [[UInt8]: ColumnStorage.Kind] {
        let sealed = state.withLock { $0.sites[site]?.sealed ?? [] }
        let latest = sealed.filter {
            $0.header.tellsDependences && $0.header.rows >= SegmentMerge.minDependentRows
        }.suffix(8)
        guard let header = latest.max(by: { $0.header.rows < $1.header.rows })?.header else { return [:] }
        let told = header.columns.filter { header.tells($0.storage.kind, ofRows: rows) }
        return Dictionary(told.map { (Array($0.name.utf8), $0.storage.kind) }, uniquingKeysWith: { first, _ in first })
    }

    /// Puts the rows that stay in flight into a batch: those of each run as a log row of its own, so that only what they
    /// are among is looked through.
    private func put(
        open runs: [InFlightRun], _ plan: SealPlan, site: UInt32, _ batch: inout WriteBatch
    ) -> [InFlightRun] {
        guard plan.openRows > 0 else { return [] }
        var open: [InFlightRun] = []
        for run in runs where plan.mayBeOpen(run.segment.header) {
            guard let whole = run.segment.runColumns,
                let (header, columns) = AlignedRuns([(run.segment.header, whole)], hash: hash)
                    .rest(where: { plan.isOpen($0) })
            else { continue }
            let sequence = nextNumber.add(1, ordering: .relaxed).oldValue
            let identity = Block.Identity(kind: .log, site: site, number: sequence)
            batch.put(
                Keys.log(site: site, sequence: sequence),
                Block.encode(LogRow.encode(header, columns), identity: identity, level: LogRow.compressionLevel))
            let segment = Segment(site: site, number: sequence, header: header, source: .memory(columns))
            open.append(InFlightRun(segment: segment, sequences: [sequence]))
        }
        return open
    }
}

extension SegmentHeader {
    /// Whether a column was derived. Where none was, perhaps none was to be: segments that are written quickly have none.
    var tellsDependences: Bool { version >= 2 && columns.contains { $0.storage != .plain } }

    /// Whether how a column of it is stored tells anything of a segment of so many rows. In few rows most pairs of values are
    /// new, so that a column may be plain which in many would follow from another.
    func tells(_ kind: ColumnStorage.Kind, ofRows rows: Int) -> Bool { kind != .plain || self.rows * 8 >= rows }
}
