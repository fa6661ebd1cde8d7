import Events
import Storage
import Synchronization

/// Decides who may do what. One for a server; asked once for each request.
///
/// What is in force is one immutable value: a request loads it once, and a change of keys replaces it, so that from then on
/// every request of every connection is judged by the new keys, and none by a mixture.
public final class AccessControl: Sendable {
    let policy: AccessPolicy
    let clock: any MonotonicClock
    private let quick: QuickHash
    let current: Mutex<AccessSnapshot>
    let addresses: AddressTable?
    let watches = Mutex<[UInt64: Watch]>([:])
    let nextWatch = Atomic<UInt64>(1)
    let counters = AccessCounters()

    /// Something that lasts and must end when its key is revoked.
    struct Watch: Sendable {
        var key: UInt64?
        var site: SiteBytes?
        var end: @Sendable () -> Void
    }

    /// Creates it without keys.
    ///
    /// - Parameters:
    ///   - policy: what the settings say.
    ///   - clock: for the rate limits.
    ///   - environment: the process's; where it says that the language's hashes are not seeded, they are not relied on.
    public init(
        policy: AccessPolicy = AccessPolicy(), clock: any MonotonicClock = SystemMonotonicClock(),
        environment: [String: String] = [:]
    ) {
        self.policy = policy
        self.clock = clock
        quick = QuickHash(isSeeded: environment["SWIFT_DETERMINISTIC_HASHING"] == nil)
        addresses = policy.addressLimits.isOff ? nil : AddressTable()
        current = Mutex(
            AccessSnapshot(policy: policy, records: [], secret: KeySecret(bytes: [], quick: quick), previous: [:]))
    }

    /// Puts keys in force, all at once: every request that begins from now on is judged by them.
    ///
    /// - Parameters:
    ///   - secret: what the records' hashes were made with.
    ///   - isIncomplete: whether some could not be read; then every site demands a key, since those may have been its own.
    public func use(_ records: [KeyRecord], secret: [UInt8], isIncomplete: Bool = false) {
        var policy = policy
        if isIncomplete { policy.requiresKeys = true }
        current.withLock { [policy, quick] current in
            current = AccessSnapshot(
                policy: policy, records: records, secret: KeySecret(bytes: secret, quick: quick),
                previous: current.entries)
        }
        endWhatMayNotGoOn()
    }

    /// Whether there are, or ever were, keys.
    public var hasKeys: Bool { current.withLock { $0 }.hasKeys }

    /// Whether every request is admitted whatever it brings along, and is its connection's own: no keys, no rules of sites,
    /// no limits of addresses, no proxies.
    public var asksNothing: Bool { !hasProxies && addresses == nil && current.withLock { $0.isOpen } }

    /// Judges a request.
    ///
    /// - Complexity: O(1). Where there are neither keys nor rules: one lock that is held for an instant. No allocation,
    ///   but for a request with an `Origin` whose events may be of several sites.
    public func admit(_ request: AccessRequest) -> AccessDecision {
        let snapshot = current.withLock { $0 }
        if snapshot.isOpen {
            return .admitted(
                AccessGrant(
                    site: nil, rule: nil, snapshot: snapshot, entry: nil, scope: request.scope, client: request.client)
            )
        }
        do throws(AccessRefusal) {
            return .admitted(try judge(request, snapshot))
        } catch {
            count(error)
            return .refused(error)
        }
    }

