/// Where an event may go, as far as keys and origins go.
public enum SiteVerdict: Sendable, Equatable {
    /// To the site that was asked for.
    case admitted
    /// To this one: it names none, and its own key is for it.
    case admittedTo(String)
    /// It has no key for the site, which demands one.
    case unauthorized
    /// Pages of its origin may not send events to the site.
    case forbiddenOrigin
    /// Its key has had as many events as it may.
    case limited
}

/// Says of the events of a body where they may go.
public struct EventAdmission: Sendable {
    /// - Parameters:
    ///   - site: the site that the event names, else that of its request.
    ///   - isNamed: whether the event names it.
    ///   - key: the event's own key, if it has one.
    public typealias Verdict =
        @Sendable (
            _ site: UnsafeRawBufferPointer, _ isNamed: Bool, _ key: UnsafeRawBufferPointer?
        ) -> SiteVerdict

    /// Asked about each site in a row of events for it, or about each event.
    let verdict: Verdict
    /// Whether it is asked about each event, since events have keys of their own.
    let isPerEvent: Bool

    /// Creates it.
    public init(isPerEvent: Bool, verdict: @escaping Verdict) {
        self.isPerEvent = isPerEvent
        self.verdict = verdict
    }
}

/// What has been asked about the sites of a body.
struct SiteGate {
    /// Whether the event at hand may go where it wants to.
    private(set) var isAdmitted = false
    /// The site of the event at hand, where its own key says it.
    private(set) var keySite: String?
    /// The last site that was asked about; `nil` where events have keys of their own.
    private var newest: (site: UInt64, verdict: SiteVerdict)?
    /// Whether the request's own site takes its dead letters.
    private var takesLetters: Bool?

    /// Begins with the next event.
    @inline(__always)
    mutating func begin() {
        isAdmitted = false
        keySite = nil
    }

    /// The verdict about the event at hand.
    mutating func judge(
        _ admission: EventAdmission, site: DecodeRun.Site, isNamed: Bool, key: UnsafeRawBufferPointer?
    ) -> SiteVerdict {
        let verdict: SiteVerdict
        if !admission.isPerEvent, let newest, newest.site == site.hash {
            verdict = newest.verdict
        } else {
            verdict = admission.verdict(site.name, isNamed, key)
            newest = (site.hash, verdict)
        }
        switch verdict {
        case .admitted: isAdmitted = true
        case .admittedTo(let site): (isAdmitted, keySite) = (true, site)
        case .unauthorized, .forbiddenOrigin, .limited: break
        }
        return verdict
    }

    /// Whether what was refused may become dead letters of the request's own site.
    mutating func takesLetters(_ admission: EventAdmission, site: UnsafeRawBufferPointer) -> Bool {
        if let takesLetters { return takesLetters }
        let takes = admission.verdict(site, false, nil) == .admitted
        takesLetters = takes
        return takes
    }
}

extension DecodeRun {
    /// The site that the event at hand goes to, if it may.
    @inline(never)
    mutating func admitted(_ site: Site) throws(Refusal) -> Site {
        guard let admission = context.admission else { return site }
        let isNamed = scratch.slots[EventField.site.rawValue] != 0
        var key: UnsafeRawBufferPointer?
        let index = scratch.slots[EventField.key.rawValue]
        if admission.isPerEvent, index != 0 {
            // What is no text is no key either, and not the same as none.
            key =
                tape.kind(index) == JSONTape.Kind.string
                ? tape.string(index) : UnsafeRawBufferPointer(start: nil, count: 0)
        }
        switch gate.judge(admission, site: site, isNamed: isNamed, key: key) {
        case .admitted: return site
        case .admittedTo(let name):
            let bytes = scratch.keySite(name)
            return Site(name: bytes, hash: hash(bytes))
        case .unauthorized:
            throw Refusal(.unauthorized, "The event's site takes events only with a write key of its own.")
        case .forbiddenOrigin:
            throw Refusal(
                .forbiddenOrigin, "Pages of this origin may not send events to the event's site.")
        case .limited:
            throw Refusal(.rateLimited, "The event's key has sent more events than its limit allows.")
        }
    }

    /// Where a refused event is kept that did not get as far as its site, or may not go there.
    @inline(never)
    mutating func siteForRefused(_ admission: EventAdmission) -> String {
        gate.takesLetters(admission, site: defaults.site) ? context.defaultSite : ""
    }
}
