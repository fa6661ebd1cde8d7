internal import CRocksDB

/// A walk over the keys with one prefix, in ascending order (`rocksdb_iterator_t`).
///
/// It sees the database as it was when the walk began.
public struct KeyIterator: ~Copyable {
    private let handle: OpaquePointer
    private let options: OpaquePointer
    private let prefix: [UInt8]
    // Keeps the database open for as long as the iterator lives, as RocksDB demands.
    private let database: Database

    init(database: Database, prefix: [UInt8], from start: [UInt8], fillCache: Bool) {
        self.database = database
        self.prefix = prefix
        options = rocksdb_readoptions_create()
        rocksdb_readoptions_set_total_order_seek(options, 1)
        rocksdb_readoptions_set_verify_checksums(options, 1)
        rocksdb_readoptions_set_fill_cache(options, fillCache ? 1 : 0)
        handle = rocksdb_create_iterator(database.handle, options)
        start.withUnsafeBytes {
            rocksdb_iter_seek(handle, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
    }

    deinit {
        rocksdb_iter_destroy(handle)
        rocksdb_readoptions_destroy(options)
    }

    /// Calls `body` with the current key and value, which are valid during the call only, and moves on.
    ///
    /// - Returns: `nil` after the last key of the prefix.
    /// - Throws: what RocksDB reported, a checksum mismatch for example; never a silently shorter walk.
    public mutating func next<R>(
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> R
    ) throws(RocksDBError) -> R? {
        guard rocksdb_iter_valid(handle) != 0 else {
            try check { rocksdb_iter_get_error(handle, $0) }
            return nil
        }
        var keyCount = 0
        var valueCount = 0
        let key = UnsafeRawBufferPointer(start: rocksdb_iter_key(handle, &keyCount), count: keyCount)
        guard key.starts(with: prefix) else { return nil }
        let value = UnsafeRawBufferPointer(start: rocksdb_iter_value(handle, &valueCount), count: valueCount)
        let result = body(key, value)
        rocksdb_iter_next(handle)
        return result
    }
}
