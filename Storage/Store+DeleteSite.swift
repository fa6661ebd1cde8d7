import Events
import Logging
import RocksDB
import Synchronization

/// What the deletion of a site removed.
public struct SiteDeletion: Sendable, Equatable {
    /// Events that queries saw until then.
    public var events: Int
    /// Refused events kept.
    public var deadLetters: Int
}

extension Store {
    /// Deletes a site with everything it has: events, refused events, its name.
    ///
    /// When this returns, the deletion is durable and the site unknown to every later query; one that runs goes on with
    /// what it began with. Events that are committed at the same time come either before it and are deleted, or after
    /// it and make a new site of the same name, which shares nothing with the old one: idempotency ids count apart.
    /// The bytes go from the disk in the background.
    ///
    /// - Returns: what was removed; `nil` for a site that is not known.
    /// - Complexity: O(segments + refused events). Waits for the step of maintenance under way; a compaction is given
    ///   up.
    @discardableResult
    public func deleteSite(_ name: String) throws(StorageError) -> SiteDeletion? {
        try excludingMaintenance { () throws(StorageError) in
            try writer.withLock { (writer) throws(StorageError) in
                if let failure { throw .failed(failure) }
                let found = state.withLock { state in
                    state.numbers[name].flatMap { number in state.sites[number].map { (number, $0) } }
                }
                guard let (site, data) = found else { return nil }
                return try delete(name, site, data, &writer)
            }
        }
    }

    private func delete(
        _ name: String, _ site: UInt32, _ data: SiteData, _ writer: inout StoreWriter
    ) throws(StorageError) -> SiteDeletion {
        var batch = WriteBatch()
        batch.delete(Keys.site(site))
        for prefix in [Keys.logPrefix, Keys.deadLetterPrefix, Keys.erasurePrefix, Keys.schemaPrefix] {
            let keys = Keys.ofSite(prefix, site)
            batch.deleteRange(from: keys, to: Keys.end(of: keys))
        }
        // Headers that could not be read are not among the segments, and go as well.
        let headers = try headers(of: site)
        for number in headers {
            batch.delete(Keys.segment(site: site, segment: number))
            batch.put(Keys.retired(site: site, segment: number), [])
        }
        batch.delete(Keys.retention(site: site))
        for sequence in writer.answers.remove(site: hash(name)) { batch.delete(Keys.answer(sequence: sequence)) }
        // No later site may get the number: old ids would take its events for repetitions.
        let highest = state.withLock { $0.highestSite }
        withUnsafeBytes(of: highest.littleEndian) { batch.put(Keys.highestSite, $0) }
        let number = notePurge(of: site, in: &batch)
        try write(batch, "Deleting a site", before: .siteDelete)

        let runs = data.partitions.values.flatMap(\.runs)
        let deletion = SiteDeletion(
            events: (data.sealed + runs.map(\.segment)).reduce(0) { $0 + $1.header.rows },
            deadLetters: writer.deadLetters[site]?.count ?? 0)
        state.withLock { state in
            state.numbers[name] = nil
            state.sites[site] = nil
        }
        bytesInFlight.subtract(runs.reduce(0) { $0 + $1.segment.residentBytes }, ordering: .relaxed)
        rowsInFlight.subtract(runs.reduce(0) { $0 + $1.segment.header.rows }, ordering: .relaxed)
        writer.deadLetters[site] = nil
        writer.ids.remove(site: site)
        propertyNames.remove(site: name)
        eventNames.remove(site: name)
        schemas.remove(site: name)
        bury(data.sealed)
        let readable = Set(data.sealed.map(\.number))
        graveyard.withLock { graveyard in
            for number in headers where !readable.contains(number) {
                graveyard.graves.append(Graveyard.Grave(site: site, number: number, bytes: 0, segment: nil))
            }
            graveyard.looked[site] = nil
        }
        expectPurge(of: site, upTo: number)
        removals.withLock { $0.sites += 1 }
        logger.notice("A site was deleted.", metadata: ["events": "\(deletion.events)"])
        return deletion
    }

    /// The numbers of all segments of a site that have a header, readable or not.
    private func headers(of site: UInt32) throws(StorageError) -> [UInt64] {
        var iterator = database.iterate(prefix: Keys.ofSite(Keys.segmentPrefix, site), fillCache: false)
        var numbers: [UInt64] = []
        do throws(RocksDBError) {
            while let number = try iterator.next({ key, _ in Keys.siteAndNumber(key)?.number }) {
                if let number { numbers.append(number) }
            }
        } catch {
            throw .database(error)
        }
        return numbers
    }
}

extension RecoveredStore {
    /// The highest number a site ever had, of those there are and those that were deleted.
    mutating func readHighestSite(_ database: Database) throws(StorageError) {
        let stored = try Storage.database { () throws(RocksDBError) in try database.get(Keys.highestSite) }
        state.highestSite = max(
            stored?.littleEndianValue(UInt32.self) ?? 0, state.sites.keys.max() ?? 0)
    }
}
