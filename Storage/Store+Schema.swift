import Events
import RocksDB
import Synchronization

/// What became of a schema that was declared.
public enum SchemaDeclaration: Sendable, Equatable {
    /// It is in force; with what it refuses that the version before it took.
    case declared(version: UInt64, breaks: [SchemaBreak])
    /// It says what the version in force says; nothing was written.
    case unchanged(version: UInt64)
    /// It refuses what the version in force takes, and nobody said that this is meant.
    case breaking([SchemaBreak])
}

extension Store {
    /// Declares what a site's events must be, from the next request on. A site that is not known yet comes into being.
    ///
    /// - Parameter force: whether it may refuse what the version before it took.
    /// - Throws: ``StorageError/limit(_:)`` when the site is one too many.
    public func declareSchema(
        _ schema: EventSchema, site: String, force: Bool
    ) throws(StorageError) -> SchemaDeclaration {
        try writer.withLock { (writer) throws(StorageError) in
            if let failure = state.withLock({ $0.failure }) { throw .failed(failure) }
            try space.requireReserve()
            let known = state.withLock { $0.numbers[site] }
            let history = try known.map { (number) throws(StorageError) in try schemaVersions(number) } ?? []
            var breaks: [SchemaBreak] = []
            if let latest = history.last {
                if latest.schema == schema { return .unchanged(version: latest.number) }
                breaks = schema.breaks(comparedTo: latest.schema)
                if !breaks.isEmpty, !force { return .breaking(breaks) }
            }
            var batch = WriteBatch()
            let number: UInt32
            if let known {
                number = known
            } else {
                number = try newSite(named: site, after: nil, count: 0)
                batch.put(Keys.site(number), Array(site.utf8))
            }
            let version = SchemaVersion(
                number: (history.last?.number ?? 0) + 1, time: clock.milliseconds(), schema: schema)
            let identity = Block.Identity(kind: .schema, site: number, number: version.number)
            batch.put(
                Keys.schema(site: number, version: version.number),
                Block.encode(version.encode(), identity: identity, level: 3))
            for old in history.dropLast(max(0, options.schemaVersionsPerSite - 1)) {
                batch.delete(Keys.schema(site: number, version: old.number))
            }
            try write(batch, "Declaring a schema")
            if known == nil { publish([], newSites: [(site, number)], at: clock.milliseconds()) }
            schemas.set(schema, version: version.number, site: site)
            return .declared(version: version.number, breaks: breaks)
        }
    }

    /// The versions of a site's schema that are kept, oldest first; none for a site without a schema.
    public func schemaVersions(site: String) throws(StorageError) -> [SchemaVersion] {
        guard let number = state.withLock({ $0.numbers[site] }) else { return [] }
        return try schemaVersions(number)
    }

    private func schemaVersions(_ site: UInt32) throws(StorageError) -> [SchemaVersion] {
        var rows: [(number: UInt64, block: [UInt8])] = []
        var iterator = database.iterate(prefix: Keys.ofSite(Keys.schemaPrefix, site))
        do throws(RocksDBError) {
            while let row = try iterator.next({ key, value in
                (number: Keys.siteAndNumber(key)?.number ?? 0, block: [UInt8](value))
            }) { rows.append(row) }
        } catch {
            throw .database(error)
        }
        var versions: [SchemaVersion] = []
        for row in rows {
            versions.append(
                try row.block.withBytes { (bytes) throws(StorageError) in
                    try SchemaVersion(site: site, number: row.number, block: bytes)
                })
        }
        return versions
    }

    /// The number of a site that comes into being.
    ///
    /// - Parameters:
    ///   - last: the number of the site that came into being before it in the same batch, if any did.
    ///   - count: how many came into being in that batch.
    func newSite(named site: String, after last: UInt32?, count: Int) throws(StorageError) -> UInt32 {
        if let lost = state.withLock({ $0.unassigned.first }) {
            throw .unusable("\(lost), so it is not known whether the site \(site) is a new one; none is created.")
        }
        let sites = state.withLock { $0.numbers.count } + count
        guard sites < options.sites else {
            throw .limit("This store holds \(sites) sites, the most it may (limit sites); \(site) is a new one.")
        }
        // Never the number of a site that was deleted, which idempotency ids and files may still bear.
        let (number, overflow) = (last ?? state.withLock { $0.highestSite }).addingReportingOverflow(1)
        guard !overflow else { throw .limit("This store has had 2^32 sites, the most it may have.") }
        return number
    }
}

extension SchemaVersion {
    /// Checks and decodes a stored version.
    init(site: UInt32, number: UInt64, block: UnsafeRawBufferPointer) throws(StorageError) {
        let identity = Block.Identity(kind: .schema, site: site, number: number)
        let payload = try Block.decode(block, identity: identity)
        self = try StoredParts.decoding(identity, payload) { (bytes) throws(DecodingFault) in
            try SchemaVersion(number: number, decoding: bytes)
        }
    }
}

extension RecoveredStore {
    /// Puts the latest version of every site's schema into force.
    ///
    /// A version that cannot be read is noted among the site's damaged blocks.
    mutating func readSchemas(_ database: Database) throws(StorageError) {
        var latest: [UInt32: (number: UInt64, block: [UInt8])] = [:]
        try Self.walk(database, Keys.schemaPrefix) { key, value in
            guard let (site, number) = Keys.siteAndNumber(key) else { return }
            latest[site] = (number, [UInt8](value))
        }
        for (site, row) in latest {
            guard let name = names[site] else { continue }
            do throws(StorageError) {
                let version = try row.block.withBytes { (bytes) throws(StorageError) in
                    try SchemaVersion(site: site, number: row.number, block: bytes)
                }
                schemas.set(version.schema, version: version.number, site: name)
            } catch {
                // The site goes on without rules, and its queries say what is damaged.
                note(DamagedBlock(error, block: "schema \(row.number) of site \(site)"), site: site)
            }
        }
    }
}
