internal import CRocksDB

/// What RocksDB reported.
///
/// Its C interface gives only text, so the kind is read from the text's prefix, here and nowhere else.
public struct RocksDBError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, as far as a caller can act on it.
    public enum Kind: Sendable, Equatable {
        /// Another process holds the directory's lock.
        case locked
        /// Stored bytes do not match their checksum or are malformed.
        case corruption
        /// The disk is full.
        case noSpace
        /// Any other failure of a read, write or sync.
        case io
        /// The call itself was wrong, or the directory holds something else.
        case invalid
        /// Anything else.
        case other
    }

    /// The kind.
    public let kind: Kind
    /// RocksDB's own words.
    public let message: String

    /// Classifies a message of RocksDB.
    public init(message: String) {
        self.message = message
        let lower = message.lowercased()
        if lower.contains("lock")
            && (lower.contains("resource temporarily unavailable") || lower.contains("lock hold by"))
            || lower.contains("/lock: no locks available")
        {
            kind = .locked
        } else if lower.hasPrefix("corruption") {
            kind = .corruption
        } else if lower.contains("no space") {
            kind = .noSpace
        } else if lower.hasPrefix("io error") {
            kind = .io
        } else if lower.hasPrefix("invalid argument") || lower.hasPrefix("not supported") {
            kind = .invalid
        } else {
            kind = .other
        }
    }

    public var description: String { message }
}

/// Runs a call of the C interface and turns its error text into a thrown ``RocksDBError``.
func check<R>(_ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R) throws(RocksDBError) -> R {
    var text: UnsafeMutablePointer<CChar>?
    let result = body(&text)
    if let text {
        let message = String(cString: text)
        rocksdb_free(text)
        throw RocksDBError(message: message)
    }
    return result
}
