import Events
import Logging
import RocksDB

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension Store {
    /// Opens a store, creating it in a missing or empty directory, and recovers everything that was acknowledged.
    ///
    /// - Throws: ``StorageError/unusable(_:)`` when the directory cannot be used (another process has it open,
    ///   another format);
    ///   ``StorageError/corrupt(block:reason:)`` when a log row cannot be read: nothing is skipped and nothing deleted.
    /// - Complexity: O(rows in flight + sealed segments).
    public static func open(
        directory: String, options: StoreOptions = StoreOptions(), clock: any WallClock = SystemClock(), logger: Logger
    ) throws(StorageError) -> Store {
        var configuration = Database.Configuration()
        configuration.blockCacheBytes = options.blockCacheBytes
        let database: Database
        do throws(RocksDBError) {
            if mkdir(directory, 0o700) != 0, errno != EEXIST {
                throw RocksDBError(message: "IO error: \(directory): \(String(cString: strerror(errno)))")
            }
            database = try Database(path: directory, configuration: configuration)
        } catch {
            guard error.kind == .locked else {
                throw .unusable("The data directory \(directory) cannot be opened: \(error)")
            }
            throw .unusable(
                "The data directory \(directory) is in use by another process. "
                    + "Stop that one first, or choose another directory with --data.")
        }
        let hash = try identity(of: database, directory: directory)
        let cache = PartCache(limit: options.partCacheBytes)
        var recovered = RecoveredStore(
            writer: StoreWriter(
                ids: IdSet(
                    limits: IdSet.Limits(horizon: options.deduplicationHorizon, entries: options.deduplicationEntries))),
            propertyNames: PropertyNames(hash: hash))
        try recovered.readSites(database)
        try recovered.readSegments(database, cache: cache, hash: hash)
        try recovered.readLog(database, hash: hash, now: clock.milliseconds())
        try recovered.readIds(database)
        try recovered.readDeadLetters(database)
        return Store(
            options: options, database: database, hash: hash, clock: clock, logger: logger, cache: cache,
            recovered: recovered)
    }

    /// Checks the format and reads the seed; writes both into a new store.
    private static func identity(of database: Database, directory: String) throws(StorageError) -> EventHash {
        let format = try Storage.database { () throws(RocksDBError) in try database.get(Keys.format) }
        if let format {
            guard format.count == 4, format.littleEndianValue(UInt32.self) == formatVersion else {
                throw .unusable(
                    "The data directory \(directory) holds format \(format.littleEndianValue(UInt32.self) ?? 0); "
                        + "this program reads format \(formatVersion). Use the program that wrote it.")
            }
            let seed = try Storage.database { () throws(RocksDBError) in try database.get(Keys.seed) }
            guard let seed = seed?.littleEndianValue(UInt64.self) else {
                throw .corrupt(block: "the store's seed", reason: "it is missing")
            }
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

extension Array where Element == UInt8 {
    /// The array as one little-endian number; `nil` if it has another size.
    func littleEndianValue<T: FixedWidthInteger>(_ type: T.Type) -> T? {
        guard count == MemoryLayout<T>.size else { return nil }
        return withUnsafeBytes { T(littleEndian: $0.loadUnaligned(as: T.self)) }
    }
}

extension RecoveredStore {
    /// Calls `body` for every row with a prefix; the first error it returns ends the walk.
    private func walk(
        _ database: Database, _ prefix: [UInt8],
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> StorageError?
    ) throws(StorageError) {
        var iterator = database.iterate(prefix: prefix)
        while true {
            let result: StorageError??
            do throws(RocksDBError) {
                result = try iterator.next(body)
            } catch {
                throw .database(error)
            }
            guard let result else { return }
            if let error = result { throw error }
        }
    }

    mutating func readSites(_ database: Database) throws(StorageError) {
        var numbers: [String: UInt32] = [:]
        try walk(database, Keys.sitePrefix) { key, value in
            guard key.count == 5, let number = Keys.trailing(key, as: UInt32.self) else {
                return .corrupt(block: "a site's key", reason: "it has \(key.count) bytes")
            }
            numbers[String(decoding: value, as: UTF8.self)] = number
            return nil
        }
        state.numbers = numbers
        for number in numbers.values { state.sites[number] = SiteData() }
    }

    mutating func readSegments(_ database: Database, cache: PartCache, hash: EventHash) throws(StorageError) {
        var segments: [Segment] = []
        try walk(database, Keys.segmentPrefix) { key, value in
            guard let (site, number) = Keys.siteAndNumber(key) else {
                return .corrupt(block: "a segment's key", reason: "it has \(key.count) bytes")
            }
            let identity = Block.Identity(kind: .part, site: site, number: number)
            do throws(StorageError) {
                let payload = try Block.decode(value, identity: identity)
                let header = try StoredParts.decoding(identity, payload) { (bytes) throws(DecodingFault) in
                    try SegmentHeader(decoding: bytes, hash: hash)
                }
                let parts = StoredParts(database: database, cache: cache, hash: hash, site: site, segment: number)
                segments.append(Segment(site: site, number: number, header: header, source: .stored(parts)))
                return nil
            } catch {
                return error
            }
        }
        for segment in segments {
            guard let name = siteName(segment.site) else {
                throw .corrupt(block: "segment \(segment.number)", reason: "its site \(segment.site) is unknown")
            }
            state.sites[segment.site, default: SiteData()].sealed.append(segment)
            note(segment, site: name)
        }
    }

    mutating func readLog(_ database: Database, hash: EventHash, now: Int64) throws(StorageError) {
        var runs: [(segment: Segment, sequence: UInt64)] = []
        try walk(database, Keys.logPrefix) { key, value in
            guard let (site, sequence) = Keys.siteAndNumber(key) else {
                return .corrupt(block: "a log row's key", reason: "it has \(key.count) bytes")
            }
            let identity = Block.Identity(kind: .log, site: site, number: sequence)
            do throws(StorageError) {
                let payload = try Block.decode(value, identity: identity)
                let (header, columns) = try StoredParts.decoding(identity, payload) { (bytes) throws(DecodingFault) in
                    try LogRow.decode(bytes, hash: hash)
                }
                let segment = Segment(site: site, number: sequence, header: header, source: .memory(columns))
                runs.append((segment, sequence))
                return nil
            } catch {
                return error
            }
        }
        for run in runs {
            guard let name = siteName(run.segment.site) else {
                throw .corrupt(block: "log row \(run.sequence)", reason: "its site \(run.segment.site) is unknown")
            }
            note(run.segment, site: name)
            state.sites[run.segment.site, default: SiteData()]
                .partitions[run.segment.header.month, default: Partition(lastSeal: now)]
                .runs.append(InFlightRun(segment: run.segment, sequences: [run.sequence]))
        }
    }

    mutating func readIds(_ database: Database) throws(StorageError) {
        var rows: [(sequence: UInt64, time: Int64)] = []
        var ids = writer.ids
        try walk(database, Keys.idsPrefix) { key, value in
            guard key.count == 9, let sequence = Keys.trailing(key, as: UInt64.self) else {
                return .corrupt(block: "an ids row's key", reason: "it has \(key.count) bytes")
            }
            let identity = Block.Identity(kind: .ids, number: sequence)
            do throws(StorageError) {
                let payload = try Block.decode(value, identity: identity)
                try StoredParts.decoding(identity, payload) { (bytes) throws(DecodingFault) in
                    var reader = ByteReader(bytes)
                    let time = try reader.fixed(Int64.self)
                    let count = try reader.count(ofSize: 8)
                    for id in try reader.array(UInt64.self, count: count) where id != 0 {
                        _ = ids.insert(id, at: time)
                    }
                    rows.append((sequence, time))
                }
                return nil
            } catch {
                return error
            }
        }
        writer.ids = ids
        writer.idRows = rows
        nextNumber = max(nextNumber, (rows.last?.sequence ?? 0) + 1)
    }

    mutating func readDeadLetters(_ database: Database) throws(StorageError) {
        var letters: [UInt32: [UInt64]] = [:]
        try walk(database, Keys.deadLetterPrefix) { key, _ in
            guard let (site, sequence) = Keys.siteAndNumber(key) else {
                return .corrupt(block: "a dead letter's key", reason: "it has \(key.count) bytes")
            }
            letters[site, default: []].append(sequence)
            return nil
        }
        writer.deadLetters = letters
        nextNumber = max(nextNumber, (letters.values.compactMap(\.last).max() ?? 0) + 1)
    }

    private func siteName(_ number: UInt32) -> String? {
        state.numbers.first { $0.value == number }?.key
    }

    /// Takes over what a segment's header says of its site.
    private mutating func note(_ segment: Segment, site: String) {
        nextNumber = max(nextNumber, segment.number + 1)
        let latest = state.sites[segment.site]?.latest ?? .min
        state.sites[segment.site, default: SiteData()].latest = max(latest, segment.header.last)
        for column in segment.header.columns where column.name.utf8.starts(with: Field.propertyPrefix.utf8) {
            let name = column.name.utf8.dropFirst(Field.propertyPrefix.utf8.count)
            propertyNames.register(site: site, name: String(decoding: name, as: UTF8.self))
        }
    }
}
