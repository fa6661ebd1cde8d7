import Events
import Storage
import Synchronization

/// What datagrams may bring: their events have keys of their own, and nobody is answered.
extension AccessControl {
    /// What is asked for the events of datagrams; `nil` where nothing is.
    public func datagramRule() -> EventRule? {
        let snapshot = current.withLock { $0 }
        guard snapshot.hasKeys || snapshot.requiresKeys else { return nil }
        return EventRule(snapshot: snapshot, entry: nil, origin: nil, control: self)
    }

    /// Whether a body of datagrams from one address is taken; what is not is to be counted as lost.
    public func admitDatagrams(from client: ClientAddress) -> Bool {
        guard let addresses else { return true }
        let now = clock.milliseconds() &* 1_000_000
        let limits = policy.addressLimits
        let isTaken = addresses.withBuckets(of: client, now: now) { $0.admit(now: now, limits: limits) } == 0
        if !isTaken { counters.addressLimited.add(1, ordering: .relaxed) }
        return isTaken
    }

    /// Takes the events of datagrams out of their address's bucket.
    public func chargeDatagrams(from client: ClientAddress, events: Int) {
        guard let addresses, policy.addressLimits.eventsPerSecond > 0 else { return }
        let now = clock.milliseconds() &* 1_000_000
        addresses.withBuckets(of: client, now: now) {
            $0.events.take(events, now: now, rate: policy.addressLimits.eventsPerSecond)
        }
    }

    /// An event of a datagram goes where its own key says; one without a key only where none is demanded. Keys that could
    /// do more than append are not taken, since datagrams are read by everyone on their way.
    func datagramVerdict(
        _ snapshot: AccessSnapshot, site: UnsafeRawBufferPointer, isNamed: Bool, key: UnsafeRawBufferPointer?
    ) -> SiteVerdict {
        guard let key else {
            return snapshot.rules(of: SiteBytes(site)).isClosed ? .unauthorized : .admitted
        }
        guard let entry = snapshot.find(key), entry.record.scope == .write else { return .unauthorized }
        guard !isNamed || entry.covers(SiteBytes(site)) else { return .unauthorized }
        let rate = snapshot.limits(of: entry).eventsPerSecond
        if rate > 0 {
            let now = clock.milliseconds() &* 1_000_000
            let isTaken = entry.buckets.withLock { buckets in
                guard buckets.events.wait(now: now, rate: rate, tokens: 1) == 0 else { return false }
                buckets.events.take(1, now: now, rate: rate)
                return true
            }
            guard isTaken else {
                counters.keyLimited.add(1, ordering: .relaxed)
                return .limited
            }
        }
        return isNamed ? .admitted : .admittedTo(entry.record.site ?? "default")
    }
}
