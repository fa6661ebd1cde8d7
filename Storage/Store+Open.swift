import Events
import Logging
import RocksDB

extension Store {
    /// Opens a store, creating it in a missing or empty directory, and recovers everything that was acknowledged.
    ///
    /// A block that cannot be read costs its own site only: it stays where it is, the site's queries answer an error
    /// that names it, and the site goes on taking events.
    ///
    /// - Throws: ``StorageError/unusable(_:)`` when the directory cannot be used: another process has it open, it holds
    ///   another format, or RocksDB cannot read its own files. Nothing is deleted.
    /// - Complexity: O(rows in flight + sealed segments).
    public static func open(
        directory: String, options: StoreOptions = StoreOptions(), clock: any WallClock = SystemClock(), logger: Logger
    ) throws(StorageError) -> Store {
        let database = try openDatabase(directory: directory, options: options, logger: logger)
        let hash = try naming(directory) { () throws(StorageError) in
            try identity(of: database, directory: directory, faults: options.faults)
        }
        let cache = PartCache(budget: CacheBudget(limit: options.cacheBytes))
        var recovered = RecoveredStore(
            writer: StoreWriter(
                ids: SiteIds(
                    limits: IdSet.Limits(horizon: options.deduplicationHorizon, entries: options.deduplicationEntries)),
                answers: KeyedAnswers(
                    limits: KeyedAnswers.Limits(
                        horizon: options.answerHorizon, entries: options.answers, bytes: options.answerBytes))),
            propertyNames: PropertyNames(hash: hash, maxNamesPerSite: options.propertyNamesPerSite),
            eventNames: PropertyNames(hash: hash, maxNamesPerSite: options.eventNamesPerSite),
            schemas: SchemaRegistry(hash: hash))
        try naming(directory) { () throws(StorageError) in
            try recovered.clearRetired(database, faults: options.faults, logger: logger)
            try options.faults.hit(.recoverSites)
            try recovered.readSites(database)
            try options.faults.hit(.recoverSegments)
            try recovered.readSegments(database, cache: cache, hash: hash)
            try options.faults.hit(.recoverLog)
            try recovered.readLog(database, hash: hash, now: clock.milliseconds())
            try options.faults.hit(.recoverIds)
            try recovered.readIds(database)
            try recovered.readAnswers(database)
            try recovered.readDeadLetters(database)
            try recovered.readSchemas(database)
            try recovered.readHighestSite(database)
            try recovered.applyErasures(database, cache: cache, options: options)
            recovered.retention = try recovered.readRetention(
                database, options: options, clock: clock, logger: logger)
        }
        recovered.report(to: logger)
        return Store(
            options: options, database: database, hash: hash, clock: clock, logger: logger,
            space: DiskSpace(
                directory: directory, reserve: options.diskReserve, probe: options.diskProbe, logger: logger),
            cache: cache, recovered: recovered)
    }

    /// Reads from a database whose own errors end the opening, with the directory's name and what to do about it.
    private static func naming<R>(
        _ directory: String, _ body: () throws(StorageError) -> R
    ) throws(StorageError) -> R {
        do throws(StorageError) {
            return try body()
        } catch {
            guard case .database(let error) = error else { throw error }
            throw .unusable("The data directory \(directory) cannot be read: \(error)" + advice(error, directory))
        }
    }

