import Storage

/// All keys and rules at one moment. Never changes; a change makes a new one.
final class AccessSnapshot: Sendable {
    /// What holds for one site.
    struct Site: Sendable {
        /// Whether it demands a key.
        var isClosed: Bool
        /// Origins whose pages may send events; `nil` for any.
        var origins: OriginList?
        var keyLimits: RateLimits
    }

    let entries: [UInt64: KeyEntry]
    let secret: KeySecret
    /// Whether there are, or ever were, keys.
    let hasKeys: Bool
    /// Whether every site demands a key.
    let requiresKeys: Bool
    /// Whether nothing at all is asked of a request.
    let isOpen: Bool
    /// Whether nothing is asked of a request's events, if the request itself is admitted without a key.
    let hasNoSiteRules: Bool
    let addressLimits: RateLimits
    /// Whether any key is limited.
    let hasKeyLimits: Bool
    /// Whether any site's pages must be of certain origins.
    let hasOrigins: Bool
    private let sites: [SiteBytes: Site]
    private let others: Site
    /// All origins that any site allows.
    private let allOrigins: [OriginList]
    /// Compared with what no key on record was presented for, so that this takes as long.
    private let nobody: [UInt8]

    init(policy: AccessPolicy, records: [KeyRecord], secret: KeySecret, previous: [UInt64: KeyEntry]) {
        var entries: [UInt64: KeyEntry] = [:]
        for record in records {
            // What is known of a key and what it has used up outlives the change of another.
            if let old = previous[record.id], old.record == record {
                entries[record.id] = old
            } else {
                entries[record.id] = KeyEntry(record)
            }
        }
        self.entries = entries
        self.secret = secret
        hasKeys = !records.isEmpty
        // A key of all sites is one of every site.
        let everywhere = policy.requiresKeys || records.contains { $0.site == nil }
        requiresKeys = everywhere
        others = Self.site(policy, nil, isClosed: everywhere)
        var sites: [SiteBytes: Site] = [:]
        for (name, site) in policy.sites {
            if let name = SiteBytes(name) { sites[name] = Self.site(policy, site, isClosed: everywhere) }
        }
        for record in records {
            guard let name = record.site, let bytes = SiteBytes(name) else { continue }
            sites[bytes] = Self.site(policy, policy.sites[name], isClosed: true)
        }
        self.sites = sites
        addressLimits = policy.addressLimits
        hasKeyLimits =
            !policy.keyLimits.isOff || policy.sites.values.contains { $0.keyLimits.map { !$0.isOff } ?? false }
            || records.contains { $0.requestsPerSecond > 0 || $0.eventsPerSecond > 0 }
        allOrigins = ([others] + sites.values).compactMap { $0.origins }
        hasOrigins = !allOrigins.isEmpty
        hasNoSiteRules = !everywhere && !hasKeys && !hasOrigins
        isOpen = hasNoSiteRules && policy.addressLimits.isOff
        nobody = [UInt8](repeating: 0, count: KeyRecord.macBytes)
    }

    private static func site(_ policy: AccessPolicy, _ site: AccessPolicy.Site?, isClosed: Bool) -> Site {
        // A closed site whose owner named no origins has no pages that send events.
        let origins = site?.origins ?? policy.origins ?? (isClosed ? AccessSnapshot.noOrigins : nil)
        return Site(isClosed: isClosed, origins: origins, keyLimits: site?.keyLimits ?? policy.keyLimits)
    }

    private static let noOrigins: OriginList? = try? OriginList([])

    /// What holds for a site; `nil` stands for a name that no site has.
    func rules(of site: SiteBytes?) -> Site {
        guard !sites.isEmpty, let site else { return others }
        return sites[site] ?? others
    }

    /// Whether pages of an origin may send events to any site.
    func someSiteAllows(_ origin: UnsafeRawBufferPointer) -> Bool {
        allOrigins.contains { $0.allows(origin) } || !hasOrigins
    }

    /// Whether some site takes events of every origin.
    var someSiteAllowsAny: Bool {
        others.origins == nil || sites.values.contains { $0.origins == nil } || allOrigins.contains { $0.allowsAny }
    }

    /// The key that a text is; `nil` where it is none, or a revoked one.
    func find(_ text: UnsafeRawBufferPointer) -> KeyEntry? {
        guard let id = KeyText.id(in: text), let entry = entries[id] else {
            _ = secret.verify(text, mac: nobody)
            return nil
        }
        guard entry.matches(text, secret: secret), entry.record.revoked == nil else { return nil }
        return entry
    }

    /// Why something may not be done for a site; `nil` if it may.
    func refusal(entry: KeyEntry?, scope: KeyScope, site: SiteBytes?) -> AccessRefusal? {
        guard let entry else { return rules(of: site).isClosed ? .unauthorized : nil }
        guard entry.covers(site) else { return .unauthorized }
        return entry.record.scope.includes(scope) ? nil : .wrongScope(needed: scope)
    }

    /// The limits of a key.
    func limits(of entry: KeyEntry) -> RateLimits {
        guard hasKeyLimits else { return RateLimits() }
        let record = entry.record
        guard record.requestsPerSecond == 0 || record.eventsPerSecond == 0 else {
            return RateLimits(
                requestsPerSecond: Int(record.requestsPerSecond), eventsPerSecond: Int(record.eventsPerSecond))
        }
        let site = rules(of: entry.site).keyLimits
        return RateLimits(
            requestsPerSecond: record.requestsPerSecond > 0 ? Int(record.requestsPerSecond) : site.requestsPerSecond,
            eventsPerSecond: record.eventsPerSecond > 0 ? Int(record.eventsPerSecond) : site.eventsPerSecond)
    }
}
