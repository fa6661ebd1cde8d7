#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What RocksDB's write-ahead logs hold, found out before RocksDB itself opens the directory and forgets it.
///
/// In point-in-time recovery RocksDB replays the logs up to the first record that cannot be read and throws the rest
/// away. For a write that was under way when the machine died that is right: it was never acknowledged, and nothing
/// follows it. For a byte that went bad in the middle of a log it is the silent loss of everything behind it. The two are
/// told apart by the numbers of the records: each begins with the number of its first change (8 bytes) and how many it
/// has (4), so one that can be read behind the damage and does not continue where the readable ones ended shows that
/// something between them is missing. The same numbers show that a log is missing before another one, or the newest
/// manifest. That the last log is missing, nothing shows.
public struct LogScan: Sendable, Equatable {
    /// One log.
    public struct File: Sendable, Equatable {
        /// Its name within the directory.
        public var name: String
        /// Bytes up to the end of the last record that can be read without a gap.
        public var readable = 0
        /// Its size, as far as it was looked at.
        public var bytes = 0
    }

    /// Changes that were acknowledged and cannot be read.
    public struct Gap: Sendable, Equatable {
        /// The file that cannot be read on, or that ends too early, and where.
        public var file: String
        public var offset: Int
        /// The log with the first record behind the gap, and where it begins.
        public var nextFile: String
        public var nextOffset: Int
        /// Changes that are missing; 0 if it is not known how many.
        public var changes: UInt64
    }

    /// The logs that are needed, in the order they were written.
    public private(set) var files: [File] = []
    /// The first gap; `nil` if nothing that could be read is out of reach.
    public private(set) var gap: Gap?

    /// The number that the next record must have; `nil` before the first.
    private var expected: UInt64?
    /// Where reading stopped making sense, if it did, and whether that is where the file ends.
    private var damage: (file: String, offset: Int, isEnd: Bool)?

    public static func == (left: LogScan, right: LogScan) -> Bool {
        left.files == right.files && left.gap == right.gap
    }

    /// Bytes at the ends of logs that are no whole record: writes that did not finish.
    public var unfinishedBytes: Int { files.reduce(0) { $0 + $1.bytes - $1.readable } }

    /// Reads all logs of a directory that are needed; one that does not exist has none.
    ///
    /// - Throws: when a file cannot be read. What cannot be made out is damage, and no error.
    /// - Complexity: O(bytes of the logs), about a second a GiB.
    public init(directory: String) throws(RocksDBError) {
        let manifest = try ManifestScan(directory: directory)
        let logs = try Self.logs(of: directory)
        for (number, name) in logs where number >= manifest?.logNumber ?? 0 && gap == nil {
            files.append(File(name: name))
            let bytes = try LogFileReader.read(directory + "/" + name, keep: 12) { found in
                switch found {
                case .damage(let offset, let isEnd): damage = damage ?? (name, offset, isEnd)
                case .record(let head, let offset, let end):
                    take(head, file: name, offset: offset, end: end, manifest: manifest)
                }
                return gap == nil
            }
            // Another process that has the directory open may have deleted it meanwhile.
            files[files.count - 1].bytes = bytes ?? 0
            // Where nothing came before it, an unfinished write at the end of a file lacks nothing anyone could know of.
            if expected == nil, damage?.isEnd == true { damage = nil }
        }
    }

    private mutating func take(_ head: [UInt8], file: String, offset: Int, end: Int, manifest: ManifestScan?) {
        guard head.count == 12 else {
            damage = damage ?? (file, offset, false)
            return
        }
        let (first, count) = head.withUnsafeBytes { bytes in
            (
                UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
            )
        }
        // A record without changes is RocksDB's own mark that it has recovered up to here: what is unreadable before it
        // was given up then.
        if count > 0 {
            if let expected, first != expected {
                let from = damage.map { ($0.file, $0.offset) } ?? lastReadable ?? (file, offset)
                gap = Gap(
                    file: from.0, offset: from.1, nextFile: file, nextOffset: offset, changes: first &- expected)
                return
            }
            if expected == nil, let damage {
                gap = Gap(
                    file: damage.file, offset: damage.offset, nextFile: file, nextOffset: offset, changes: 0)
                return
            }
            if expected == nil, let manifest, first > manifest.lastSequence &+ 1 {
                gap = Gap(
                    file: manifest.name, offset: 0, nextFile: file, nextOffset: offset,
                    changes: first &- manifest.lastSequence &- 1)
                return
            }
        }
        expected = first &+ count
        damage = nil
        files[files.count - 1].readable = end
    }

    private var lastReadable: (String, Int)? {
        files.last { $0.readable > 0 }.map { ($0.name, $0.readable) }
    }

    // MARK: Files

    private static func name(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".log"
    }

    private static func logs(of directory: String) throws(RocksDBError) -> [(number: UInt64, name: String)] {
        try names(in: directory).compactMap { name in
            guard name.hasSuffix(".log"), let number = UInt64(name.dropLast(4)) else { return nil }
            return (number, name)
        }.sorted { $0.number < $1.number }
    }

    /// The names in a directory, none if there is no such directory.
    public static func names(in directory: String) throws(RocksDBError) -> [String] {
        guard let folder = opendir(directory) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw RocksDBError(message: "IO error: \(directory): \(String(cString: strerror(errno)))")
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.filter { $0 != "." && $0 != ".." }
    }

    /// The first bytes of a file as text; `nil` if there is no such file.
    static func text(_ path: String, atMost count: Int) throws(RocksDBError) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0, errno == ENOENT || errno == ENOTDIR { return nil }
        guard file >= 0 else {
            throw RocksDBError(message: "IO error: While reading \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: count)
        let result = pread(file, &bytes, count, 0)
        guard result >= 0 else {
            throw RocksDBError(message: "IO error: While reading \(path): \(String(cString: strerror(errno)))")
        }
        return String(decoding: bytes[..<result], as: UTF8.self)
    }
}
