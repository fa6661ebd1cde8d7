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
    /// Removes all keys from `start` up to, not including, `end` (`rocksdb_writebatch_delete_range`).
    ///
    /// Costs one entry however many keys there are. Until the range has been compacted, reads around it look at that
    /// entry too: it is meant for removing much at once, not for single keys.
    public mutating func deleteRange(from start: [UInt8], to end: [UInt8]) {
        start.withUnsafeBytes { start in
            end.withUnsafeBytes { end in
                rocksdb_writebatch_delete_range(
                    handle, start.baseAddress?.assumingMemoryBound(to: CChar.self), start.count,
                    end.baseAddress?.assumingMemoryBound(to: CChar.self), end.count)
            }
        }
    }
}
