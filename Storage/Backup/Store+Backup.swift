import Logging
import RocksDB
import Synchronization

/// What a backup or a restore has copied.
public struct CopyOutcome: Sendable, Equatable {
    /// Where the copy is.
    public var path: String
    /// Number of its files.
    public var files: Int
    /// Their bytes.
    public var bytes: Int

    init(_ path: String) throws(BackupError) {
        do throws(FileError) {
            let sizes = try FileTree.sizes(in: path)
            self.path = path
            files = sizes.count
            bytes = sizes.reduce(0) { $0 + $1.bytes }
        } catch {
            throw .failed("The copy is in place and cannot be looked at: \(error).")
        }
    }
}

extension Store {
    /// Copies the store as it is now into a new directory, while ingest and queries go on.
    ///
    /// Every commit that was acknowledged before the call is in the copy, and every commit is in it as a whole or not at
    /// all. On the same file system files are linked, so that the copy takes almost no time and, until the store has
    /// rewritten its files, no space.
    ///
    /// - Parameter path: absolute; missing or an empty directory, in a directory that exists.
    public func backup(to path: String) throws(BackupError) -> CopyOutcome {
        // One at a time: RocksDB keeps every file that a copy under way might need.
        guard isBackingUp.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
        else {
            throw .running
        }
        defer { isBackingUp.store(false, ordering: .releasing) }
        do throws(StorageError) {
            try options.faults.hit(.backupCopy)
        } catch {
            throw .failed(error.description)
        }
        return try Self.copy(database, to: path)
    }

    /// Copies a store that no process has open.
    ///
    /// The store is opened for it, which turns its log into files, as starting the server would.
    public static func backup(stopped directory: String, to path: String) throws(BackupError) -> CopyOutcome {
        do throws(StorageError) {
            // Says whether this is a store at all before anything is changed, and in which format.
            _ = try StoreReader(directory: directory, isTolerant: false)
        } catch {
            throw .failed(error.description + (hasStore(directory) ? checkAdvice(directory) : ""))
        }
        let database: Database
        do throws(StorageError) {
            // What would be said to a log is said by what is thrown.
            let logger = Logger(label: "weir", factory: { _ in SwiftLogNoOpLogHandler() })
            database = try openDatabase(directory: directory, options: StoreOptions(), logger: logger)
        } catch {
            throw .failed(error.description)
        }
        return try copy(database, to: path)
    }

    private static func hasStore(_ directory: String) -> Bool {
        ((try? FileTree.names(in: directory)) ?? []).contains("CURRENT")
    }

    private static func checkAdvice(_ directory: String) -> String { " `weir check \(directory)` says more." }

    private static func copy(_ database: Database, to path: String) throws(BackupError) -> CopyOutcome {
        let target = try CopyTarget(path)
        let path = target.path
        do throws(RocksDBError) {
            try database.checkpoint(at: target.staging)
        } catch {
            throw .failed("The store could not be copied: \(error).")
        }
        try target.finish()
        return try CopyOutcome(path)
    }
}