    /// Checks the format and reads the seed; writes both into a new store.
    private static func identity(
        of database: Database, directory: String, faults: FaultPoints
    ) throws(StorageError) -> EventHash {
        let format = try Storage.database { () throws(RocksDBError) in try database.get(Keys.format) }
        if let format {
            guard let version = format.littleEndianValue(UInt32.self), (1...formatVersion).contains(version) else {
                throw .unusable(
                    "The data directory \(directory) holds format \(format.littleEndianValue(UInt32.self) ?? 0); "
                        + "this program reads formats 1 to \(formatVersion). Use the program that wrote it.")
            }
            let seed = try Storage.database { () throws(RocksDBError) in try database.get(Keys.seed) }
            guard let seed = seed?.littleEndianValue(UInt64.self) else {
                throw .corrupt(block: "the store's seed", reason: "it is missing")
            }
            if version < formatVersion { try upgrade(database, faults: faults) }
            return EventHash(seed: seed)
        }
        var iterator = database.iterate(prefix: [])
        let isEmpty = try Storage.database { () throws(RocksDBError) in try iterator.next { _, _ in true } } == nil
        guard isEmpty else {
            throw .unusable("The data directory \(directory) holds a database that is not Weir's.")
        }
        let seed = UInt64.random(in: .min ... .max)
        var batch = WriteBatch()
        withUnsafeBytes(of: formatVersion.littleEndian) { batch.put(Keys.format, $0) }
        withUnsafeBytes(of: seed.littleEndian) { batch.put(Keys.seed, $0) }
        do throws(RocksDBError) {
            try database.write(batch)
        } catch {
            throw .database(error)
        }
        return EventHash(seed: seed)
    }
}

extension Store {
    /// Marks a store of an older format as one of today's: what was written stays as it is and readable, but a program
    /// of that older format must not open it any more, since what is written from now on it cannot read.
    private static func upgrade(_ database: Database, faults: FaultPoints) throws(StorageError) {
        try faults.hit(.upgradeFormat)
        var batch = WriteBatch()
        withUnsafeBytes(of: formatVersion.littleEndian) { batch.put(Keys.format, $0) }
        do throws(RocksDBError) { try database.write(batch) } catch { throw .database(error) }
    }
}

extension Array where Element == UInt8 {
    /// The array as one little-endian number; `nil` if it has another size.
    func littleEndianValue<T: FixedWidthInteger>(_ type: T.Type) -> T? {
        guard count == MemoryLayout<T>.size else { return nil }
        return withUnsafeBytes { T(littleEndian: $0.loadUnaligned(as: T.self)) }
    }
}

extension RecoveredStore {
    /// Calls `body` for every row with a prefix.
    ///
    /// - Throws: ``StorageError/database(_:)`` where RocksDB itself cannot go on: what it does not show cannot be named.
    static func walk(
        _ database: Database, _ prefix: [UInt8],
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
    ) throws(StorageError) {
        var iterator = database.iterate(prefix: prefix)
        do throws(RocksDBError) {
            while try iterator.next(body) != nil {}
        } catch {
            throw .database(error)
        }
    }

    mutating func readSites(_ database: Database) throws(StorageError) {
        try Self.walk(database, Keys.sitePrefix) { key, value in
            guard key.count == 5, let number = Keys.trailing(key, as: UInt32.self) else {
                state.unassigned.append(DamagedBlock(key: key, of: "site"))
                return
            }
            // The row has no checksum of its own; a name no site can have, or one that two have, gives it away.
            let name = String(decoding: value, as: UTF8.self)
            state.sites[number] = SiteData()
            if let other = state.numbers[name] {
                let block = DamagedBlock(block: "the name of site \(number)", reason: "it is that of site \(other)")
                state.sites[other]?.damaged.append(block)
                state.unassigned.append(block)
            } else if SiteName.isValid(value) {
                state.numbers[name] = number
                names[number] = name
            } else {
                state.unassigned.append(
                    DamagedBlock(block: "the name of site \(number)", reason: "no site can have it"))
            }
        }
    }

    mutating func readSegments(_ database: Database, cache: PartCache, hash: EventHash) throws(StorageError) {
        try Self.walk(database, Keys.segmentPrefix) { key, value in
            guard let (site, number) = Keys.siteAndNumber(key) else {
                state.unassigned.append(DamagedBlock(key: key, of: "segment"))
                return
            }
            pass(number)
            let identity = Block.Identity(kind: .part, site: site, number: number)
            do throws(StorageError) {
                let payload = try Block.decode(value, identity: identity)
                let header = try StoredParts.decoding(identity, payload) { (bytes) throws(DecodingFault) in
                    try SegmentHeader(decoding: bytes, hash: hash, version: Block.version(value))
                }
                let name = try requireName(of: site, block: identity.name)
                let parts = StoredParts(database: database, cache: cache, hash: hash, site: site, segment: number)
                let segment = Segment(site: site, number: number, header: header, source: .stored(parts))
                state.sites[site, default: SiteData()].sealed.append(segment)
                note(segment, site: name)
            } catch {
                note(DamagedBlock(error, block: identity.name), site: site)
            }
        }
    }

