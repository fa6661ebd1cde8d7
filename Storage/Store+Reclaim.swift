import Logging
import RocksDB
import Synchronization

extension Store {
    /// Deleted bytes after which RocksDB's files are rewritten without them (or an eighth of what is stored, if that is
    /// less), and how long fewer wait, milliseconds.
    static let reclaimBytes = 64 << 20
    static let reclaimDelay: Int64 = 600_000
    /// Segments, and about how many deleted bytes, that one call of ``reclaim()`` deals with.
    static let reclaimPerPass = 64
    static let reclaimBytesPerPass = 256 << 20

    /// What maintenance does besides sealing: deletes what nobody needs any more.
    ///
    /// - Returns: whether anything was done, so that more may be due.
    func tidy() throws(StorageError) -> Bool {
        if let failure { throw .failed(failure) }
        var didWork = try expire()
        if try collectRetired() { didWork = true }
        if try settleErasures() { didWork = true }
        if try expireDeadLetters() { didWork = true }
        // Commits do the same; where none come any more, this does.
        let now = clock.milliseconds()
        _ = writer.withLockIfAvailable { $0.ids.forgetExpired(at: now) }
        return didWork
    }

    /// What compaction does when there is nothing to merge: sees to it that what was deleted goes from the disk.
    ///
    /// - Returns: whether anything was done, so that more may be due.
    func reclaimSpace() throws(StorageError) -> Bool {
        if let failure { throw .failed(failure) }
        if try reclaimLog() { return true }
        if try reclaim() { return true }
        return try purge()
    }

    /// Has RocksDB rewrite the files that hold parts of deleted segments, which it would do by itself at some time or
    /// never: when there is enough to gain, and at once where something has to be gone for good.
    ///
    /// - Returns: whether anything was done.
    private func reclaim() throws(StorageError) -> Bool {
        let now = options.monotonic.milliseconds()
        let storedBytes = state.withLock { state in
            state.sites.values.reduce(0) { $0 + $1.sealed.reduce(0) { $0 + $1.foundation.header.storedBytes } }
        }
        let due = graveyard.withLock { graveyard in
            let isDue =
                graveyard.remains.reduce(0) { $0 + $1.bytes } >= min(Store.reclaimBytes, storedBytes / 8)
                || now - graveyard.remainsSince >= Store.reclaimDelay
            var bytes = 0
            var due: [Graveyard.Remains] = []
            for remains in graveyard.remains where isDue || graveyard.purges[remains.site] != nil {
                guard due.count < Store.reclaimPerPass, bytes < Store.reclaimBytesPerPass else { break }
                due.append(remains)
                bytes += remains.bytes
            }
            return due
        }
        // A rewritten file is not larger than the old one, which goes afterwards.
        guard !due.isEmpty, space.canFit(bytes: Store.reclaimBytes, for: .compaction) else { return false }
        try Storage.database { () throws(RocksDBError) in try database.flush() }
        var batch = WriteBatch()
        for remains in due {
            let parts = Keys.parts(site: remains.site, segment: remains.number)
            database.compact(from: parts, to: Keys.end(of: parts))
            batch.delete(Keys.remains(site: remains.site, segment: remains.number))
        }
        try write(batch, "Reclaiming the space of deleted segments")
        let done = Set(due.map(\.number))
        graveyard.withLock { graveyard in
            graveyard.remains.removeAll { done.contains($0.number) }
            graveyard.remainsSince = now
        }
        return true
    }

    /// Takes what was erased out of RocksDB's files, for one site: everything of it but the parts of its segments, which
    /// ``reclaim()`` has dealt with then.
    ///
    /// - Returns: whether anything was done.
    private func purge() throws(StorageError) -> Bool {
        let due = graveyard.withLock { graveyard in
            graveyard.purges.first { site, number in
                !graveyard.graves.contains { $0.site == site && $0.number <= number }
                    && !graveyard.remains.contains { $0.site == site && $0.number <= number }
            }
        }
        guard let (site, number) = due, space.canFit(bytes: Store.reclaimBytes, for: .compaction) else { return false }
        // What was only in the log goes with the log, once what it holds is in files.
        try Storage.database { () throws(RocksDBError) in try database.flush() }
        for prefix in [
            Keys.logPrefix, Keys.deadLetterPrefix, Keys.erasurePrefix, Keys.segmentPrefix, Keys.sitePrefix,
            Keys.schemaPrefix,
        ] {
            let keys = Keys.ofSite(prefix, site)
            database.compact(from: keys, to: Keys.end(of: keys))
        }
        var batch = WriteBatch()
        batch.delete(Keys.purge(site: site))
        try write(batch, "Noting that what was erased is gone")
        graveyard.withLock { if $0.purges[site] == number { $0.purges[site] = nil } }
        logger.info("What was erased is gone from the disk.", metadata: ["site": "\(site)"])
        return true
    }

    /// Adds the note that everything removed of a site so far has to go from the files.
    ///
    /// After the batch was written, call ``expectPurge(of:upTo:)`` with the number returned.
    func notePurge(of site: UInt32, in batch: inout WriteBatch) -> UInt64 {
        let number = nextNumber.add(1, ordering: .relaxed).oldValue
        withUnsafeBytes(of: number.littleEndian) { batch.put(Keys.purge(site: site), $0) }
        return number
    }

    func expectPurge(of site: UInt32, upTo number: UInt64) {
        graveyard.withLock { $0.purges[site] = number }
    }
}
