import Storage

/// What a request brings along for its being admitted. All bytes are read during the call only.
public struct AccessRequest {
    /// What is to be done.
    public var scope: KeyScope
    /// The key as it was presented; `nil` where none was. See ``PresentedKey``.
    public var key: UnsafeRawBufferPointer?
    /// The `Origin` header, where the answer depends on it: of requests that bring events.
    public var origin: UnsafeRawBufferPointer?
    /// The site that `?site=` names; `nil` where it does not.
    public var site: UnsafeRawBufferPointer?
    /// The client, seen through the trusted proxies.
    public var client: ClientAddress

    /// Creates it.
    public init(
        scope: KeyScope, key: UnsafeRawBufferPointer? = nil, origin: UnsafeRawBufferPointer? = nil,
        site: UnsafeRawBufferPointer? = nil, client: ClientAddress = .unknown
    ) {
        self.scope = scope
        self.key = key
        self.origin = origin
        self.site = site
        self.client = client
    }
}

/// Why a request is refused.
public enum AccessRefusal: Error, Sendable, Equatable {
    /// 401: no key, or none that is of any use here. It is not said which.
    case unauthorized
    /// 403: the key is good, but not for this.
    case wrongScope(needed: KeyScope)
    /// 403: pages of this origin may not send events.
    case forbiddenOrigin
    /// 429: too much at once; to be tried again after so many seconds.
    case limited(retryAfterSeconds: Int)
}

/// What is to be done with a request.
public enum AccessDecision: Sendable {
    case admitted(AccessGrant)
    case refused(AccessRefusal)
}

/// The value of `Access-Control-Allow-Origin` on the answer to a request that brings events.
public enum OriginAnswer: Sendable, Equatable {
    /// The header is left out.
    case none
    /// `*`: nothing depends on the origin.
    case any
    /// The origin that was sent, with `Vary: Origin`.
    case echo
}

/// What an admitted request may do.
public struct AccessGrant: Sendable {
    /// The site of everything in the request that names none: the key's; `nil` for `default`, or what `?site=` says.
    public let site: String?
    /// What is asked for each site that the request's events name; `nil` where they may name any.
    public let rule: EventRule?
    let snapshot: AccessSnapshot
    let entry: KeyEntry?
    let scope: KeyScope
    let client: ClientAddress

    /// The id of the key, for what has to end when the key is revoked.
    public var keyID: UInt64? { entry?.record.id }

    /// Whether what the request asks for is allowed for a site.
    public func check(site: String) throws(AccessRefusal) {
        if let refusal = snapshot.refusal(entry: entry, scope: scope, site: SiteBytes(site)) { throw refusal }
    }

    /// Whether what the request asks for is allowed for the whole server.
    public func checkServer() throws(AccessRefusal) {
        guard snapshot.hasKeys || snapshot.requiresKeys else { return }
        guard let entry else { throw .unauthorized }
        guard entry.record.scope.includes(scope), entry.isForAllSites else { throw .wrongScope(needed: scope) }
    }

    /// The client's address as text, for what is derived from it; empty where it is not known.
    public var clientText: String { client == .unknown ? "" : client.text }

    /// The one site that the key is for; `nil` for a key of all sites, and where none is needed.
    public var boundSite: String? { entry?.record.site }
}
