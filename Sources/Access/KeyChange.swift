import Events
import Storage

/// A key that is to be made.
public struct NewKey: Sendable, Equatable {
    /// What it is good for.
    public var scope: KeyScope
    /// The site it is for; `nil` for all sites, of an admin's key only.
    public var site: String?
    /// What its owner calls it.
    public var name: String
    /// Its own limits; 0 for those of the settings.
    public var limits: RateLimits

    /// Why a key cannot be made; a sentence for a person.
    public struct Mistake: Error, Equatable, CustomStringConvertible {
        /// The part that is wrong: `scope`, `site` or `name`.
        public let field: String
        /// What is wrong and what would be right.
        public let description: String
    }

    /// Checks it.
    ///
    /// - Throws: ``Mistake``.
    public init(
        scope: KeyScope, site: String?, name: String = "", limits: RateLimits = RateLimits()
    ) throws(Mistake) {
        if let site {
            guard SiteName.isValid(site) else {
                throw Mistake(
                    field: "site",
                    description: "a site's name is 1 to 64 letters, digits, dots, underscores and dashes")
            }
        } else if scope != .admin {
            throw Mistake(
                field: "site", description: "a key of the scope \(scope.name) is for one site; name it")
        }
        let isPlain = name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard name.utf8.count <= KeyRecord.nameBytes, isPlain else {
            throw Mistake(
                field: "name",
                description: "a name has at most \(KeyRecord.nameBytes) bytes and no control characters")
        }
        self.scope = scope
        self.site = site
        self.name = name
        self.limits = limits
    }
}

/// Makes and revokes the keys of a store.
public enum KeyChange {
    /// Revoked keys that stay on record besides the last of their site, for lists to show.
    private static let revokedKept = 1000

    /// Makes a key and stores its hash.
    ///
    /// - Parameter now: Unix milliseconds.
    /// - Returns: the key's text, which is nowhere else, its record, and all keys as they are now.
    /// - Throws: ``StorageError/limit(_:)`` where there are too many.
    public static func create(
        _ new: NewKey, in store: Store, now: Int64
    ) throws(StorageError) -> (text: String, record: KeyRecord, keys: StoredKeys) {
        var made: (text: String, record: KeyRecord)?
        let keys = try store.changeKeys { (keys) throws(StorageError) in
            let forgotten = try makeRoom(in: keys.records)
            var random = SystemRandomNumberGenerator()
            let taken = Set(keys.records.map(\.id))
            var id: UInt64
            repeat {
                id = UInt64.random(in: 1..<1 << UInt64(4 * KeyText.idDigits), using: &random)
            } while taken.contains(id)
            let text = KeyText.make(id: id, using: &random)
            let secret = KeySecret(bytes: keys.secret, quick: QuickHash(isSeeded: false))
            guard let mac = Array(text.utf8).withUnsafeBytes({ secret.mac(of: $0) }) else {
                throw .limit("The key could not be hashed: the system has no memory for it.")
            }
            let record = KeyRecord(
                id: id, scope: new.scope, site: new.site, name: new.name, created: now, mac: mac,
                requestsPerSecond: UInt32(new.limits.requestsPerSecond),
                eventsPerSecond: UInt32(new.limits.eventsPerSecond))
            made = (text, record)
            return ([record], forgotten)
        }
        guard let made else { throw .limit("The key was not made.") }
        return (made.text, made.record, keys)
    }

    /// Revokes a key. It stays on record, so that its site goes on demanding keys.
    ///
    /// - Parameters:
    ///   - site: only if it is a key of this site; `nil` for any.
    ///   - now: Unix milliseconds.
    /// - Returns: the record, `nil` if there is none, and all keys as they are now.
    public static func revoke(
        _ id: UInt64, site: String?, in store: Store, now: Int64
    ) throws(StorageError) -> (record: KeyRecord?, keys: StoredKeys) {
        var found: KeyRecord?
        let keys = try store.changeKeys { (keys) throws(StorageError) in
            guard var record = keys.records.first(where: { $0.id == id && (site == nil || $0.site == site) }) else {
                return ([], [])
            }
            let isNew = record.revoked == nil
            if isNew { record.revoked = now }
            found = record
            return (isNew ? [record] : [], [])
        }
        return (found, keys)
    }

    /// Which revoked keys to forget so that there is room for another.
    private static func makeRoom(in records: [KeyRecord]) throws(StorageError) -> [UInt64] {
        let revoked = records.filter { $0.revoked != nil }.sorted {
            ($0.revoked ?? 0, $0.id) < ($1.revoked ?? 0, $1.id)
        }
        var counts = Dictionary(grouping: records, by: \.site).mapValues(\.count)
        var excess = max(revoked.count - revokedKept, records.count + 1 - Store.keys)
        var forgotten: [UInt64] = []
        for record in revoked where excess > 0 {
            guard let count = counts[record.site], count > 1 else { continue }
            counts[record.site] = count - 1
            forgotten.append(record.id)
            excess -= 1
        }
        guard records.count - forgotten.count < Store.keys else {
            throw .limit("This store holds \(Store.keys) keys, the most it may (limit keys); revoke some.")
        }
        return forgotten
    }
}
