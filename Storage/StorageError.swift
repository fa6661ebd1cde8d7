import RocksDB

/// What can go wrong with a store that is not a mistake in the program.
public enum StorageError: Error, Sendable, CustomStringConvertible {
    /// Stored bytes are damaged; says which block and how.
    case corrupt(block: String, reason: String)
    /// The disk or RocksDB failed.
    case database(RocksDBError)
    /// The directory cannot be used; says why and what to do.
    case unusable(String)
    /// A limit was reached; says which and what happens.
    case limit(String)
    /// An earlier write failed, after which nothing may be acknowledged by this process any more.
    case failed(String)

    public var description: String {
        switch self {
        case .corrupt(let block, let reason): "\(block) is damaged: \(reason)"
        case .database(let error): "the database reported: \(error)"
        case .unusable(let text), .limit(let text): text
        case .failed(let text): "an earlier write failed, so nothing more is accepted until a restart: \(text)"
        }
    }
}

/// Runs a database call with its error as a ``StorageError``.
func database<R: ~Copyable>(_ body: () throws(RocksDBError) -> R) throws(StorageError) -> R {
    do throws(RocksDBError) {
        return try body()
    } catch {
        throw .database(error)
    }
}
