import RocksDB
import Synchronization

extension Store {
    /// Deletes the rows of erasures that nothing on disk needs any more: no segment hides the visitor, no log row and
    /// no retired segment from before the erasure is left.
    ///
    /// - Returns: whether any was deleted.
    /// - Complexity: O(segments) where nothing has changed since the last call; else O(erasures · segments · log
    ///   visitors hidden).
    func settleErasures() throws(StorageError) -> Bool {
        let sites = state.withLock { state in state.sites.filter { !$0.value.erasures.isEmpty } }
        var didWork = false
        for (site, data) in sites {
            let graves = graveyard.withLock { $0.graves.filter { $0.site == site }.map(\.number) }
            let signature = Self.signature(data, graves)
            guard graveyard.withLock({ $0.looked.updateValue(signature, forKey: site) }) != signature else { continue }
            let settled = Self.settled(data, graves)
            guard !settled.isEmpty else { continue }
            var batch = WriteBatch()
            for erasure in settled { batch.delete(Keys.erasure(site: site, sequence: erasure.sequence)) }
            let number = notePurge(of: site, in: &batch)
            try write(batch, "Finishing erasures")
            let gone = Set(settled.map(\.sequence))
            state.withLock { $0.sites[site]?.erasures.removeAll { gone.contains($0.sequence) } }
            expectPurge(of: site, upTo: number)
            didWork = true
        }
        return didWork
    }

    /// How long log rows from before an erasure wait for being written anew without it, milliseconds.
    static let erasureDelay: Int64 = 60_000

    /// Whether log rows from before an erasure have been waiting long enough for being written anew without it.
    func isErasureWaiting(site: UInt32, _ partition: Partition, now: Int64) -> Bool {
        guard abs(now - partition.lastSeal) >= Self.erasureDelay,
            let last = state.withLock({ $0.sites[site]?.erasures.last?.sequence })
        else { return false }
        return partition.runs.contains { $0.sequences.contains { $0 < last } }
    }

    private static func settled(_ data: SiteData, _ graves: [UInt64]) -> [Erasure] {
        // What cannot be read may hold anybody.
        guard data.damaged.isEmpty else { return [] }
        var oldest = graves.min() ?? .max
        for run in data.partitions.values.lazy.flatMap(\.runs) { oldest = min(oldest, run.sequences.min() ?? .max) }
        let masked = data.sealed.compactMap { segment in segment.mask.map { (segment.number, $0) } }
        return data.erasures.filter { erasure in
            erasure.sequence < oldest
                && !masked.contains { $0 < erasure.sequence && $1.hides(erasure.visitor) }
        }
    }

    /// Differs when anything has that ``settled(_:_:)`` looks at.
    private static func signature(_ data: SiteData, _ graves: [UInt64]) -> Int {
        var hasher = Hasher()
        hasher.combine(data.erasures.last?.sequence)
        hasher.combine(graves.min())
        for segment in data.sealed where segment.isMasked { hasher.combine(segment.number) }
        for run in data.partitions.values.lazy.flatMap(\.runs) { hasher.combine(run.sequences.min()) }
        return hasher.finalize()
    }
}
