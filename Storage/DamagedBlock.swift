/// A stored block that could not be read when the store was opened.
///
/// It stays where it is: nothing that could not be read is rewritten or deleted, and no answer is given that would
/// have had to read it.
public struct DamagedBlock: Sendable, Equatable, CustomStringConvertible {
    /// Which block: "log row 12 of site 1" for example.
    public let block: String
    /// What is wrong with it, continuing the sentence "It is damaged: …".
    public let reason: String

    /// Takes the words of an error.
    init(_ error: StorageError, block: String) {
        guard case .corrupt(let block, let reason) = error else {
            self.init(block: block, reason: error.description)
            return
        }
        self.init(block: block, reason: reason)
    }

    /// A row under a key that names nothing.
    init(key: UnsafeRawBufferPointer, of kind: String) {
        self.init(block: "a \(kind)'s key", reason: "it has \(key.count) bytes")
    }

    init(block: String, reason: String) {
        self.block = block
        self.reason = reason
    }

    /// The error for whoever needed it.
    public var error: StorageError { .corrupt(block: block, reason: reason) }

    public var description: String { error.description }
}

extension Store.Snapshot {
    /// Throws if some of the site's events cannot be read, so that no smaller number is taken for the whole.
    ///
    /// - Throws: ``StorageError/corrupt(block:reason:)`` with the first damaged block and how many more there are.
    public func requireComplete() throws(StorageError) {
        guard let first = damaged.first else { return }
        guard damaged.count > 1 else { throw first.error }
        throw .corrupt(block: first.block, reason: "\(first.reason) (and so are \(damaged.count - 1) more blocks)")
    }
}
