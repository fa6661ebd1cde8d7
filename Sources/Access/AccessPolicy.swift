/// What the settings say about who may do what.
public struct AccessPolicy: Sendable {
    /// What they say about one site.
    public struct Site: Sendable {
        /// Origins whose pages may send events; `nil` for those of all sites.
        public var origins: OriginList?
        /// Limits of each of its keys; `nil` for those of all keys.
        public var keyLimits: RateLimits?

        /// Creates it.
        public init(origins: OriginList? = nil, keyLimits: RateLimits? = nil) {
            self.origins = origins
            self.keyLimits = keyLimits
        }
    }

    /// Whether every site demands a key, also those that have none.
    public var requiresKeys = false
    /// Origins whose pages may send events; `nil` where nothing is said: any, as long as the site demands no key.
    public var origins: OriginList?
    /// What is set for single sites.
    public var sites: [String: Site] = [:]
    /// Limits of each key.
    public var keyLimits = RateLimits()
    /// Limits of each client address.
    public var addressLimits = RateLimits()
    /// Which proxies are believed.
    public var proxies = ProxyTrust()

    /// Creates a policy that leaves everything open.
    public init() {}
}
