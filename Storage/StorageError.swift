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
    /// The disk has less space than is kept in reserve. Nothing was written; it passes when there is space again.
    case diskFull(free: Int, reserve: Int)
    /// An earlier write failed, after which nothing may be acknowledged by this process any more.
    case failed(String)
    /// Work in the background was given up for something more urgent, and will be begun again.
    case cancelled

    public var description: String {
        switch self {
        case .corrupt(let block, let reason): "\(block) is damaged: \(reason)"
        case .database(let error): "the database reported: \(error)"
        case .unusable(let text), .limit(let text): text
        case .diskFull(let free, let reserve):
            "the disk is almost full (\(free) bytes are free, \(reserve) are kept in reserve), so nothing is accepted "
                + "until there is space"
        case .cancelled: "the work was given up for something more urgent"
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
