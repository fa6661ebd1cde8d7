import Events
import Storage

/// Says of each event where it may go. Holds what was in force when its request was admitted.
public struct EventRule: Sendable {
    let snapshot: AccessSnapshot
    /// The key of the request.
    let entry: KeyEntry?
    /// The origin of the request.
    let origin: [UInt8]?
    /// Where events bring keys of their own, as datagrams do: what counts them.
    let control: AccessControl?

    /// Whether an event may go to a site.
    ///
    /// - Parameters:
    ///   - site: the site it names, else that of its request.
    ///   - isNamed: whether the event names it.
    ///   - key: the event's own key, where it has one; looked at in datagrams only.
    /// - Complexity: O(1), no allocation.
    public func verdict(site: UnsafeRawBufferPointer, isNamed: Bool, key: UnsafeRawBufferPointer?) -> SiteVerdict {
        if let control { return control.datagramVerdict(snapshot, site: site, isNamed: isNamed, key: key) }
        let bytes = SiteBytes(site)
        if snapshot.refusal(entry: entry, scope: .write, site: bytes) != nil { return .unauthorized }
        guard let origin else { return .admitted }
        guard let allowed = snapshot.rules(of: bytes).origins else { return .admitted }
        return origin.withUnsafeBytes { allowed.allows($0) } ? .admitted : .forbiddenOrigin
    }

    /// The rule as the decoder asks it: about each event of datagrams, which have keys of their own, else about each site.
    public var admission: EventAdmission {
        EventAdmission(isPerEvent: control != nil) { site, isNamed, key in
            verdict(site: site, isNamed: isNamed, key: key)
        }
    }
}
