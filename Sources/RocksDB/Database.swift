internal import CRocksDB

/// An open RocksDB database (`rocksdb_t`) with the one configuration Weir needs.
///
/// `@unchecked Sendable`: RocksDB documents every operation used here as safe to call from several threads at once,
/// and the handle itself never changes between `init` and `deinit`.
public final class Database: @unchecked Sendable {
    let handle: OpaquePointer
    private let options: OpaquePointer
    private let tableOptions: OpaquePointer
    private let blockCache: OpaquePointer
    private let synced: OpaquePointer
    private let read: OpaquePointer

    /// How a database is opened.
    public struct Configuration: Sendable {
        /// Bytes RocksDB may hold of blocks it has read.
        public var blockCacheBytes = 64 << 20
        /// Bytes of recent writes in memory before they are flushed to a file.
        public var writeBufferBytes = 64 << 20
        /// Background threads for flushing and compaction.
        public var backgroundThreads = 2
        /// Files held open at most, so that the process keeps a reserve of descriptors.
        public var openFiles = 256
        /// Whether a missing database is created.
        public var createIfMissing = true

        /// The defaults.
        public init() {}
    }

    /// Opens a database, creating it if it is missing (`rocksdb_open`).
    ///
    /// - Throws: ``RocksDBError``; its kind is `.locked` when another process has the directory open.
    public init(path: String, configuration: Configuration = Configuration()) throws(RocksDBError) {
        options = rocksdb_options_create()
        rocksdb_options_set_create_if_missing(options, configuration.createIfMissing ? 1 : 0)
        // Weir's chunks are compressed already; compressing them again would only cost.
        rocksdb_options_set_compression(options, CInt(rocksdb_no_compression))
        rocksdb_options_set_write_buffer_size(options, configuration.writeBufferBytes)
        rocksdb_options_set_max_write_buffer_number(options, 4)
        rocksdb_options_set_max_open_files(options, CInt(configuration.openFiles))
        rocksdb_options_increase_parallelism(options, CInt(configuration.backgroundThreads))
        rocksdb_options_set_paranoid_checks(options, 1)
        rocksdb_options_set_bytes_per_sync(options, 1 << 20)
        rocksdb_options_set_keep_log_file_num(options, 4)
        rocksdb_options_set_max_total_wal_size(options, 256 << 20)
        // 2 is "point in time": after a crash the log is replayed up to its first damaged record, never past a gap.
        rocksdb_options_set_wal_recovery_mode(options, CInt(rocksdb_point_in_time_recovery))

        tableOptions = rocksdb_block_based_options_create()
        blockCache = rocksdb_cache_create_lru(configuration.blockCacheBytes)
        rocksdb_block_based_options_set_block_cache(tableOptions, blockCache)
        rocksdb_block_based_options_set_cache_index_and_filter_blocks(tableOptions, 1)
        rocksdb_block_based_options_set_format_version(tableOptions, 5)
        rocksdb_options_set_block_based_table_factory(options, tableOptions)

        synced = rocksdb_writeoptions_create()
        rocksdb_writeoptions_set_sync(synced, 1)
        read = rocksdb_readoptions_create()
        rocksdb_readoptions_set_verify_checksums(read, 1)

        let options = options
        do throws(RocksDBError) {
            guard let opened = try check({ rocksdb_open(options, path, $0) }) else {
                throw RocksDBError(message: "Invalid argument: RocksDB returned no handle and no error")
            }
            handle = opened
        } catch {
            rocksdb_readoptions_destroy(read)
            rocksdb_writeoptions_destroy(synced)
            rocksdb_block_based_options_destroy(tableOptions)
            rocksdb_cache_destroy(blockCache)
            rocksdb_options_destroy(options)
            throw error
        }
    }

    deinit {
        rocksdb_close(handle)
        rocksdb_readoptions_destroy(read)
        rocksdb_writeoptions_destroy(synced)
        rocksdb_block_based_options_destroy(tableOptions)
        rocksdb_cache_destroy(blockCache)
        rocksdb_options_destroy(options)
    }

    /// Writes a batch and syncs the log: when this returns, the batch is durable (`rocksdb_write`).
    public func write(_ batch: borrowing WriteBatch) throws(RocksDBError) {
        try check { rocksdb_write(handle, synced, batch.handle, $0) }
    }

    /// Calls `body` with a key's value, valid during the call only, or returns `nil` (`rocksdb_get_pinned`).
    public func withValue<R>(
        _ key: [UInt8], _ body: (UnsafeRawBufferPointer) -> R
    ) throws(RocksDBError) -> R? {
        let pinned = try check { error in
            key.withUnsafeBytes {
                rocksdb_get_pinned(
                    handle, read, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, error)
            }
        }
        guard let pinned else { return nil }
        defer { rocksdb_pinnableslice_destroy(pinned) }
        var count = 0
        guard let bytes = rocksdb_pinnableslice_value(pinned, &count) else { return nil }
        return body(UnsafeRawBufferPointer(start: bytes, count: count))
    }

    /// A copy of a key's value, or `nil`.
    public func get(_ key: [UInt8]) throws(RocksDBError) -> [UInt8]? {
        try withValue(key) { [UInt8]($0) }
    }

    /// Walks the keys that start with `prefix`, beginning at `start` or at the first of them.
    public func iterate(prefix: [UInt8], from start: [UInt8]? = nil) -> KeyIterator {
        KeyIterator(database: self, prefix: prefix, from: start ?? prefix)
    }

    /// A property of the database by RocksDB's name for it (`rocksdb_property_value`).
    public func property(_ name: String) -> String? {
        guard let text = rocksdb_property_value(handle, name) else { return nil }
        defer { rocksdb_free(text) }
        return String(cString: text)
    }
}
