import Events
import Logging
import RocksDB
import Synchronization

extension Store {
    /// Commits a group of requests as one synced batch: drops repeated ids, makes everything durable, then visible.
    ///
    /// - Returns: an outcome for each item, in their order; an item that would exceed the limit of sites fails alone.
    /// - Throws: when nothing of the group was acknowledged. ``StorageError/diskFull(free:reserve:)`` passes when there
    ///   is space. After a failed write every later commit throws ``StorageError/failed(_:)``: what a failed sync left
    ///   on disk is unknown until a restart reads it.
    public func commit(_ items: [CommitItem]) throws(StorageError) -> [Result<CommitOutcome, StorageError>] {
        try writer.withLock { (writer) throws(StorageError) in
            if let failure = state.withLock({ $0.failure }) { throw .failed(failure) }
            try options.faults.hit(.commitBegin)
            try space.requireReserve()
            return try commit(items, &writer)
        }
    }

    /// A run that will be stored, before it has its sequence.
    private struct Accepted {
        var site: UInt32
        var header: SegmentHeader
        var columns: RunColumns
        var packed: Block.Packed?
    }

    private func commit(_ items: [CommitItem], _ writer: inout StoreWriter) throws(StorageError) -> [Result<
        CommitOutcome, StorageError
    >] {
        let now = clock.milliseconds()
        var batch = WriteBatch()
        var newSites: [(name: String, number: UInt32)] = []
        func number(of site: String) throws(StorageError) -> UInt32 {
            if let number = state.withLock({ $0.numbers[site] }) { return number }
            if let new = newSites.first(where: { $0.name == site }) { return new.number }
            let number = try newSite(named: site, after: newSites.last?.number, count: newSites.count)
            newSites.append((site, number))
            return number
        }

        var outcomes: [Result<CommitOutcome, StorageError>] = []
        var accepted: [Accepted] = []
        var ids: [UInt32: [UInt64]] = [:]
        for item in items {
            var outcome = CommitOutcome()
            if let claim = item.claim, let settled = settlement(of: claim, at: now, writer) {
                outcome.settlement = settled
                outcomes.append(.success(outcome))
                continue
            }
            var sites: [UInt32?] = []
            var failure: StorageError?
            for name in item.runs.map(\.batch.site) + item.deadLetters.map(\.site) {
                do throws(StorageError) {
                    sites.append(try number(of: name))
                } catch {
                    sites.append(nil)
                    if item.isGroup, case .limit = error { outcome.refusal = error } else { failure = error }
                }
            }
            if let failure {
                outcomes.append(.failure(failure))
                continue
            }
            if let replay = item.replay {
                let letters = state.withLock { $0.numbers[replay.site] }.flatMap { number in
                    writer.deadLetters[number].map { (number, $0) }
                }
                let all = replay.taken + replay.refused.map(\.sequence)
                guard let (site, index) = letters, all.allSatisfy({ index.contains($0) }) else {
                    outcome.settlement = .stale
                    outcomes.append(.success(outcome))
                    continue
                }
                settle(replay, site: site, &batch, &writer)
            }
            for (run, site) in zip(item.runs, sites) {
                guard let site else {
                    outcome.refusedOrigins += run.batch.origins
                    continue
                }
                let duplicates = admit(run.batch, site: site, at: now, &writer, &ids)
                outcome.duplicates += duplicates?.count ?? 0
                outcome.accepted += run.rows - (duplicates?.count ?? 0)
                guard let duplicates else {
                    accepted.append(
                        Accepted(site: site, header: run.header, columns: run.columns, packed: run.packed))
                    continue
                }
                for (row, isKept) in duplicates.keep.enumerated() where !isKept && !run.batch.origins.isEmpty {
                    outcome.repeatedOrigins.append(run.batch.origins[row])
                }
                guard duplicates.count < run.rows else { continue }
                let (header, columns) = RunAssembler.run(of: run.batch, keep: duplicates.keep)
                accepted.append(Accepted(site: site, header: header, columns: columns, packed: nil))
            }
            for (letter, site) in zip(item.deadLetters, sites.dropFirst(item.runs.count)) {
                guard let site else { continue }
                put(letter.letter, site: site, &batch, &writer)
            }
            if let claim = item.claim {
                outcome.settlement = .stored(answer: put(claim, outcome, at: now, &batch, &writer))
            }
            outcomes.append(.success(outcome))
        }

        var runs: [InFlightRun] = []
        for run in joinSmall(accepted) {
            let sequence = nextNumber.add(1, ordering: .relaxed).oldValue
            let identity = Block.Identity(kind: .log, site: run.site, number: sequence)
            let packed =
                run.packed ?? Block.Packed(LogRow.encode(run.header, run.columns), level: LogRow.compressionLevel)
            batch.put(Keys.log(site: run.site, sequence: sequence), Block.encode(packed, identity: identity))
            let segment = Segment(
                site: run.site, number: sequence, header: run.header, source: .memory(run.columns))
            runs.append(InFlightRun(segment: segment, sequences: [sequence]))
        }
        putIds(ids, at: now, &batch, &writer)
        expireAnswers(at: now, &batch, &writer)
        for site in newSites { batch.put(Keys.site(site.number), Array(site.name.utf8)) }
        if batch.count > 0 { try write(batch, "A commit", before: .commitWrite, after: .commitWritten) }
        publish(runs, newSites: newSites, at: now)
        return outcomes
    }

