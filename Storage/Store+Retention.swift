import Logging
import RocksDB
import Synchronization

extension Store {
    /// How often it is looked what is past its retention, milliseconds.
    static let retentionInterval: Int64 = 60_000

    /// How long a site's events are kept, milliseconds; `nil` for ever.
    func retention(of site: UInt32) -> Int64? {
        guard options.hasRetention else { return nil }
        if let known = retention.withLock({ $0.periods[site] }) { return known }
        guard let name = state.withLock({ $0.numbers.first { $0.value == site }?.key }) else { return nil }
        let period = options.retention(of: name)
        retention.withLock { _ = $0.periods.updateValue(period, forKey: site) }
        return period
    }

    /// The longest bucket that a site's segments are merged into.
    ///
    /// A segment goes when its last event is past the retention, so with a bucket of a sixth of the retention at the
    /// most, nothing is kept much longer than it should be, and what goes at once is a small share of what there is.
    /// What was sealed as one segment of a past month, as a backfill is, stays one.
    func longestBucket(of site: UInt32) -> BucketLevel {
        guard let period = retention(of: site) else { return .month }
        if period >= 6 * 31 * Bucket.day { return .month }
        return period >= 6 * Bucket.day ? .day : .hour
    }

    /// Retires segments, and forgets runs in flight, whose last event is past their site's retention, and that
    /// ``RetentionGuard`` lets go; ``StoreOptions/retentionSegmentsPerPass`` of them at the most.
    ///
    /// - Returns: whether anything was deleted, so that more may be due.
    /// - Complexity: O(segments of all sites), once a minute.
    func expire() throws(StorageError) -> Bool {
        guard options.hasRetention else { return false }
        let (wall, monotonic) = (clock.milliseconds(), options.monotonic.milliseconds())
        let now = retention.withLock { retention -> Int64? in
            if let last = retention.lastPass, monotonic - last < Store.retentionInterval { return nil }
            retention.lastPass = monotonic
            return options.believesAnyClock ? wall : retention.clock.now(wall: wall, monotonic: monotonic)
        }
        guard let now else { return false }
        var budget = options.retentionSegmentsPerPass
        var expired: [Expired] = []
        for (site, data) in state.withLock({ $0.sites }) {
            guard let period = retention(of: site) else { continue }
            let due = past(line: now - period, of: site, data)
            let allowed = decide(due, site: site, data, line: now - period, monotonic: monotonic)
            expired += due.prefix(min(allowed, budget))
            budget -= min(allowed, budget)
        }
        try delete(expired, now: now)
        guard !expired.isEmpty else { return false }
        // Where the limit was reached, the rest follows without waiting.
        if budget == 0 { retention.withLock { $0.lastPass = nil } }
        return true
    }

    /// Something past its retention.
    private enum Expired {
        case sealed(Segment)
        case inFlight(InFlightRun, month: Int64)

        var segment: Segment {
            switch self {
            case .sealed(let segment): segment
            case .inFlight(let run, _): run.segment
            }
        }
    }

    /// What lies behind a line, the oldest first.
    private func past(line: Int64, of site: UInt32, _ data: SiteData) -> [Expired] {
        var due = data.sealed.filter { $0.header.last < line }.map { Expired.sealed($0) }
        for (month, partition) in data.partitions {
            due += partition.runs.filter { $0.segment.header.last < line }.map { .inFlight($0, month: month) }
        }
        return due.sorted { $0.segment.header.last < $1.segment.header.last }
    }

    private func decide(
        _ due: [Expired], site: UInt32, _ data: SiteData, line: Int64, monotonic: Int64
    ) -> Int {
        if options.believesAnyClock { return due.count }
        let candidates = due.map {
            RetentionGuard.Candidate(last: $0.segment.header.last, rows: $0.segment.header.rows)
        }
        let rows =
            data.sealed.reduce(0) { $0 + $1.header.rows } + data.partitions.values.reduce(0) { $0 + $1.rows }
        let (before, after, allowed) = retention.withLock { retention in
            var decision = retention.guard(
                of: site, line: line, oldest: candidates.first?.last, monotonic: monotonic)
            if options.confirmsRetention, retention.guards[site] == nil {
                decision.agree(on: line, monotonic: monotonic)
            }
            let before = retention.guards[site]?.held
            let allowed = decision.decide(candidates, line: line, rows: rows, monotonic: monotonic)
            retention.guards[site] = decision
            return (before, decision.held, allowed)
        }
        if after.segments > 0, after != before {
            logger.warning(
                """
                Deleting what is past its retention is held: it would be more than the time that passed explains. Check \
                the clock and the setting, then confirm it.
                """, metadata: ["site": "\(site)", "segments": "\(after.segments)", "events": "\(after.rows)"])
        }
        return allowed
    }

