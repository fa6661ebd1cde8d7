import Events
import Logging
import RocksDB
import Synchronization

extension Store {
    /// Does what is due: merges small runs, seals buckets whose end the watermark has passed.
    ///
    /// Called again and again by one background thread; each call does one step of each partition.
    /// - Returns: whether anything was done, so that more may be due.
    @discardableResult
    public func maintain() throws(StorageError) -> Bool {
        try maintenance.withLock { (_) throws(StorageError) in
            var didWork = false
            let now = clock.milliseconds()
            for (site, month, partition, latest) in partitions() {
                let watermark = min(latest - options.allowedLateness, now)
                if isSealDue(partition, watermark: watermark, now: now)
                    || isErasureWaiting(site: site, partition, now: now)
                {
                    try seal(site: site, month: month, partition, watermark: watermark, all: false)
                    didWork = true
                } else if partition.rows >= options.spillRows || partition.bytes >= options.inFlightBytes / 4
                    || isOverloaded
                {
                    logger.notice(
                        "Sealing open buckets: a limit of what is in flight is reached.",
                        metadata: ["rows": "\(partition.rows)", "bytes": "\(partition.bytes)"])
                    try seal(site: site, month: month, partition, watermark: watermark, all: true)
                    didWork = true
                } else if mergeRuns(site: site, month: month, partition) {
                    didWork = true
                }
            }
            if try tidy() { didWork = true }
            return didWork
        }
    }

    /// Seals everything in flight, whether its buckets have ended or not.
    ///
    /// What is committed meanwhile may stay in flight.
    public func flush() throws(StorageError) {
        try maintenance.withLock { (_) throws(StorageError) in
            let now = clock.milliseconds()
            let most = partitions().map(\.partition.runs.count).max() ?? 0
            // A seal takes so many runs at a time.
            for _ in 0..<((most + MergeSources.maxSources - 1) / MergeSources.maxSources) {
                for (site, month, partition, latest) in partitions() {
                    let watermark = min(latest - options.allowedLateness, now)
                    try seal(site: site, month: month, partition, watermark: watermark, all: true)
                }
            }
        }
    }

    private func partitions() -> [(site: UInt32, month: Int64, partition: Partition, latest: Int64)] {
        state.withLock { state in
            state.sites.flatMap { site, data in
                data.partitions.filter { !$0.value.runs.isEmpty }
                    .map { (site, $0.key, $0.value, data.latest ?? .min) }
            }
        }
    }

    /// Not more often than this, milliseconds: a fast backfill passes bucket after bucket.
    private static let sealSpacing: Int64 = 3_000

    private func isSealDue(_ partition: Partition, watermark: Int64, now: Int64) -> Bool {
        let closedUpTo = watermark - watermark % Bucket.hour
        let closed = partition.runs.filter { $0.segment.header.first < closedUpTo }
        guard !closed.isEmpty else { return false }
        let rows = closed.reduce(0) { $0 + $1.segment.header.rows }
        // A clock that stepped back must not hold sealing up for ever.
        let waited = abs(now - partition.lastSeal)
        if rows >= options.lateSealRows || waited >= options.lateSealDelay { return true }
        return closedUpTo > partition.sealedThrough && waited >= Store.sealSpacing
    }

    /// Merges runs of similar size, when enough of them have gathered.
    ///
    /// Sizes grow by the fan-in from tier to tier, so each row is merged two times at most. Larger runs stay as they are
    /// until they are sealed: what queries have found out about a run is kept with it, and is lost with it.
    private func mergeRuns(site: UInt32, month: Int64, _ partition: Partition) -> Bool {
        guard let runs = mergeableRuns(partition.runs, month: month) else { return false }
        let (header, columns) = AlignedRuns(
            runs.compactMap { run in run.segment.runColumns.map { (run.segment.header, $0) } }, hash: hash
        ).merged(bucket: Bucket(level: .none, start: month), dictionaries: .asTheyAre)
        let number = nextNumber.add(1, ordering: .relaxed).oldValue
        let merged = InFlightRun(
            segment: Segment(site: site, number: number, header: header, source: .memory(columns)),
            sequences: runs.flatMap(\.sequences))
        replace(runs, site: site, month: month, with: [merged], sealed: []) { _ in }
        return true
    }

    /// When runs are merged: those of one hour with each other, so that sealing it takes whole runs and leaves the others as
    /// they are. Where hours are so mixed that too few are alike, runs of one size are merged whatever they hold.
    private func mergeableRuns(_ runs: [InFlightRun], month: Int64) -> [InFlightRun]? {
        struct Kind: Hashable {
            var lastHour: Int64
            var isMixed: Bool
        }
        var tiers: [Int: [InFlightRun]] = [:]
        for run in runs { tiers[tier(run.segment.header.rows), default: []].append(run) }
        for (tier, runs) in tiers.sorted(by: { $0.key < $1.key })
        where tier < Self.frozenTier && runs.count >= options.mergeFanIn {
            let kinds = Dictionary(grouping: runs) { run in
                let hours = (
                    (run.segment.header.first - month) / Bucket.hour, (run.segment.header.last - month) / Bucket.hour
                )
                return Kind(lastHour: hours.1, isMixed: hours.0 != hours.1)
            }
            let alike = kinds.filter { $0.value.count >= options.mergeFanIn }
                .min { ($0.key.lastHour, $0.key.isMixed ? 1 : 0) < ($1.key.lastHour, $1.key.isMixed ? 1 : 0) }
            if let alike { return alike.value }
            if runs.count >= options.mergeFanIn * 3 / 2 { return runs }
        }
        return nil
    }

    /// The tier of runs that are merged no more.
    private static let frozenTier = 2

    private func tier(_ rows: Int) -> Int { rows < 4_096 ? 0 : rows < Segment.frozenRows ? 1 : Self.frozenTier }

    /// Swaps runs for what they became, in one step for every query.
    func replace(
        _ runs: [InFlightRun], site: UInt32, month: Int64, with rest: [InFlightRun], sealed: [Segment],
        _ update: (inout Partition) -> Void
    ) {
        let gone = Set(runs.map(\.segment.number))
        state.withLock { state in
            guard var data = state.sites[site], var partition = data.partitions[month] else { return }
            partition.runs.removeAll { gone.contains($0.segment.number) }
            partition.runs.append(contentsOf: rest)
            update(&partition)
            // An empty partition of a past month is forgotten; what it knew only spaced its seals.
            data.partitions[month] = partition.runs.isEmpty && sealed.isEmpty ? nil : partition
            data.sealed.append(contentsOf: sealed)
            state.sites[site] = data
        }
        func sum(_ runs: [InFlightRun], _ part: (Segment) -> Int) -> Int { runs.reduce(0) { $0 + part($1.segment) } }
        bytesInFlight.add(sum(rest, \.residentBytes) - sum(runs, \.residentBytes), ordering: .relaxed)
        rowsInFlight.add(sum(rest, \.header.rows) - sum(runs, \.header.rows), ordering: .relaxed)
    }
}

extension Segment {
    /// Rows of a run in flight from which on it is not merged any more, but stays what it is until it is sealed.
    package static let frozenRows = 32_768
}
