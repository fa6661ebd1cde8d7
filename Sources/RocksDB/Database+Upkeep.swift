internal import CRocksDB

extension Database {
    /// Writes what is only in the log and in memory to a file of its own, and waits for it (`rocksdb_flush`). The log
    /// up to here is not needed any more and goes.
    public func flush() throws(RocksDBError) {
        let options = rocksdb_flushoptions_create()
        defer { rocksdb_flushoptions_destroy(options) }
        rocksdb_flushoptions_set_wait(options, 1)
        try check { rocksdb_flush(handle, options, $0) }
    }

    /// Rewrites the files that hold keys from `start` up to and including `end`, leaving out what has been deleted or
    /// replaced, and waits for it (`rocksdb_compact_range`).
    ///
    /// - Parameters:
    ///   - start: the first key, `nil` for the first there is.
    ///   - end: the last key, `nil` for the last there is.
    /// - Complexity: O(bytes of the range); needs as much free space for the time it takes. RocksDB reports no error
    ///   from here: a failed write makes the next one fail.
    public func compact(from start: [UInt8]? = nil, to end: [UInt8]? = nil) {
        withBytes(of: start) { start in
            withBytes(of: end) { end in
                rocksdb_compact_range(
                    handle, start.baseAddress?.assumingMemoryBound(to: CChar.self), start.count,
                    end.baseAddress?.assumingMemoryBound(to: CChar.self), end.count)
            }
        }
    }

    /// Makes a copy of the database as it is now in a new directory (`rocksdb_checkpoint_create`): everything written
    /// before the call is in it, a batch wholly or not at all.
    ///
    /// On the same file system files that never change are linked rather than copied, which costs neither time nor
    /// space. Reads and writes go on meanwhile.
    ///
    /// - Parameter path: must not exist; its parent must. RocksDB also uses, and empties, `path` with `.tmp` behind it.
    public func checkpoint(at path: String) throws(RocksDBError) {
        let checkpoint = try check { rocksdb_checkpoint_object_create(handle, $0) }
        defer { rocksdb_checkpoint_object_destroy(checkpoint) }
        // 0: what is only in memory is flushed first, so that hardly any log has to be copied.
        try check { rocksdb_checkpoint_create(checkpoint, path, 0, $0) }
    }

    /// One file of sorted keys.
    public struct LiveFile: Sendable {
        /// Its name within the directory, as RocksDB writes it, `/000012.sst` for example.
        public let name: String
        /// Its level; 0 for files whose keys may overlap.
        public let level: Int
        /// Its size in bytes.
        public let bytes: Int
        /// Its first and last key.
        public let smallest: [UInt8]
        public let largest: [UInt8]
    }

    /// The files of sorted keys in use now (`rocksdb_livefiles`).
    public func liveFiles() -> [LiveFile] {
        guard let files = rocksdb_livefiles(handle) else { return [] }
        defer { rocksdb_livefiles_destroy(files) }
        return (0..<rocksdb_livefiles_count(files)).map { index in
            var count = 0
            let smallest = rocksdb_livefiles_smallestkey(files, index, &count)
            let first = [UInt8](UnsafeRawBufferPointer(start: smallest, count: count))
            let largest = rocksdb_livefiles_largestkey(files, index, &count)
            let last = [UInt8](UnsafeRawBufferPointer(start: largest, count: count))
            return LiveFile(
                name: rocksdb_livefiles_name(files, index).map { String(cString: $0) } ?? "",
                level: Int(rocksdb_livefiles_level(files, index)), bytes: rocksdb_livefiles_size(files, index),
                smallest: first, largest: last)
        }
    }

    private func withBytes<R>(of key: [UInt8]?, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        guard let key else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        return key.withUnsafeBytes(body)
    }
}
