import Events
import RocksDB

/// Reads one sealed segment's parts: from the cache, or from the database, checked and decoded.
struct StoredParts: Sendable {
    let database: Database
    let cache: PartCache
    let hash: EventHash
    let site: UInt32
    let segment: UInt64

    func visitorHashes(_ header: SegmentHeader) throws(StorageError) -> [UInt64] {
        let id = PartID(part: .visitorHashes)
        let entry = try cached(id) { (bytes) throws(DecodingFault) in
            .hashes(try SegmentParts.decodeHashes(bytes, count: header.visitors))
        }
        guard case .hashes(let hashes) = entry else { preconditionFailure("a cache key names one kind of part") }
        return hashes
    }

    func table(_ id: PartID, count: Int) throws(StorageError) -> ValueTable {
        let entry = try cached(id) { (bytes) throws(DecodingFault) in
            .table(try SegmentParts.decodeTable(bytes, count: count, hash: hash))
        }
        guard case .table(let table) = entry else { preconditionFailure("a cache key names one kind of part") }
        return table
    }

    func integers(_ part: Part, chunk: Int, rows: Int, below limit: Int) throws(StorageError) -> [UInt32] {
        let entry = try cached(PartID(part: part, chunk: UInt32(chunk))) { (bytes) throws(DecodingFault) in
            .integers(try SegmentParts.decodeWide(bytes, rows: rows, below: limit))
        }
        guard case .integers(let values) = entry else { preconditionFailure("a cache key names one kind of part") }
        return values
    }

    func values(_ header: SegmentHeader, chunk: Int) throws(StorageError) -> [Double] {
        let rows = header.rows(inChunk: chunk)
        if header.version >= 2, try !directory(header).hasValues[chunk] {
            return [Double](repeating: .nan, count: rows)
        }
        let entry = try cached(PartID(part: .values, chunk: UInt32(chunk))) { (bytes) throws(DecodingFault) in
            .values(
                header.version >= 2
                    ? try SegmentParts.decodeMeasures(bytes, rows: rows)
                    : try SegmentParts.decodeValues(bytes, rows: rows))
        }
        guard case .values(let values) = entry else { preconditionFailure("a cache key names one kind of part") }
        return values
    }

    /// The segment's zone maps; of version 2.
    func directory(_ header: SegmentHeader) throws(StorageError) -> ChunkDirectory {
        let entry = try cached(PartID(part: .directory)) { (bytes) throws(DecodingFault) in
            .directory(try ChunkDirectory(decoding: bytes, header))
        }
        guard case .directory(let directory) = entry else {
            preconditionFailure("a cache key names one kind of part")
        }
        return directory
    }

    /// The codes of a chunk of a column, wherever they come from.
    func codes(_ header: SegmentHeader, column: Int, chunk: Int) throws(StorageError) -> CodeChunk {
        let rows = header.rows(inChunk: chunk)
        let limit = header.columns[column].distinct
        let id = PartID(part: .codes, column: UInt16(column), chunk: UInt32(chunk))
        if header.version >= 2 {
            let zone = try directory(header).columns[column][chunk]
            switch zone.kind {
            case .constant: return .constant(zone.minimum, count: rows)
            case .stored: break
            case .derived, .corrected:
                let entry = try cache.entry(PartCache.Key(segment: segment, part: id)) { () throws(StorageError) in
                    .codes(try derive(header, id, isCorrected: zone.kind == .corrected))
                }
                guard case .codes(let chunk) = entry else { preconditionFailure("a cache key names one kind of part") }
                return chunk
            }
        }
        let entry = try cached(id) { (bytes) throws(DecodingFault) in
            .codes(try SegmentParts.decodeIntegers(bytes, rows: rows, below: limit))
        }
        guard case .codes(let chunk) = entry else { preconditionFailure("a cache key names one kind of part") }
        return chunk
    }

