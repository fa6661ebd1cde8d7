import RocksDB
import Synchronization

/// Segments that no query sees any more: first read by queries that began before, then deleted, then still in
/// RocksDB's files until those are rewritten.
///
/// On disk each stage has a row, so that nothing is forgotten when the process ends; see `FORMAT.md`, "Retired
/// segments".
struct Graveyard: Sendable {
    /// A segment that was retired. It is free when nobody holds it any more.
    struct Grave: Sendable {
        let site: UInt32
        let number: UInt64
        /// Bytes of its parts on disk, 0 if that is not known.
        let bytes: Int
        weak var segment: Segment?
    }

    /// A segment whose parts are deleted.
    struct Remains: Sendable {
        let site: UInt32
        let number: UInt64
        let bytes: Int
    }

    /// Retired segments (`x` rows).
    var graves: [Grave] = []
    /// Deleted ones whose bytes may still be in files (`r` rows), oldest first.
    var remains: [Remains] = []
    /// When the first of ``remains`` came, monotonic milliseconds.
    var remainsSince: Int64 = 0
    /// Sites of which something was removed for good, with the number up to which all of it must be gone from the
    /// files (`m` `purge` rows).
    var purges: [UInt32: UInt64] = [:]
    /// What was looked at when it was last looked whether erasures are carried out, by site.
    var looked: [UInt32: Int] = [:]
}

extension Store {
    /// Segments whose parts one call of ``collectRetired()`` deletes, so that a batch stays small.
    static let retiredPerPass = 256

    /// Takes sealed segments off the list of segments on disk: adds the deletion of their headers to a batch, and the
    /// rows that remember their parts, which queries may still be reading.
    ///
    /// After the batch was written and the state has been swapped, call ``bury(_:)`` with the same segments.
    func retire(_ segments: [Segment], in batch: inout WriteBatch) {
        for segment in segments where segment.isSealed {
            batch.delete(Keys.segment(site: segment.site, segment: segment.number))
            batch.put(Keys.retired(site: segment.site, segment: segment.number), [])
        }
    }

    /// Remembers, without holding them, segments that were retired and are not in the state any more.
    func bury(_ segments: [Segment]) {
        graveyard.withLock { graveyard in
            // A mask keeps what lies under it, which older snapshots may hold without the mask.
            for segment in segments where segment.isSealed {
                graveyard.graves.append(
                    Graveyard.Grave(
                        site: segment.site, number: segment.number, bytes: segment.header.storedBytes,
                        segment: segment.foundation))
            }
        }
    }

    /// Deletes the parts of retired segments that no query holds any more, ``retiredPerPass`` of them at the most.
    ///
    /// A segment is held for as long as any snapshot with it lives. What is left when the process ends is deleted at
    /// the next opening.
    /// - Returns: whether any was deleted, so that there may be more.
    /// - Complexity: O(segments deleted · parts cached).
    func collectRetired() throws(StorageError) -> Bool {
        let free = graveyard.withLock { graveyard in
            Array(graveyard.graves.lazy.filter { $0.segment == nil }.prefix(Store.retiredPerPass))
        }
        guard !free.isEmpty else { return false }
        if let failure { throw .failed(failure) }
        var batch = WriteBatch()
        for grave in free { batch.deleteRetired(site: grave.site, segment: grave.number) }
        try write(batch, "Deleting retired segments", before: .retireDelete)
        for grave in free { cache.remove(segment: grave.number) }
        let gone = Set(free.map(\.number))
        graveyard.withLock { $0.graves.removeAll { gone.contains($0.number) } }
        noteRemains(free.map { Graveyard.Remains(site: $0.site, number: $0.number, bytes: $0.bytes) })
        return true
    }

    /// Remembers segments whose parts were deleted until their bytes are gone from RocksDB's files.
    func noteRemains(_ remains: [Graveyard.Remains]) {
        let now = options.monotonic.milliseconds()
        graveyard.withLock { graveyard in
            if graveyard.remains.isEmpty { graveyard.remainsSince = now }
            graveyard.remains += remains
        }
    }
}

extension WriteBatch {
    /// Deletes all parts of a retired segment, and notes that their bytes are still there.
    mutating func deleteRetired(site: UInt32, segment: UInt64) {
        let parts = Keys.parts(site: site, segment: segment)
        deleteRange(from: parts, to: Keys.end(of: parts))
        delete(Keys.retired(site: site, segment: segment))
        put(Keys.remains(site: site, segment: segment), [])
    }
}