    private func judge(_ request: AccessRequest, _ snapshot: AccessSnapshot) throws(AccessRefusal) -> AccessGrant {
        let now = clock.milliseconds() &* 1_000_000
        // Before the key is looked at, so that guessing is limited too.
        try limit(request.client, snapshot, now: now)
        var entry: KeyEntry?
        // Where no site has keys, what is presented is nobody's, and nothing is asked for.
        if let key = request.key, snapshot.hasKeys || snapshot.requiresKeys {
            guard let found = snapshot.find(key) else { throw .unauthorized }
            if let named = request.site, !found.covers(SiteBytes(named)) { throw .unauthorized }
            guard found.record.scope.includes(request.scope) else { throw .wrongScope(needed: request.scope) }
            try limit(found, snapshot, now: now)
            entry = found
        }
        let site = request.site == nil ? entry?.record.site : nil
        // Without a key, a request that names no site may be for sites that demand none, if there are any.
        if entry == nil {
            let isRefused = request.site.map { snapshot.rules(of: SiteBytes($0)).isClosed } ?? snapshot.requiresKeys
            if isRefused { throw .unauthorized }
        }
        var rule: EventRule?
        if request.scope == .write, !snapshot.hasNoSiteRules {
            let named = request.site.flatMap { SiteBytes($0) } ?? entry?.site
            try checkOrigin(request.origin, named, isKnown: request.site != nil || site != nil, snapshot)
            rule = EventRule(snapshot: snapshot, entry: entry, origin: request.origin.map { Array($0) }, control: nil)
        }
        return AccessGrant(
            site: site, rule: rule, snapshot: snapshot, entry: entry, scope: request.scope, client: request.client)
    }

    private func checkOrigin(
        _ origin: UnsafeRawBufferPointer?, _ site: SiteBytes?, isKnown: Bool, _ snapshot: AccessSnapshot
    ) throws(AccessRefusal) {
        guard let origin else { return }
        if isKnown {
            guard let allowed = snapshot.rules(of: site).origins, !allowed.allows(origin) else { return }
        } else {
            // The events say which site they are for; it is judged then.
            if snapshot.someSiteAllowsAny || snapshot.someSiteAllows(origin) { return }
        }
        throw .forbiddenOrigin
    }

    private func limit(_ client: ClientAddress, _ snapshot: AccessSnapshot, now: Int64) throws(AccessRefusal) {
        guard let addresses else { return }
        let wait = addresses.withBuckets(of: client, now: now) { $0.admit(now: now, limits: snapshot.addressLimits) }
        guard wait > 0 else { return }
        counters.addressLimited.add(1, ordering: .relaxed)
        throw .limited(retryAfterSeconds: Self.seconds(wait))
    }

    private func limit(_ entry: KeyEntry, _ snapshot: AccessSnapshot, now: Int64) throws(AccessRefusal) {
        let limits = snapshot.limits(of: entry)
        guard !limits.isOff else { return }
        let wait = entry.buckets.withLock { $0.admit(now: now, limits: limits) }
        guard wait > 0 else { return }
        counters.keyLimited.add(1, ordering: .relaxed)
        throw .limited(retryAfterSeconds: Self.seconds(wait))
    }

    private static func seconds(_ nanoseconds: Int64) -> Int {
        Int(clamping: (nanoseconds - 1) / 1_000_000_000 + 1)
    }

    /// Takes the events of an admitted request out of its key's and its address's buckets. They have been read by then and
    /// are stored; who has sent more than there was room for waits with the next request.
    public func charge(_ grant: AccessGrant, events: Int) {
        guard events > 0, !grant.snapshot.isOpen else { return }
        let now = clock.milliseconds() &* 1_000_000
        if let addresses, grant.snapshot.addressLimits.eventsPerSecond > 0 {
            addresses.withBuckets(of: grant.client, now: now) {
                $0.events.take(events, now: now, rate: grant.snapshot.addressLimits.eventsPerSecond)
            }
        }
        if let entry = grant.entry {
            let rate = grant.snapshot.limits(of: entry).eventsPerSecond
            if rate > 0 { entry.buckets.withLock { $0.events.take(events, now: now, rate: rate) } }
        }
    }

    private func count(_ refusal: AccessRefusal) {
        switch refusal {
        case .unauthorized: counters.unauthorized.add(1, ordering: .relaxed)
        case .wrongScope: counters.wrongScope.add(1, ordering: .relaxed)
        case .forbiddenOrigin: counters.forbiddenOrigin.add(1, ordering: .relaxed)
        case .limited: break
        }
    }
}
