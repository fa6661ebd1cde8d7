import Synchronization

/// The property names of every site, so that their number has a bound: shared by all decoders of a server, thread-safe.
///
/// Names are held as hashes, eight bytes each. A name stays once it was admitted, also when its event is not stored in
/// the end; seeded at recovery, the registry holds at least the names that are stored.
public final class PropertyNames: Sendable {
    /// The most names a site may have.
    public let maxNamesPerSite: Int
    /// The store's hash function.
    public let hash: EventHash
    private let sites = Mutex<[String: Set<UInt64>]>([:])

    /// Creates an empty registry.
    ///
    /// - Parameters:
    ///   - hash: the store's hash function, the same as the decoders'.
    ///   - maxNamesPerSite: the most names a site may have.
    public init(hash: EventHash, maxNamesPerSite: Int = 2000) {
        self.hash = hash
        self.maxNamesPerSite = maxNamesPerSite
    }

    /// Makes a name known that is stored already, whatever the bound says.
    ///
    /// - Parameters:
    ///   - site: the site.
    ///   - name: without the `props.` prefix.
    public func register(site: String, name: String) {
        let nameHash = hash(name)
        sites.withLock { _ = $0[site, default: []].insert(nameHash) }
    }

    /// Makes a name known, unless that were more than the site may have.
    ///
    /// - Returns: whether it is known now.
    public func admit(site: String, hash: UInt64) -> Bool {
        sites.withLock { sites in
            if sites[site]?.contains(hash) ?? false { return true }
            guard sites[site]?.count ?? 0 < maxNamesPerSite else { return false }
            sites[site, default: []].insert(hash)
            return true
        }
    }

    /// Whether ``admit(site:hash:)`` would make a name known, if those in `others` were known too.
    public func wouldAdmit(site: String, hash: UInt64, with others: Set<UInt64>) -> Bool {
        sites.withLock { sites in
            let known = sites[site] ?? []
            if known.contains(hash) || others.contains(hash) { return true }
            return known.count + others.count(where: { !known.contains($0) }) < maxNamesPerSite
        }
    }

    /// Makes names known, all of them or, if that were more than the site may have, none.
    ///
    /// - Parameters:
    ///   - site: the site.
    ///   - hashes: hashes of the names without the `props.` prefix.
    /// - Returns: whether all are known now.
    /// - Complexity: O(names) and one lock. Allocates only for names that are new.
    public func admit(site: String, hashes: borrowing [UInt64]) -> Bool {
        sites.withLock { sites in
            let known = sites[site]
            var new: Set<UInt64> = []
            for index in hashes.indices where !(known?.contains(hashes[index]) ?? false) { new.insert(hashes[index]) }
            if new.isEmpty { return true }
            guard (known?.count ?? 0) + new.count <= maxNamesPerSite else { return false }
            sites[site, default: []].formUnion(new)
            return true
        }
    }

    /// Number of names a site has.
    public func count(site: String) -> Int {
        sites.withLock { $0[site]?.count ?? 0 }
    }

    /// Forgets a site that was deleted.
    public func remove(site: String) {
        sites.withLock { _ = $0.removeValue(forKey: site) }
    }
}