    /// Enters a batch's ids. Returns which rows to keep if any id was known, `nil` if all rows are new.
    private func admit(
        _ batch: ColumnBatch, site: UInt32, at now: Int64, _ writer: inout StoreWriter, _ ids: inout [UInt32: [UInt64]]
    ) -> (keep: [Bool], count: Int)? {
        var keep: [Bool]?
        var count = 0
        var new: [UInt64] = []
        let place = writer.ids.place(of: site)
        for (row, id) in batch.ids.enumerated() where id != 0 {
            let own = IdRow.mixed(id, site: site)
            if writer.ids.insert(own, in: place, at: now) {
                new.append(own)
            } else {
                if keep == nil { keep = [Bool](repeating: true, count: batch.rows) }
                keep?[row] = false
                count += 1
            }
        }
        if !new.isEmpty { ids[site, default: []].append(contentsOf: new) }
        return keep.map { ($0, count) }
    }

    /// Joins the runs of one site and month that are too small to be stored by themselves.
    private func joinSmall(_ accepted: [Accepted]) -> [Accepted] {
        struct Place: Hashable {
            var site: UInt32
            var month: Int64
        }
        var result: [Accepted] = []
        var small: [Place: [Accepted]] = [:]
        for run in accepted {
            if run.packed == nil, run.header.rows < PreparedRun.minEncodedRows {
                small[Place(site: run.site, month: run.header.month), default: []].append(run)
            } else {
                result.append(run)
            }
        }
        for (place, runs) in small {
            if runs.count == 1 {
                result.append(runs[0])
                continue
            }
            let (header, columns) = AlignedRuns(runs.map { ($0.header, $0.columns) }, hash: hash)
                .merged(bucket: Bucket(level: .none, start: place.month), dictionaries: .asTheyAre)
            result.append(Accepted(site: place.site, header: header, columns: columns, packed: nil))
        }
        return result
    }

    /// Stores the group's ids and forgets the rows whose horizon has passed.
    private func putIds(
        _ ids: [UInt32: [UInt64]], at now: Int64, _ batch: inout WriteBatch, _ writer: inout StoreWriter
    ) {
        let oldest = now - options.deduplicationHorizon - options.deduplicationHorizon / 24
        let expired = writer.idRows.prefix { $0.time < oldest }.prefix(1000)
        for row in expired { batch.delete(Keys.ids(sequence: row.sequence)) }
        writer.idRows.removeFirst(expired.count)
        writer.ids.forgetExpired(at: now)
        guard !ids.isEmpty else { return }
        let sequence = nextNumber.add(1, ordering: .relaxed).oldValue
        let row = IdRow(time: now, sites: ids.sorted { $0.key < $1.key }.map { (site: $0.key, ids: $0.value) })
        // Hashes do not compress; level 1 finds that out quickest.
        let identity = Block.Identity(kind: .ids, number: sequence)
        batch.put(Keys.ids(sequence: sequence), Block.encode(row.encode(), identity: identity, level: 1))
        writer.idRows.append((sequence, now))
    }

    func publish(_ runs: [InFlightRun], newSites: [(name: String, number: UInt32)], at now: Int64) {
        state.withLock { state in
            for site in newSites {
                state.highestSite = max(state.highestSite, site.number)
                state.numbers[site.name] = site.number
                state.sites[site.number] = SiteData()
            }
            for run in runs {
                let header = run.segment.header
                var latest = state.sites[run.segment.site]?.latest ?? .min
                latest = max(latest, header.last)
                state.sites[run.segment.site, default: SiteData()].latest = latest
                state.sites[run.segment.site, default: SiteData()]
                    .partitions[header.month, default: Partition(lastSeal: now)].runs.append(run)
            }
        }
        bytesInFlight.add(runs.reduce(0) { $0 + $1.segment.residentBytes }, ordering: .relaxed)
        rowsInFlight.add(runs.reduce(0) { $0 + $1.segment.header.rows }, ordering: .relaxed)
    }

    /// The salt of a day for derived visitors: random, kept until the next day is over, then gone for good.
    ///
    /// - Parameter day: days since 1970 in UTC.
    public func salt(day: UInt32) throws(StorageError) -> [UInt8] {
        try writer.withLock { (_) throws(StorageError) in
            if let failure = state.withLock({ $0.failure }) { throw .failed(failure) }
            var batch = WriteBatch()
            let salt = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
            do throws(RocksDBError) {
                if let salt = try database.get(Keys.salt(day: day)) { return salt }
                batch.put(Keys.salt(day: day), salt)
                var iterator = database.iterate(prefix: Keys.saltPrefix)
                while let old = try iterator.next({ key, _ in Keys.trailing(key, as: UInt32.self) ?? 0 }) {
                    if day > 0, old < day - 1 { batch.delete(Keys.salt(day: old)) }
                }
            } catch {
                // Nothing was written, so a read that fails is nobody's loss but this request's.
                throw .database(error)
            }
            try write(batch, "Storing a day's salt")
            return salt
        }
    }
}
