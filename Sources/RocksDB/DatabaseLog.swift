internal import CRocksDBLog

/// Where RocksDB's own log goes: to a closure instead of to a file in the database's directory.
public struct DatabaseLog: Sendable {
    /// How important a line is.
    public enum Level: Int32, Sendable, Comparable {
        case debug = 0
        case info
        case warning
        case error
        case fatal

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// The least important lines that are passed on.
    public var level: Level
    /// Takes a line; called on RocksDB's threads, several at once.
    public var line: @Sendable (Level, String) -> Void

    /// Creates a log.
    public init(level: Level = .warning, line: @escaping @Sendable (Level, String) -> Void) {
        self.level = level
        self.line = line
    }

    /// Keeps a log alive for as long as RocksDB may write to it.
    private final class Holder: Sendable {
        let line: @Sendable (Level, String) -> Void

        init(_ line: @escaping @Sendable (Level, String) -> Void) { self.line = line }
    }

    /// Sets the log of options; without one, all lines are dropped (`weir_rocksdb_set_log`).
    static func set(_ log: DatabaseLog?, on options: OpaquePointer) {
        let options = UnsafeMutableRawPointer(options)
        guard let log else {
            weir_rocksdb_set_log(options, Level.fatal.rawValue, nil, nil, nil)
            return
        }
        weir_rocksdb_set_log(
            options, log.level.rawValue,
            { context, level, text, count in
                guard let context, let text else { return }
                let bytes = UnsafeRawBufferPointer(start: text, count: count)
                Unmanaged<Holder>.fromOpaque(context).takeUnretainedValue()
                    .line(Level(rawValue: level) ?? .info, String(decoding: bytes, as: UTF8.self))
            }, Unmanaged.passRetained(Holder(log.line)).toOpaque(),
            { context in
                if let context { Unmanaged<Holder>.fromOpaque(context).release() }
            })
    }
}
