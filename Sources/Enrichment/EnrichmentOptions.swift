/// What is derived of events besides what stands in them, and from what.
public struct EnrichmentOptions: Sendable {
    /// Where Debian's package `uap-core` has its patterns.
    public static let packagedPatterns = "/usr/share/uap-core/regexes.yaml"

    /// The patterns of user agents, a `regexes.yaml` of uap-core; `nil` for none: `browser`, `os`, `device` and `bot` stay
    /// without a value.
    public var userAgentPatterns: String?
    /// A MaxMind database from which the country of an address is read; `nil` for none.
    public var countryDatabase: String?
    /// What may be used.
    public var limits = EnrichmentLimits()

    /// Options that derive only what needs no file.
    public init() {}
}

/// What enrichment may use.
public struct EnrichmentLimits: Sendable {
    /// Agents whose answer is remembered, in each of two generations: when the younger is full, the older is given up.
    public var agents = 16_384
    /// Bytes of an agent that are read; the rest says nothing about it.
    public var agentBytes = 1024
    /// Agents that are read in a second beyond those that are remembered, imports not counted. An agent beyond has no
    /// `browser`, `os`, `device` and `bot`, and is counted.
    public var readsPerSecond = 1000
    /// The same in one go, after a quiet time.
    public var readsAtOnce = 4000
    /// Agents that are read for one body of an import, whatever the rate.
    public var readsPerImport = 20_000

    /// Creates the default limits.
    public init() {}
}
