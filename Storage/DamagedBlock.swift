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

extension DeadLetter {
    /// The code of a dead letter that cannot be read.
    public static let damagedCode = "damaged_block"

    /// Checks and decodes a stored dead letter.
    init(sequence: UInt64, site: UInt32, block: UnsafeRawBufferPointer) throws(StorageError) {
        let identity = Block.Identity(kind: .deadLetter, site: site, number: sequence)
        let payload = try Block.decode(block, identity: identity)
        self = try StoredParts.decoding(identity, payload) { (bytes) throws(DecodingFault) in
            try DeadLetter(sequence: sequence, decoding: bytes)
        }
    }

    /// What is listed in the place of a dead letter whose block is damaged.
    init(damaged sequence: UInt64, _ error: StorageError) {
        self.init(
            sequence: sequence, time: 0, code: DeadLetter.damagedCode, detail: error.description, event: [])
    }
}
