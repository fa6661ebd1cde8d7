internal import CRocksDB
import Synchronization

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
    private let unsynced: OpaquePointer
    private let read: OpaquePointer
    private let readPastCache: OpaquePointer

    /// How a database is opened.
    public struct Configuration: Sendable {
        /// Bytes RocksDB may hold of blocks it has read.
        public var blockCacheBytes = 64 << 20
        /// Bytes of recent writes in memory before they are flushed to a file.
        public var writeBufferBytes = 32 << 20
        /// Background threads for flushing and compaction.
        public var backgroundThreads = 2
        /// Files held open at most, so that the process keeps a reserve of descriptors.
        public var openFiles = 256
        /// Where RocksDB's own log goes; `nil` for nowhere. Never to a file in the directory, as it would by itself: once
        /// a write to that has failed, Debian's RocksDB ends the process at the next line.
        public var log: DatabaseLog?
        /// Whether a missing database is created.
        public var createIfMissing = true
        /// What may be done with it.
        public var access = Access.readWrite
        /// What is done about a damaged log at opening.
        public var logRecovery = LogRecovery.pointInTime
        /// Whether opening looks at all files' sizes and goes no further at the first that is wrong. Without it, what
        /// cannot be read is found out only where it is read.
        public var isParanoid = true

        /// The defaults.
        public init() {}
    }

    /// What may be done with an open database.
    public enum Access: Sendable {
        case readWrite
        /// Nothing in the directory is changed, and its lock is neither taken nor looked at: the database is seen as
        /// its files were at opening, also while another process writes to it.
        case readOnly
    }

    /// What is done about a damaged log at opening.
    public enum LogRecovery: Sendable {
        /// The log is replayed up to its first damaged record, never past a gap.
        case pointInTime
        /// A record that is cut off at the very end of the log is taken for a write that did not finish; any other
        /// damage refuses to open.
        case unfinishedTail

        fileprivate var mode: CInt {
            switch self {
            case .pointInTime: CInt(rocksdb_point_in_time_recovery)
            case .unfinishedTail: CInt(rocksdb_tolerate_corrupted_tail_records_recovery)
            }
        }
    }

    /// Opens a database, creating it if it is missing (`rocksdb_open`, `rocksdb_open_for_read_only`).
    ///
    /// - Throws: ``RocksDBError``; its kind is `.locked` when another process has the directory open for writing, which
    ///   is not looked at when it is opened for reading only.
    public init(path: String, configuration: Configuration = Configuration()) throws(RocksDBError) {
        options = rocksdb_options_create()
        rocksdb_options_set_create_if_missing(options, configuration.createIfMissing ? 1 : 0)
        // Weir's chunks are compressed already; compressing them again would only cost.
        rocksdb_options_set_compression(options, CInt(rocksdb_no_compression))
        rocksdb_options_set_write_buffer_size(options, configuration.writeBufferBytes)
        rocksdb_options_set_max_write_buffer_number(options, 3)
        rocksdb_options_set_max_open_files(options, CInt(configuration.openFiles))
        rocksdb_options_increase_parallelism(options, CInt(configuration.backgroundThreads))
        rocksdb_options_set_paranoid_checks(options, configuration.isParanoid ? 1 : 0)
        if !configuration.isParanoid {
            rocksdb_options_set_skip_checking_sst_file_sizes_on_db_open(options, 1)
            rocksdb_options_set_skip_stats_update_on_db_open(options, 1)
        }
        rocksdb_options_set_bytes_per_sync(options, 1 << 20)
        DatabaseLog.set(configuration.log, on: options)
        rocksdb_options_set_max_total_wal_size(options, 128 << 20)
        rocksdb_options_set_wal_recovery_mode(options, configuration.logRecovery.mode)

        tableOptions = rocksdb_block_based_options_create()
        blockCache = rocksdb_cache_create_lru(configuration.blockCacheBytes)
        rocksdb_block_based_options_set_block_cache(tableOptions, blockCache)
        rocksdb_block_based_options_set_cache_index_and_filter_blocks(tableOptions, 1)
        rocksdb_block_based_options_set_format_version(tableOptions, 5)
        rocksdb_options_set_block_based_table_factory(options, tableOptions)

        synced = rocksdb_writeoptions_create()
        rocksdb_writeoptions_set_sync(synced, 1)
        // Begun here, so that it has this thread's priority.
        _ = WriteThread.shared
        unsynced = rocksdb_writeoptions_create()
        read = rocksdb_readoptions_create()
        rocksdb_readoptions_set_verify_checksums(read, 1)
        readPastCache = rocksdb_readoptions_create()
        rocksdb_readoptions_set_verify_checksums(readPastCache, 1)
        rocksdb_readoptions_set_fill_cache(readPastCache, 0)

        let options = options
        do throws(RocksDBError) {
            let opened =
                switch configuration.access {
                case .readWrite: try check { rocksdb_open(options, path, $0) }
                // 0: a log that has not been written out to files is replayed in memory.
                case .readOnly: try check { rocksdb_open_for_read_only(options, path, 0, $0) }
                }
            guard let opened else {
                throw RocksDBError(message: "Invalid argument: RocksDB returned no handle and no error")
            }
            handle = opened
        } catch {
            rocksdb_readoptions_destroy(readPastCache)
            rocksdb_readoptions_destroy(read)
            rocksdb_writeoptions_destroy(unsynced)
            rocksdb_writeoptions_destroy(synced)
            rocksdb_block_based_options_destroy(tableOptions)
            rocksdb_cache_destroy(blockCache)
            rocksdb_options_destroy(options)
            throw error
        }
    }

    deinit {
        rocksdb_close(handle)
        rocksdb_readoptions_destroy(readPastCache)
        rocksdb_readoptions_destroy(read)
        rocksdb_writeoptions_destroy(unsynced)
        rocksdb_writeoptions_destroy(synced)
        rocksdb_block_based_options_destroy(tableOptions)
        rocksdb_cache_destroy(blockCache)
        rocksdb_options_destroy(options)
    }

    /// Writes a batch and syncs the log: when this returns, the batch is durable (`rocksdb_write`).
    ///
    /// - Parameter synced: `false` leaves the sync to a later write. The log is one sequence, so a later synced write
    ///   makes this one durable as well, and a crash before it leaves either nothing or a beginning of the unsynced
    ///   ones, each whole.
    public func write(_ batch: borrowing WriteBatch, synced: Bool = true) throws(RocksDBError) {
        let pointers = WritePointers(database: handle, options: synced ? self.synced : unsynced, batch: batch.handle)
        guard WriteThread.isNeeded else {
            try check { rocksdb_write(pointers.database, pointers.options, pointers.batch, $0) }
            return
        }
        let failure = Mutex<RocksDBError?>(nil)
        WriteThread.shared.run {
            do throws(RocksDBError) {
                try check { rocksdb_write(pointers.database, pointers.options, pointers.batch, $0) }
            } catch {
                failure.withLock { $0 = error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// What a write needs on whichever thread. Unchecked: its owners outlive the call, which waits for the other thread.
    private struct WritePointers: @unchecked Sendable {
        let database: OpaquePointer
        let options: OpaquePointer
        let batch: OpaquePointer
    }

    /// Calls `body` with a key's value, valid during the call only, or returns `nil` (`rocksdb_get_pinned`).
    ///
    /// - Parameter fillCache: whether the blocks read for it are kept; `false` for a value that is needed once.
    public func withValue<R>(
        _ key: [UInt8], fillCache: Bool = true, _ body: (UnsafeRawBufferPointer) -> R
    ) throws(RocksDBError) -> R? {
        let pinned = try check { error in
            key.withUnsafeBytes {
                rocksdb_get_pinned(
                    handle, fillCache ? read : readPastCache,
                    $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, error)
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
    ///
    /// - Parameter fillCache: whether the blocks read on the way are kept; `false` for a walk over much that is not
    ///   needed again soon, and would push out what is.
    public func iterate(prefix: [UInt8], from start: [UInt8]? = nil, fillCache: Bool = true) -> KeyIterator {
        KeyIterator(database: self, prefix: prefix, from: start ?? prefix, fillCache: fillCache)
    }

    /// A property of the database by RocksDB's name for it (`rocksdb_property_value`).
    public func property(_ name: String) -> String? {
        guard let text = rocksdb_property_value(handle, name) else { return nil }
        defer { rocksdb_free(text) }
        return String(cString: text)
    }
}
