import Logging
import RocksDB

extension RecoveredStore {
    /// Reads how far the clock and the sites' retentions had come, and says so if the clock does not fit.
    func readRetention(
        _ database: Database, options: StoreOptions, clock: any WallClock, logger: Logger
    ) throws(StorageError) -> RetentionState {
        let wall = clock.milliseconds()
        var retention = RetentionState(
            clock: TrustedClock(wall: wall, monotonic: options.monotonic.milliseconds()))
        try Self.walk(database, Keys.retentionPrefix) { key, value in
            guard key.count == Keys.retentionPrefix.count + 4, let site = Keys.trailing(key, as: UInt32.self),
                let line = [UInt8](value).littleEndianValue(Int64.self)
            else { return }
            retention.storedLines[site] = line
        }
        let stored = try Storage.database { () throws(RocksDBError) in try database.get(Keys.trustedTime) }
        retention.storedTime = stored?.littleEndianValue(Int64.self)
        guard let before = retention.storedTime, options.hasRetention else { return retention }
        if wall - before > RetentionGuard.unexplainedTime {
            logger.notice(
                """
                The clock is far ahead of when this store was last in use; should that be wrong, retention deletes no \
                more than a day's worth before somebody confirms it.
                """, metadata: ["ahead": "\((wall - before) / 3_600_000)h"])
        } else if before - wall > RetentionState.storedStep {
            logger.warning(
                "The clock is behind what it was when this store was last in use.",
                metadata: ["behind": "\((before - wall) / 3_600_000)h"])
        }
        return retention
    }
}