    /// Works out a chunk of a derived column.
    private func derive(
        _ header: SegmentHeader, _ id: PartID, isCorrected: Bool
    ) throws(StorageError) -> CodeChunk {
        let column = Int(id.column)
        let chunk = Int(id.chunk)
        let rows = header.rows(inChunk: chunk)
        let limit = header.columns[column].distinct
        var derived: CodeChunk
        switch header.columns[column].storage {
        case .plain: preconditionFailure("the directory was checked against the header")
        case .byVisitor:
            let visitorCodes = try visitorCodes(header, column: column)
            let ordinals = try integers(.ordinals, chunk: chunk, rows: rows, below: header.visitors)
            derived = try decoding(PartID(part: .visitorCodes, column: id.column)) { () throws(DecodingFault) in
                try visitorCodes.picked(at: ordinals, below: header.visitors)
            }
        case .byColumn(let base):
            let map = try columnMap(header, column: column, base: base)
            let baseCodes = try self.codes(header, column: base, chunk: chunk)
            let start = chunk * CodeChunk.rows
            var parts: [(name: Int, rows: Range<Int>)] = []
            for (name, run) in header.names.enumerated() {
                let part = run.rows.clamped(to: start..<(start + rows))
                if !part.isEmpty { parts.append((name, (part.lowerBound - start)..<(part.upperBound - start))) }
            }
            derived = try decoding(PartID(part: .columnMap, column: id.column)) { () throws(DecodingFault) in
                try map.follow(baseCodes, below: header.columns[base].distinct, parts, limit: limit)
            }
        }
        if isCorrected {
            let identity = Block.Identity(kind: .part, site: site, number: segment, part: id)
            derived = try StoredParts.payload(
                database, key: Keys.part(site: site, segment: segment, id), identity: identity
            ) { [derived] (bytes) throws(DecodingFault) in try derived.corrected(bytes, below: limit) }
        }
        return derived
    }

    /// Each visitor's code in a column, joined into one chunk of them all.
    private func visitorCodes(_ header: SegmentHeader, column: Int) throws(StorageError) -> CodeChunk {
        let whole = PartID(part: .visitorCodes, column: UInt16(column), chunk: .max)
        let entry = try cache.entry(PartCache.Key(segment: segment, part: whole)) { () throws(StorageError) in
            let limit = header.columns[column].distinct
            var chunks: [CodeChunk] = []
            for start in stride(from: 0, to: header.visitors, by: CodeChunk.rows) {
                let id = PartID(part: .visitorCodes, column: UInt16(column), chunk: UInt32(start / CodeChunk.rows))
                let identity = Block.Identity(kind: .part, site: site, number: segment, part: id)
                chunks.append(
                    try StoredParts.payload(
                        database, key: Keys.part(site: site, segment: segment, id), identity: identity
                    ) { (bytes) throws(DecodingFault) in
                        try SegmentParts.decodeIntegers(
                            bytes, rows: min(CodeChunk.rows, header.visitors - start), below: limit)
                    })
            }
            return .codes(CodeChunk(joining: chunks, below: limit))
        }
        guard case .codes(let codes) = entry else { preconditionFailure("a cache key names one kind of part") }
        return codes
    }

    /// What the base column's codes mean in a column.
    private func columnMap(_ header: SegmentHeader, column: Int, base: Int) throws(StorageError) -> ColumnMap {
        let entry = try cached(PartID(part: .columnMap, column: UInt16(column))) { (bytes) throws(DecodingFault) in
            .columnMap(
                try ColumnMap(
                    decoding: bytes, names: header.names.count, rows: header.rows,
                    base: header.columns[base].distinct, below: header.columns[column].distinct))
        }
        guard case .columnMap(let map) = entry else { preconditionFailure("a cache key names one kind of part") }
        return map
    }

    /// Runs what fails when blocks contradict each other, naming one of them.
    private func decoding<R>(_ id: PartID, _ body: () throws(DecodingFault) -> R) throws(StorageError) -> R {
        do throws(DecodingFault) {
            return try body()
        } catch {
            let identity = Block.Identity(kind: .part, site: site, number: segment, part: id)
            throw .corrupt(block: identity.name, reason: "it \(error.reason)")
        }
    }

