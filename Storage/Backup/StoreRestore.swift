#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension Store {
    /// What was restored.
    public struct Restored: Sendable {
        /// The files.
        public var copy: CopyOutcome
        /// What they hold.
        public var report: StoreCheck.Report
    }

    /// Copies a backup to where a server can use it, after every block of it has been checked.
    ///
    /// - Parameters:
    ///   - backup: what a backup has made; it is only read.
    ///   - directory: absolute; missing or an empty directory, in a directory that exists.
    /// - Throws: ``BackupError``; then there is nothing at `directory` that was not there before.
    public static func restore(
        from backup: String, to directory: String, options: StoreCheck.Options = StoreCheck.Options()
    ) throws(BackupError) -> Restored {
        // Before anything long is begun.
        let target = try CopyTarget(directory)
        let report: StoreCheck.Report
        do throws(StorageError) {
            report = try StoreCheck.run(directory: backup, options: options)
        } catch {
            throw .failed("The backup cannot be restored: \(error)")
        }
        if let first = report.findings.first {
            throw .damaged(
                "The backup is damaged in \(report.count) places and was not restored; `weir check \(backup)` lists them. "
                    + "The first one: \(first)")
        }
        let path = target.path
        do throws(FileError) {
            try FileTree.makeDirectory(target.staging)
            for (name, _) in try FileTree.sizes(in: backup) where isData(name) {
                _ = try FileTree.copy(backup + "/" + name, to: target.staging + "/" + name)
            }
        } catch {
            throw .failed("The backup could not be copied: \(error).")
        }
        do throws(StorageError) {
            _ = try StoreReader(directory: target.staging, isTolerant: false)
        } catch {
            throw .failed("The copy cannot be read: \(error)")
        }
        try target.finish()
        return Restored(copy: try CopyOutcome(path), report: report)
    }

    /// Whether a file of a store's directory is part of what it holds: not its lock, not the messages of RocksDB, not the
    /// address of a server.
    private static func isData(_ name: String) -> Bool {
        name != "LOCK" && name != "LOG" && !name.hasPrefix("LOG.old") && name != ServerFile.name
    }
}
