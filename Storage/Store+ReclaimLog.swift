import RocksDB
import Synchronization

extension Store {
    /// How long sealing must have been at rest before the log rows it deleted are taken out of RocksDB's files,
    /// milliseconds. While ingest goes on, most vanish before they reach a file, and RocksDB sees to the rest.
    static let logReclaimDelay: Int64 = 5_000

    /// Notes that log rows have been deleted.
    func noteDeletedLogRows() {
        deletedLogRowsAt.store(options.monotonic.milliseconds(), ordering: .relaxed)
    }

    /// Frees what deleted log rows take on the disk, once sealing is at rest: flushes what RocksDB holds in memory, so that its log
    /// can go, and has it rewrite the files that hold them. A fifth of a second, measured, after five million events.
    ///
    /// - Returns: whether anything was done.
    func reclaimLog() throws(StorageError) -> Bool {
        let at = deletedLogRowsAt.load(ordering: .relaxed)
        guard at > 0, options.monotonic.milliseconds() - at >= Self.logReclaimDelay else { return false }
        guard space.canFit(bytes: Self.reclaimBytes, for: .compaction) else { return false }
        // Deleted from now on means another round.
        guard deletedLogRowsAt.compareExchange(expected: at, desired: 0, ordering: .relaxed).exchanged else {
            return true
        }
        try Storage.database { () throws(RocksDBError) in try database.flush() }
        database.compact(from: Keys.logPrefix, to: Keys.end(of: Keys.logPrefix))
        return true
    }
}
