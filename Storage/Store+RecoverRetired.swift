import Logging
import RocksDB

extension RecoveredStore {
    /// Deletes what the process before left to be deleted: the parts of retired segments (`x` rows) and of segments
    /// whose writing did not come to its end (`w` rows without a header). Reads what is still to be taken out of
    /// RocksDB's files.
    ///
    /// What has a header is a segment, readable or not, and stays.
    /// - Complexity: O(retired and unfinished segments); their parts cost one entry a segment, however many they are.
    mutating func clearRetired(
        _ database: Database, faults: FaultPoints, logger: Logger
    ) throws(StorageError) {
        for prefix in [Keys.retiredPrefix, Keys.unfinishedPrefix] {
            var rows = try rows(of: database, prefix, logger: logger)[...]
            while !rows.isEmpty {
                var batch = WriteBatch()
                for row in rows.prefix(Store.retiredPerPass) {
                    let hasHeader = try Storage.database { () throws(RocksDBError) in
                        try database.withValue(Keys.segment(site: row.site, segment: row.number)) { _ in true }
                    }
                    switch (prefix == Keys.unfinishedPrefix, hasHeader ?? false) {
                    case (_, false):
                        batch.deleteRetired(site: row.site, segment: row.number)
                        batch.delete(Keys.unfinished(site: row.site, segment: row.number))
                    case (true, true): batch.delete(Keys.unfinished(site: row.site, segment: row.number))
                    case (false, true):
                        logger.error(
                            "A segment is marked as retired and has a header; it is kept.",
                            metadata: ["segment": "\(row.number)"])
                    }
                }
                try faults.hit(.retireDelete)
                if batch.count > 0 { try Storage.database { () throws(RocksDBError) in try database.write(batch) } }
                rows = rows.dropFirst(Store.retiredPerPass)
            }
        }
        graveyard.remains = try rows(of: database, Keys.remainsPrefix, logger: logger)
            .map { Graveyard.Remains(site: $0.site, number: $0.number, bytes: 0) }
        try Self.walk(database, Keys.purgePrefix) { key, value in
            guard key.count == Keys.purgePrefix.count + 4, let site = Keys.trailing(key, as: UInt32.self) else {
                return
            }
            // Should the number be unreadable, everything there is now has to be gone.
            let number = [UInt8](value).littleEndianValue(UInt64.self) ?? .max
            graveyard.purges[site] = number
            if number < .max { nextNumber = max(nextNumber, number + 1) }
        }
    }

    /// The sites and numbers of all keys with a prefix. A key of another shape is left alone, and logged.
    private mutating func rows(
        of database: Database, _ prefix: [UInt8], logger: Logger
    ) throws(StorageError) -> [(site: UInt32, number: UInt64)] {
        var rows: [(site: UInt32, number: UInt64)] = []
        try Self.walk(database, prefix) { key, _ in
            guard let row = Keys.siteAndNumber(key) else {
                logger.error("A key of unknown shape is left alone.")
                return
            }
            rows.append(row)
        }
        // A key may hold any number; the highest one leaves none to follow it.
        for row in rows { nextNumber = max(nextNumber, row.number == .max ? .max : row.number + 1) }
        return rows
    }
}
