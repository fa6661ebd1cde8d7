internal import CRocksDB

/// Changes that become durable together or not at all (`rocksdb_writebatch_t`).
public struct WriteBatch: ~Copyable {
    let handle: OpaquePointer

    /// Creates an empty batch.
    public init() {
        handle = rocksdb_writebatch_create()
    }

    deinit {
        rocksdb_writebatch_destroy(handle)
    }

    /// Number of changes (`rocksdb_writebatch_count`).
    public var count: Int { Int(rocksdb_writebatch_count(handle)) }

    /// Sets a key (`rocksdb_writebatch_put`). Copies both.
    public mutating func put(_ key: [UInt8], _ value: UnsafeRawBufferPointer) {
        key.withUnsafeBytes { key in
            rocksdb_writebatch_put(
                handle, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count,
                value.baseAddress?.assumingMemoryBound(to: CChar.self), value.count)
        }
    }

    /// Sets a key (`rocksdb_writebatch_put`). Copies both.
    public mutating func put(_ key: [UInt8], _ value: [UInt8]) {
        value.withUnsafeBytes { put(key, $0) }
    }

    /// Removes a key (`rocksdb_writebatch_delete`).
    public mutating func delete(_ key: [UInt8]) {
        key.withUnsafeBytes {
            rocksdb_writebatch_delete(handle, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
    }
}