    /// A roll-up's directory and first block; the others are read when they are asked for.
    func rollup(column: UInt16, kind: RollupKind, _ shape: RollupShape) throws(StorageError) -> Rollup {
        let entry = try cached(PartID(part: .rollup, column: column)) { (bytes) throws(DecodingFault) in
            .rollup(
                kind == .version1
                    ? try RollupHead(decodingVersion1: bytes, shape) : try RollupHead(decoding: bytes, shape))
        }
        guard case .rollup(let head) = entry else { preconditionFailure("a cache key names one kind of part") }
        return Rollup(head: head, parts: self, column: column, shape: shape)
    }

    /// A later block of a roll-up.
    func rollupBlock(
        column: UInt16, index: Int, _ summary: RollupDirectory.Summary, _ shape: RollupShape
    ) throws(StorageError) -> RollupBlock {
        let id = PartID(part: .rollup, column: column, chunk: Rollup.chunk(ofBlock: index))
        let entry = try cached(id) { (bytes) throws(DecodingFault) in
            .rollupBlock(try RollupBlock(decoding: bytes, summary, shape))
        }
        guard case .rollupBlock(let block) = entry else { preconditionFailure("a cache key names one kind of part") }
        return block
    }

    /// The visitor sets of a roll-up's block.
    func rollupSets(
        column: UInt16, index: Int, _ summary: RollupDirectory.Summary, _ shape: RollupShape
    ) throws(StorageError) -> RollupSets {
        let id = PartID(part: .rollup, column: column, chunk: Rollup.chunk(ofSets: index))
        let entry = try cached(id) { (bytes) throws(DecodingFault) in
            .rollupSets(try RollupSets(decoding: bytes, summary, shape))
        }
        guard case .rollupSets(let sets) = entry else { preconditionFailure("a cache key names one kind of part") }
        return sets
    }

    private func cached(
        _ id: PartID, decode: (UnsafeRawBufferPointer) throws(DecodingFault) -> PartCache.Entry
    ) throws(StorageError) -> PartCache.Entry {
        try cache.entry(PartCache.Key(segment: segment, part: id)) { () throws(StorageError) in
            let identity = Block.Identity(kind: .part, site: site, number: segment, part: id)
            return try StoredParts.payload(
                database, key: Keys.part(site: site, segment: segment, id), identity: identity, decode)
        }
    }

    /// The checked payload of a block in the database.
    static func payload(
        _ database: Database, key: [UInt8], identity: Block.Identity
    ) throws(StorageError) -> [UInt8] {
        try payload(database, key: key, identity: identity) { [UInt8]($0) }
    }

    /// Decodes the checked payload of a block in the database, where it lies if it is not compressed.
    static func payload<R>(
        _ database: Database, key: [UInt8], identity: Block.Identity,
        _ decode: (UnsafeRawBufferPointer) throws(DecodingFault) -> R
    ) throws(StorageError) -> R {
        let result: Result<R, StorageError>?
        do throws(RocksDBError) {
            result = try database.withValue(key) { bytes -> Result<R, StorageError> in
                Result { () throws(StorageError) in
                    try Block.withPayload(bytes, identity: identity) { (payload) throws(StorageError) in
                        do throws(DecodingFault) {
                            return try decode(payload)
                        } catch {
                            throw .corrupt(block: identity.name, reason: "it \(error.reason)")
                        }
                    }
                }
            }
        } catch {
            throw .database(error)
        }
        guard let result else { throw .corrupt(block: identity.name, reason: "it is missing") }
        return try result.get()
    }

    /// Decodes a payload, naming the block in what is thrown.
    static func decoding<R>(
        _ identity: Block.Identity, _ payload: [UInt8],
        _ decode: (UnsafeRawBufferPointer) throws(DecodingFault) -> R
    ) throws(StorageError) -> R {
        do throws(DecodingFault) {
            return try payload.withBytes(decode)
        } catch {
            throw .corrupt(block: identity.name, reason: "it \(error.reason)")
        }
    }
}
