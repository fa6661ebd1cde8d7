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

    func values(chunk: Int, rows: Int) throws(StorageError) -> [Double] {
        let entry = try cached(PartID(part: .values, chunk: UInt32(chunk))) { (bytes) throws(DecodingFault) in
            .values(try SegmentParts.decodeValues(bytes, rows: rows))
        }
        guard case .values(let values) = entry else { preconditionFailure("a cache key names one kind of part") }
        return values
    }

    func codes(column: Int, chunk: Int, rows: Int, below limit: Int) throws(StorageError) -> CodeChunk {
        let id = PartID(part: .codes, column: UInt16(column), chunk: UInt32(chunk))
        let entry = try cached(id) { (bytes) throws(DecodingFault) in
            .codes(try SegmentParts.decodeIntegers(bytes, rows: rows, below: limit))
        }
        guard case .codes(let chunk) = entry else { preconditionFailure("a cache key names one kind of part") }
        return chunk
    }

    func rollup(column: Int, codes: Int, names: Int) throws(StorageError) -> Rollup {
        let entry = try cached(PartID(part: .rollup, column: UInt16(column))) { (bytes) throws(DecodingFault) in
            .rollup(try Rollup(decoding: bytes, codes: codes, names: names))
        }
        guard case .rollup(let rollup) = entry else { preconditionFailure("a cache key names one kind of part") }
        return rollup
    }

    private func cached(
        _ id: PartID, decode: (UnsafeRawBufferPointer) throws(DecodingFault) -> PartCache.Entry
    ) throws(StorageError) -> PartCache.Entry {
        try cache.entry(PartCache.Key(segment: segment, part: id)) { () throws(StorageError) in
            let identity = Block.Identity(kind: .part, site: site, number: segment, part: id)
            let payload = try StoredParts.payload(
                database, key: Keys.part(site: site, segment: segment, id), identity: identity)
            return try StoredParts.decoding(identity, payload, decode)
        }
    }

    /// The checked payload of a block in the database.
    static func payload(
        _ database: Database, key: [UInt8], identity: Block.Identity
    ) throws(StorageError) -> [UInt8] {
        let result: Result<[UInt8], StorageError>?
        do throws(RocksDBError) {
            result = try database.withValue(key) { bytes -> Result<[UInt8], StorageError> in
                Result { () throws(StorageError) in try Block.decode(bytes, identity: identity) }
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