    mutating func readLog(_ database: Database, hash: EventHash, now: Int64) throws(StorageError) {
        try Self.walk(database, Keys.logPrefix) { key, value in
            guard let (site, sequence) = Keys.siteAndNumber(key) else {
                state.unassigned.append(DamagedBlock(key: key, of: "log row"))
                return
            }
            pass(sequence)
            let identity = Block.Identity(kind: .log, site: site, number: sequence)
            do throws(StorageError) {
                let payload = try Block.decode(value, identity: identity)
                let (header, columns) = try StoredParts.decoding(identity, payload) { (bytes) throws(DecodingFault) in
                    try LogRow.decode(bytes, hash: hash)
                }
                let name = try requireName(of: site, block: identity.name)
                let segment = Segment(site: site, number: sequence, header: header, source: .memory(columns))
                note(segment, site: name)
                // What is damaged is in no partition, so no seal ever deletes it.
                state.sites[site, default: SiteData()].partitions[header.month, default: Partition(lastSeal: now)]
                    .runs.append(InFlightRun(segment: segment, sequences: [sequence]))
            } catch {
                note(DamagedBlock(error, block: identity.name), site: site)
            }
        }
    }

    /// Logs what was found damaged, each block once, and what that means.
    func report(to logger: Logger) {
        var lost = state.unassigned
        for data in state.sites.values { lost += data.damaged }
        for block in lost.prefix(Self.reportedBlocks) {
            logger.error(
                "A stored block is damaged; queries of its site are refused and it stays where it is.",
                metadata: ["block": "\(block.block)", "reason": "\(block.reason)"])
        }
        for block in state.damagedIds.prefix(Self.reportedBlocks) {
            logger.error(
                "Stored ids are damaged; an event that is sent again with one of them counts again.",
                metadata: ["block": "\(block.block)", "reason": "\(block.reason)"])
        }
        let unnamed = max(0, lost.count - Self.reportedBlocks) + max(0, state.damagedIds.count - Self.reportedBlocks)
        if unnamed > 0 {
            logger.error("More blocks are damaged; `weir check` lists all.", metadata: ["blocks": "\(unnamed)"])
        }
    }

    /// Damaged blocks of each kind that are logged one by one.
    private static let reportedBlocks = 100

    /// Sees to it that no number is given out twice.
    mutating func pass(_ number: UInt64) {
        // A key may hold any number; the highest one leaves none to follow it.
        nextNumber = max(nextNumber, number == .max ? number : number + 1)
    }

    private func requireName(of site: UInt32, block: String) throws(StorageError) -> String {
        guard let name = names[site] else {
            throw .corrupt(block: block, reason: "its site \(site) is unknown")
        }
        return name
    }

    /// Remembers a damaged block with the site it belongs to.
    mutating func note(_ block: DamagedBlock, site: UInt32) {
        if names[site] != nil {
            state.sites[site]?.damaged.append(block)
        } else {
            state.unassigned.append(block)
        }
    }

    /// Takes over what a segment's header says of its site.
    private mutating func note(_ segment: Segment, site: String) {
        let latest = state.sites[segment.site]?.latest ?? .min
        state.sites[segment.site, default: SiteData()].latest = max(latest, segment.header.last)
        for column in segment.header.columns where column.name.utf8.starts(with: Field.propertyPrefix.utf8) {
            let name = column.name.utf8.dropFirst(Field.propertyPrefix.utf8.count)
            propertyNames.register(site: site, name: String(decoding: name, as: UTF8.self))
        }
        for run in segment.header.names { eventNames.register(site: site, name: run.name) }
    }
}
