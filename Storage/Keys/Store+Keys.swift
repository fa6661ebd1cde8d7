import Events
import Logging
import RocksDB
import Synchronization

/// The keys of a store as they were found.
public struct StoredKeys: Sendable {
    /// Those that can be read, in the order of their ids.
    public var records: [KeyRecord] = []
    /// What their hashes were made with; empty as long as there are none.
    public var secret: [UInt8] = []
    /// Keys that cannot be read. They cannot be checked, and nobody knows which sites they close.
    public var damaged: [DamagedBlock] = []
}

extension Store {
    /// Bytes of the secret that keys are hashed with.
    public static let keySecretBytes = 32
    /// Keys on record; of revoked ones beyond it the oldest are forgotten, as long as their site has another.
    public static let keys = 10_000

    /// Reads all keys.
    ///
    /// - Throws: ``StorageError/database(_:)``.
    public func keys() throws(StorageError) -> StoredKeys {
        var keys = StoredKeys()
        do throws(RocksDBError) {
            keys.secret = try database.get(Keys.keySecret) ?? []
            var iterator = database.iterate(prefix: Keys.keyPrefix)
            while try iterator.next({ key, value in Self.read(key, value, into: &keys) }) != nil {}
        } catch {
            throw .database(error)
        }
        if keys.secret.count != Self.keySecretBytes, !keys.records.isEmpty || !keys.secret.isEmpty {
            keys.damaged.append(DamagedBlock(block: "the secret of keys", reason: "it is missing or too short"))
        }
        return keys
    }

    private static func read(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, into keys: inout StoredKeys
    ) {
        guard key.count == 9, let id = Keys.trailing(key, as: UInt64.self) else {
            keys.damaged.append(DamagedBlock(key: key, of: "key"))
            return
        }
        let identity = Block.Identity(kind: .key, number: id)
        do throws(StorageError) {
            let payload = try Block.decode(value, identity: identity)
            keys.records.append(
                try StoredParts.decoding(identity, payload) { (bytes) throws(DecodingFault) in
                    try KeyRecord(id: id, decoding: bytes)
                })
        } catch {
            keys.damaged.append(DamagedBlock(error, block: identity.name))
        }
    }

    /// Changes keys. What `change` returns is stored and removed in one synced write, or nothing is.
    ///
    /// - Parameter change: gets the keys as they are, with their secret, which is made if there is none; says which records
    ///   to put, new or instead of those of the same id, and which to remove. Called with the writer's lock held.
    /// - Returns: the keys as they are now.
    public func changeKeys(
        _ change: (StoredKeys) throws(StorageError) -> (put: [KeyRecord], remove: [UInt64])
    ) throws(StorageError) -> StoredKeys {
        try writer.withLock { (_) throws(StorageError) in
            if let failure { throw .failed(failure) }
            var keys = try keys()
            var batch = WriteBatch()
            if keys.secret.isEmpty, keys.records.isEmpty {
                var random = SystemRandomNumberGenerator()
                keys.secret = (0..<Self.keySecretBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
                batch.put(Keys.keySecret, keys.secret)
            }
            let (put, remove) = try change(keys)
            guard !put.isEmpty || !remove.isEmpty else { return keys }
            for id in remove { batch.delete(Keys.key(id: id)) }
            for record in put {
                let identity = Block.Identity(kind: .key, number: record.id)
                batch.put(Keys.key(id: record.id), Block.encode(record.encode(), identity: identity, level: 1))
            }
            try write(batch, "Storing keys")
            let gone = Set(remove).union(put.map(\.id))
            keys.records = (keys.records.filter { !gone.contains($0.id) } + put).sorted { $0.id < $1.id }
            return keys
        }
    }
}
