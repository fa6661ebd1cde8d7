import Logging
import RocksDB

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension Store {
    /// Opens the database of a directory, creating both if they are missing.
    ///
    /// - Throws: ``StorageError/unusable(_:)``, which says what is wrong and what can be done about it.
    static func openDatabase(
        directory: String, options: StoreOptions, logger: Logger
    ) throws(StorageError) -> Database {
        // The last step of a path only: where more is missing, the path is more likely wrong.
        if mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw .unusable("The data directory \(directory) cannot be made: \(String(cString: strerror(errno))).")
        }
        let unfinished = try DirectoryCheck(directory: directory, options: options, logger: logger).run()
        var configuration = Database.Configuration()
        configuration.blockCacheBytes = options.blockCacheBytes
        configuration.writeBufferBytes = options.writeBufferBytes
        configuration.log = databaseLog(logger)
        // A log that was found whole has to be read whole, also should the disk bring other bytes the second time.
        configuration.logRecovery = unfinished > 0 ? .pointInTime : .unfinishedTail
        do throws(RocksDBError) {
            let database = try Database(path: directory, configuration: configuration)
            if unfinished > 0 {
                logger.warning(
                    "The log ends in a write that was not finished, and so not acknowledged; it is left out.",
                    metadata: ["bytes": "\(unfinished)"])
            }
            return database
        } catch {
            guard error.kind == .locked else {
                throw .unusable("The data directory \(directory) cannot be opened: \(error)" + advice(error, directory))
            }
            throw .unusable(
                "The data directory \(directory) is in use by another process. "
                    + "Stop that one first, or choose another directory with --data.")
        }
    }

    /// What RocksDB has to say about its files is said where everything else is.
    private static func databaseLog(_ logger: Logger) -> DatabaseLog {
        DatabaseLog(level: .warning) { level, text in
            let line = text.split(separator: "\n").joined(separator: " ")
            logger.log(
                level: level < .error ? .warning : .error, "The database reports something.",
                metadata: ["text": "\(line)"])
        }
    }

    /// What to do about a database that cannot be read, behind the message that says so.
    static func advice(_ error: RocksDBError, _ directory: String) -> String {
        if error.message.contains("Permission denied") {
            return ". The user that runs weir must be able to read and write it."
        }
        guard error.kind == .corruption || error.kind == .io else { return "" }
        return ". Nothing was deleted. `weir check \(directory)` lists what is damaged; "
            + "`weir restore` brings a backup back into an empty directory."
    }
}
