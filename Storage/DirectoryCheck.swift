import Logging
import RocksDB

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Looks at a data directory before RocksDB does, and refuses what RocksDB would take for something else: what would be
/// lost by opening it, and what it would begin anew.
struct DirectoryCheck {
    let directory: String
    let options: StoreOptions
    let logger: Logger

    /// Looks at everything.
    ///
    /// - Returns: bytes at the ends of logs that are no whole record: writes that were not finished.
    /// - Throws: ``StorageError/unusable(_:)``. Nothing was changed.
    /// - Complexity: O(bytes of the logs).
    func run() throws(StorageError) -> Int {
        try checkKind()
        var scan: LogScan
        let missing: String?
        do throws(RocksDBError) {
            missing = try missingCurrent()
            scan = try LogScan(directory: directory)
            // Another process may just have deleted a log; in that case it is still there to refuse this one.
            if scan.gap != nil { scan = try LogScan(directory: directory) }
        } catch {
            throw .unusable(
                "The data directory \(directory) cannot be opened: \(error)" + Store.advice(error, directory))
        }
        if let missing { throw .unusable(missing) }
        return try judge(scan)
    }

    private func checkKind() throws(StorageError) {
        var status = stat()
        guard stat(directory, &status) == 0 else {
            throw .unusable("The data directory \(directory) cannot be used: \(String(cString: strerror(errno))).")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .unusable("The data directory \(directory) cannot be used: it is not a directory.")
        }
        if status.st_mode & S_IWOTH != 0 {
            logger.warning(
                "Every user of this machine may change the data directory.", metadata: ["directory": "\(directory)"])
        }
    }

    /// Without `CURRENT`, RocksDB would begin a new database and delete the files of the old one.
    private func missingCurrent() throws(RocksDBError) -> String? {
        let names = try LogScan.names(in: directory)
        guard !names.contains("CURRENT"),
            let file = names.sorted().first(where: { $0.hasSuffix(".sst") || $0.hasSuffix(".log") })
        else { return nil }
        return "The data directory \(directory) has no file CURRENT, though it holds data, \(file) among others. "
            + "Nothing was deleted. CURRENT is one line with the name of the newest MANIFEST file beside it; "
            + "`weir restore` brings a backup back into an empty directory."
    }

    private func judge(_ scan: LogScan) throws(StorageError) -> Int {
        guard let gap = scan.gap else { return scan.unfinishedBytes }
        let changes = gap.changes > 0 ? "\(gap.changes) acknowledged changes" : "Acknowledged changes"
        let what =
            "\(directory)/\(gap.file) is damaged at byte \(gap.offset): \(changes) cannot be read, and those "
            + "behind them, from byte \(gap.nextOffset) of \(gap.nextFile) on, must not be taken without them."
        guard options.acceptsLogLoss else {
            throw .unusable(
                what + " Nothing was deleted. `weir restore` brings a backup back into an empty directory; "
                    + "`weir serve --accept-log-loss` opens the store without what cannot be read and all that stands "
                    + "behind it, and gives that up for good.")
        }
        logger.error("Changes are given up, as --accept-log-loss says.", metadata: ["reason": "\(what)"])
        return max(scan.unfinishedBytes, 1)
    }
}
