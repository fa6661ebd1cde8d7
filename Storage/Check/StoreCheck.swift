import Events
import RocksDB

/// Verifies every stored block of a store that no process has open for writing, and changes nothing.
///
/// Beyond each block's identity, checksum and encoding it looks at what the blocks say together: whether rows are in
/// order, whether headers count what is there, whether roll-ups agree with their columns, and whether anything is
/// missing or left over.
public struct StoreCheck: Sendable {
    /// How a check goes about it.
    public struct Options: Sendable {
        /// Bytes to read a second at the most; `nil` for no limit.
        public var bytesPerSecond: Int?
        /// Findings to list; further ones are counted.
        public var listedFindings = 10_000

        /// The defaults.
        public init() {}
    }

    /// What a check has found.
    public struct Report: Sendable {
        /// What is wrong, in the order it was found, up to ``Options/listedFindings``.
        public var findings: [CheckFinding] = []
        /// Findings beyond the listed ones.
        public var unlistedFindings = 0
        /// What is not wrong but worth knowing.
        public var notes: [String] = []
        /// The format the store is in.
        public var formatVersion: UInt32 = 0
        /// What was looked at.
        public var sites = 0
        public var segments = 0
        public var parts = 0
        public var logRows = 0
        public var idRows = 0
        public var deadLetters = 0
        public var schemas = 0
        public var erasures = 0
        /// Events in sealed segments and in log rows.
        public var sealedRows = 0
        public var rowsInFlight = 0
        /// Bytes of keys and values read.
        public var bytes = 0

        /// Whether nothing is wrong.
        public var isClean: Bool { findings.isEmpty }
        /// How many things are wrong.
        public var count: Int { findings.count + unlistedFindings }
    }

    /// Checks the store of a directory.
    ///
    /// - Throws: ``StorageError/unusable(_:)`` when there is no store, when a process has it open for writing, when it is
    ///   of another format, or when RocksDB cannot open it at all.
    /// - Complexity: O(bytes of the store); holds one segment's parts and headers of all in memory.
    public static func run(
        directory: String, options: Options = Options()
    ) throws(StorageError) -> Report {
        guard let lock = DirectoryLock(directory: directory) else {
            throw .unusable(
                "\(directory) is in use by another process. Stop the server first, or check a backup of it.")
        }
        let run = CheckRun(reader: try StoreReader(directory: directory, isTolerant: true), options: options)
        run.everything()
        _ = consume lock
        return run.report
    }
}
