import Events
import RocksDB

extension StoreStats {
    /// Reads what a store holds, also while a server has it open: it is then the store of the moment it is read.
    ///
    /// - Parameter encodings: whether payloads are inflated to see how chunks are encoded.
    /// - Throws: ``StorageError``; beside a running server also when its files change too quickly to be opened.
    /// - Complexity: O(bytes of the store).
    public static func read(directory: String, encodings: Bool = false) throws(StorageError) -> StoreStats {
        var attempt = 0
        while true {
            do throws(StorageError) {
                return try readOnce(directory: directory, encodings: encodings)
            } catch {
                // A server that is writing may delete a file between its being listed and its being opened.
                attempt += 1
                guard attempt < 5, ServerFile.holder(of: directory) != .none else { throw error }
            }
        }
    }

    private static func readOnce(directory: String, encodings: Bool) throws(StorageError) -> StoreStats {
        let reader = try StoreReader(directory: directory, isTolerant: false)
        var tally = StatsTally(reader: reader, encodings: encodings)
        try tally.readAll()
        var stats = tally.stats
        stats.formatVersion = reader.version
        do throws(FileError) {
            for (name, bytes) in try FileTree.sizes(in: directory) {
                if name.hasSuffix(".sst") {
                    stats.tableBytes += bytes
                } else if name.hasSuffix(".log") {
                    stats.logBytes += bytes
                } else {
                    stats.otherBytes += bytes
                }
            }
        } catch {
            throw .unusable(error.description)
        }
        return stats
    }
}

/// Adds up the rows of a store.
private struct StatsTally {
    let reader: StoreReader
    let encodings: Bool
    private var sites: [UInt32: StoreStats.Site] = [:]
    private var columns: [UInt32: [String: StoreStats.Column]] = [:]
    private var headers: [UInt64: SegmentHeader] = [:]
    private var siteOfSegment: [UInt64: UInt32] = [:]
    private var levels: [UInt32: [BucketLevel: StoreStats.Level]] = [:]
    private var ids = StoreStats.Size()
    private var unreadable = 0

    init(reader: StoreReader, encodings: Bool) {
        self.reader = reader
        self.encodings = encodings
    }

    var stats: StoreStats {
        var stats = StoreStats()
        stats.ids = ids
        stats.unreadable = unreadable
        for (number, site) in sites {
            var site = site
            site.name = reader.title(of: number)
            site.levels = (levels[number] ?? [:]).values.sorted { $0.level < $1.level }
            site.columns = (columns[number] ?? [:]).values.sorted {
                $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
            }
            stats.sites.append(site)
        }
        stats.sites.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return stats
    }

    mutating func readAll() throws(StorageError) {
        try rows(Keys.sitePrefix) { tally, key, value in
            guard key.count == 5, let number = Keys.trailing(key, as: UInt32.self) else { return false }
            tally.reader.name(String(decoding: value, as: UTF8.self), of: number)
            tally.sites[number] = StoreStats.Site(name: "")
            return true
        }
        try rows(Keys.segmentPrefix) { tally, key, value in tally.header(key, value) }
        try rows(Keys.partPrefix) { tally, key, value in tally.part(key, value) }
        try rows(Keys.logPrefix) { tally, key, value in
            tally.count(key, value, .logRows) { $0.logRows += 1 }
        }
        try rows(Keys.deadLetterPrefix) { tally, key, value in
            tally.count(key, value, .deadLetters) { $0.deadLetters += 1 }
        }
        try rows(Keys.erasurePrefix) { tally, key, value in tally.count(key, value, .erasures) { _ in } }
        try rows(Keys.idsPrefix) { tally, _, value in
            guard let size = StoreStats.Size(block: value) else { return false }
            tally.ids.add(size)
            return true
        }
        if encodings { try readEncodings() }
    }

    /// Walks over the rows with a prefix; `body` says whether a row could be read.
    private mutating func rows(
        _ prefix: [UInt8],
        _ body: (inout StatsTally, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool
    ) throws(StorageError) {
        var iterator = reader.database.iterate(prefix: prefix, fillCache: false)
        do throws(RocksDBError) {
            while let isRead = try iterator.next({ key, value in body(&self, key, value) }) {
                if !isRead { unreadable += 1 }
            }
        } catch {
            throw .database(error)
        }
    }

    private mutating func header(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        guard let (site, number) = Keys.siteAndNumber(key), let size = StoreStats.Size(block: value) else {
            return false
        }
        sites[site, default: StoreStats.Site(name: "")].groups[.headers, default: StoreStats.Size()].add(size)
        let identity = Block.Identity(kind: .part, site: site, number: number)
        let header: SegmentHeader
        do throws(StorageError) {
            let payload = try Block.decode(value, identity: identity)
            header = try StoredParts.decoding(identity, payload) { (bytes) throws(DecodingFault) in
                try SegmentHeader(decoding: bytes, hash: reader.hash, version: Block.version(value))
            }
        } catch {
            return false
        }
        headers[number] = header
        siteOfSegment[number] = site
        let level = header.bucket.level
        levels[site, default: [:]][level, default: StoreStats.Level(level: level)].add(header)
        return true
    }

    private mutating func part(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        guard let (site, number, id) = Keys.part(key), let size = StoreStats.Size(block: value) else { return false }
        sites[site, default: StoreStats.Site(name: "")].groups[id.part.group, default: StoreStats.Size()].add(size)
        guard id.part.isOfColumn else {
            sites[site]?.parts[id.part.key, default: StoreStats.Size()].add(size)
            return true
        }
        if id.part == .rollup, id.column == SegmentHours.column {
            sites[site]?.parts["hours", default: StoreStats.Size()].add(size)
            return true
        }
        guard let header = headers[number], header.columns.indices.contains(Int(id.column)) else { return true }
        let name = header.columns[Int(id.column)].name
        columns[site, default: [:]][name, default: StoreStats.Column(name: name)].add(id.part, size)
        return true
    }

    /// How the chunks of all columns are encoded.
    private mutating func readEncodings() throws(StorageError) {
        for (number, header) in headers {
            guard let site = siteOfSegment[number] else { continue }
            let segment = reader.segment(site: site, number: number, header: header)
            for (index, column) in header.columns.enumerated() {
                for chunk in 0..<header.chunks {
                    let name = try segment.encoding(ofCodes: index, chunk: chunk)
                    columns[site, default: [:]][column.name, default: StoreStats.Column(name: column.name)]
                        .encodings[name, default: 0] += 1
                }
            }
            reader.cache.remove(segment: number)
        }
    }

    private mutating func count(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ group: StoreStats.Group,
        _ body: (inout StoreStats.Site) -> Void
    ) -> Bool {
        guard let (number, _) = Keys.siteAndNumber(key), let size = StoreStats.Size(block: value) else { return false }
        sites[number, default: StoreStats.Site(name: "")].groups[group, default: StoreStats.Size()].add(size)
        body(&sites[number, default: StoreStats.Site(name: "")])
        return true
    }
}

extension Block {
    /// What a block's header says its payload has before compression; `nil` if it has none.
    static func payloadBytes(_ block: UnsafeRawBufferPointer) -> Int? {
        guard block.count >= headerBytes, block[0] == 0x57, block[1] == 0x42 else { return nil }
        return Int(UInt32(littleEndian: block.loadUnaligned(fromByteOffset: 24, as: UInt32.self)))
    }
}
