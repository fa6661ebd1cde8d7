import Access
import Dispatch
import Events
import Storage

/// Changes keys, one change after the other: what is stored and what is in force never go different ways.
final class KeyService: Sendable {
    private let access: AccessControl
    private let queue = DispatchQueue(label: "weir.keys")

    init(access: AccessControl) { self.access = access }

    /// Makes a key; it is good when this returns.
    ///
    /// - Parameter isFirst: whether it is only to be made if there are no keys yet.
    /// - Returns: `nil` if there were keys although it should be the first.
    func create(
        _ new: NewKey, in store: Store, isFirst: Bool
    ) async throws -> (text: String, record: KeyRecord)? {
        try await run { [access] in
            if isFirst, access.hasKeys { return nil }
            let (text, record, keys) = try KeyChange.create(new, in: store, now: SystemClock().milliseconds())
            access.use(keys)
            return (text, record)
        }
    }

    /// Revokes a key; no request that begins when this has returned is admitted with it.
    func revoke(_ id: UInt64, site: String?, in store: Store) async throws -> KeyRecord? {
        try await run { [access] in
            let (record, keys) = try KeyChange.revoke(id, site: site, in: store, now: SystemClock().milliseconds())
            access.use(keys)
            return record
        }
    }

    /// Puts the keys of a store in force.
    func load(_ store: Store) throws(StorageError) -> StoredKeys {
        let keys = try store.keys()
        access.use(keys)
        return keys
    }

    private func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result(catching: work)) }
        }
    }
}

extension AccessControl {
    /// Puts stored keys in force.
    func use(_ keys: StoredKeys) {
        use(keys.records, secret: keys.secret, isIncomplete: !keys.damaged.isEmpty)
    }
}