    /// Deletes, and notes how far the clock and the lines have come.
    private func delete(_ expired: [Expired], now: Int64) throws(StorageError) {
        var batch = WriteBatch()
        let sealed = expired.compactMap { if case .sealed(let segment) = $0 { segment } else { nil } }
        retire(sealed, in: &batch)
        var gone: [UInt32: Set<UInt64>] = [:]
        var inFlight: [InFlightRun] = []
        for item in expired {
            gone[item.segment.site, default: []].insert(item.segment.number)
            guard case .inFlight(let run, _) = item else { continue }
            inFlight.append(run)
            for sequence in run.sequences { batch.delete(Keys.log(site: item.segment.site, sequence: sequence)) }
        }
        noteLines(now: now, in: &batch)
        guard batch.count > 0 else { return }
        try write(batch, "Retention", before: expired.isEmpty ? nil : .retentionDelete)
        guard !expired.isEmpty else { return }
        state.withLock { state in
            for (site, numbers) in gone {
                guard var data = state.sites[site] else { continue }
                data.sealed.removeAll { numbers.contains($0.number) }
                for month in data.partitions.keys {
                    data.partitions[month]?.runs.removeAll { numbers.contains($0.segment.number) }
                }
                state.sites[site] = data
            }
        }
        bury(sealed)
        bytesInFlight.subtract(inFlight.reduce(0) { $0 + $1.segment.residentBytes }, ordering: .relaxed)
        rowsInFlight.subtract(inFlight.reduce(0) { $0 + $1.segment.header.rows }, ordering: .relaxed)
        let rows = expired.reduce(0) { $0 + $1.segment.header.rows }
        retention.withLock {
            $0.deletedSegments += expired.count
            $0.deletedRows += rows
        }
        logger.info(
            "Events past their retention were deleted.",
            metadata: ["segments": "\(expired.count)", "events": "\(rows)"])
    }

    /// Adds what has changed of the believed time and of the lines, unless it is little.
    private func noteLines(now: Int64, in batch: inout WriteBatch) {
        let (lines, time) = retention.withLock { retention in
            let lines = retention.guards.compactMap { site, decision -> (site: UInt32, line: Int64)? in
                let stored = retention.storedLines[site]
                if let stored, (decision.line - stored).magnitude < UInt64(RetentionState.storedStep) { return nil }
                return (site, decision.line)
            }
            for (site, line) in lines { retention.storedLines[site] = line }
            let isLater = retention.storedTime.map { now - $0 >= RetentionState.storedStep } ?? true
            if isLater { retention.storedTime = now }
            return (lines, isLater ? now : nil)
        }
        for (site, line) in lines {
            withUnsafeBytes(of: line.littleEndian) { batch.put(Keys.retention(site: site), $0) }
        }
        if let time { withUnsafeBytes(of: time.littleEndian) { batch.put(Keys.trustedTime, $0) } }
    }

    // MARK: Confirming

    /// What a site's retention has to do, by the clock as it is now; `nil` for a site that is not known.
    public func retentionReport(site name: String) -> RetentionReport? {
        let found = state.withLock { state in
            state.numbers[name].flatMap { number in state.sites[number].map { (number, $0) } }
        }
        guard let (site, data) = found else { return nil }
        var report = RetentionReport()
        guard let period = retention(of: site) else { return report }
        report.period = period
        for due in past(line: clock.milliseconds() - period, of: site, data) {
            report.dueSegments += 1
            report.dueEvents += due.segment.header.rows
        }
        let held = retention.withLock { $0.guards[site]?.held ?? RetentionGuard.Held() }
        (report.heldSegments, report.heldEvents) = (held.segments, held.rows)
        return report
    }

    /// Confirms that the clock and a site's retention are right: what is past it is deleted with the next steps of
    /// maintenance, however much it is.
    ///
    /// - Returns: what will be deleted; `nil` for a site that is not known.
    public func confirmRetention(site name: String) throws(StorageError) -> RetentionReport? {
        try excludingMaintenance { () throws(StorageError) in
            if let failure { throw .failed(failure) }
            guard let report = retentionReport(site: name), let period = report.period,
                let site = state.withLock({ $0.numbers[name] })
            else { return retentionReport(site: name) }
            let (wall, monotonic) = (clock.milliseconds(), options.monotonic.milliseconds())
            retention.withLock { retention in
                // Other sites' lines stay, so that none of theirs is deleted by this.
                retention.clock = TrustedClock(wall: wall, monotonic: monotonic)
                retention.guards[site] = RetentionGuard(line: wall - period, monotonic: monotonic)
                retention.storedLines[site] = nil
                retention.lastPass = nil
            }
            var batch = WriteBatch()
            noteLines(now: wall, in: &batch)
            try write(batch, "Confirming a retention")
            logger.notice(
                "What is past the retention was confirmed.",
                metadata: ["segments": "\(report.dueSegments)", "events": "\(report.dueEvents)"])
            return report
        }
    }
}
