import Storage
import Synchronization

/// What an admitted or refused request is answered with besides, who asked, and what lasts longer than a request.
extension AccessControl {
    /// What the answer to a request that brings events says to its page.
    ///
    /// - Parameters:
    ///   - site: the site that `?site=` names, or the key's; `nil` where none is known, as before a preflight's request.
    public func originAnswer(_ origin: UnsafeRawBufferPointer?, site: UnsafeRawBufferPointer?) -> OriginAnswer {
        let snapshot = current.withLock { $0 }
        guard snapshot.hasOrigins else { return .any }
        guard let origin else { return .none }
        let isAllowed: Bool
        if let site {
            isAllowed = snapshot.rules(of: SiteBytes(site)).origins?.allows(origin) ?? true
        } else {
            isAllowed = snapshot.someSiteAllowsAny || snapshot.someSiteAllows(origin)
        }
        return isAllowed ? .echo : .none
    }

    /// Whether answers depend on the request's origin, so that caches must keep them apart.
    public var variesByOrigin: Bool { current.withLock { $0 }.hasOrigins }

    /// The client of a request, seen through the trusted proxies.
    public func client(peer: ClientAddress, forwardedFor: [String], forwarded: [String]) -> ClientAddress {
        policy.proxies.client(peer: peer, forwardedFor: forwardedFor, forwarded: forwarded)
    }

    /// Whether what a peer says of its client is believed: a trusted proxy, and where none are named, a program on this
    /// machine.
    public func trusts(_ peer: ClientAddress) -> Bool {
        hasProxies ? policy.proxies.trusts(peer) : peer.isLoopback
    }

    /// Whether there are proxies whose headers have to be looked at.
    public var hasProxies: Bool { !policy.proxies.ranges.isEmpty }

    /// Sees to it that something that lasts ends once it would not be admitted any more.
    ///
    /// - Parameters:
    ///   - site: the site it reads.
    ///   - end: ends it; called at most once, on any thread.
    /// - Returns: what to hand to ``forget(_:)`` when it has ended by itself.
    public func watch(_ grant: AccessGrant, site: String, end: @escaping @Sendable () -> Void) -> UInt64 {
        let number = nextWatch.add(1, ordering: .relaxed).oldValue
        let watch = Watch(key: grant.entry?.record.id, site: SiteBytes(site), end: end)
        watches.withLock { $0[number] = watch }
        // Keys may have changed since the grant.
        endWhatMayNotGoOn()
        return number
    }

    /// Forgets what has ended.
    public func forget(_ watch: UInt64) {
        _ = watches.withLock { $0.removeValue(forKey: watch) }
    }

    func endWhatMayNotGoOn() {
        let snapshot = current.withLock { $0 }
        let ended = watches.withLock { watches in
            let ended = watches.filter { _, watch in
                var entry: KeyEntry?
                if let key = watch.key {
                    entry = snapshot.entries[key]
                    guard let found = entry, found.record.revoked == nil else { return true }
                }
                return snapshot.refusal(entry: entry, scope: .read, site: watch.site) != nil
            }
            for key in ended.keys { watches[key] = nil }
            return ended.values.map(\.end)
        }
        for end in ended { end() }
    }

    /// What has been done since the start.
    public var statistics: AccessStatistics {
        let snapshot = current.withLock { $0 }
        let revoked = snapshot.entries.values.count { $0.record.revoked != nil }
        return AccessStatistics(
            refused: [
                ("unauthorized", counters.unauthorized.load(ordering: .relaxed)),
                ("wrong_scope", counters.wrongScope.load(ordering: .relaxed)),
                ("forbidden_origin", counters.forbiddenOrigin.load(ordering: .relaxed)),
                ("key_limit", counters.keyLimited.load(ordering: .relaxed)),
                ("address_limit", counters.addressLimited.load(ordering: .relaxed)),
            ], keys: snapshot.entries.count - revoked, revokedKeys: revoked,
            displacedAddresses: addresses?.displacements ?? 0)
    }
}
