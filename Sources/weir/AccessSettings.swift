import Access
import Configuration

/// What the settings say about who may do what: keys, origins, limits, proxies.
enum AccessSettings {
    /// What stands on the command line.
    struct Flags {
        var requireKeys: Bool?
        var origins: String?
        var trustedProxies: String?
        var proxyHeader: String?
        var limitKeyRequests: Int?
        var limitKeyEvents: Int?
        var limitAddressRequests: Int?
        var limitAddressEvents: Int?

        /// The flags under the keys of the configuration file.
        var values: [AbsoluteConfigKey: ConfigValue] {
            var values: [AbsoluteConfigKey: ConfigValue] = [:]
            values["require.keys"] = requireKeys.map { ConfigValue(.bool($0), isSecret: false) }
            values["origins"] = origins.map { ConfigValue(.string($0), isSecret: false) }
            values["trusted.proxies"] = trustedProxies.map { ConfigValue(.string($0), isSecret: false) }
            values["proxy.header"] = proxyHeader.map { ConfigValue(.string($0), isSecret: false) }
            values["limit.key-requests"] = limitKeyRequests.map { ConfigValue(.int($0), isSecret: false) }
            values["limit.key-events"] = limitKeyEvents.map { ConfigValue(.int($0), isSecret: false) }
            values["limit.address-requests"] = limitAddressRequests.map { ConfigValue(.int($0), isSecret: false) }
            values["limit.address-events"] = limitAddressEvents.map { ConfigValue(.int($0), isSecret: false) }
            return values
        }
    }

    /// Reads the policy from all sources.
    ///
    /// - Parameter sites: what the configuration file sets for single sites.
    /// - Throws: ``SettingsError``, or what the configuration library says about a value of the wrong type.
    static func policy(_ reader: ConfigReader, sites: [String: SiteSettings]) async throws -> AccessPolicy {
        var policy = AccessPolicy()
        policy.requiresKeys = try await reader.fetchBool(forKey: "require.keys") ?? false
        if let text = try await reader.fetchString(forKey: "origins") {
            policy.origins = try origins(list(text), name: "origins")
        }
        policy.proxies = try await proxies(reader)
        policy.keyLimits = RateLimits(
            requestsPerSecond: try await rate(reader, "limit.key-requests"),
            eventsPerSecond: try await rate(reader, "limit.key-events"))
        policy.addressLimits = RateLimits(
            requestsPerSecond: try await rate(reader, "limit.address-requests"),
            eventsPerSecond: try await rate(reader, "limit.address-events"))
        policy.sites = sites.mapValues { AccessPolicy.Site(origins: $0.origins, keyLimits: $0.keyLimits) }
        return policy
    }

    private static func proxies(_ reader: ConfigReader) async throws -> ProxyTrust {
        var ranges: [AddressRange] = []
        for text in list(try await reader.fetchString(forKey: "trusted.proxies") ?? "") {
            guard let range = AddressRange(text) else {
                throw SettingsError(
                    description: "trusted-proxies: \(text) is no range of addresses, such as 10.0.0.0/8, 192.0.2.7 or "
                        + "fd00::/8; bits behind the prefix must be zero")
            }
            ranges.append(range)
        }
        let name = try await reader.fetchString(forKey: "proxy.header") ?? ProxyTrust.Header.auto.rawValue
        guard let header = ProxyTrust.Header(rawValue: name.lowercased()) else {
            let names = ProxyTrust.Header.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingsError(description: "proxy-header: must be one of \(names), not \(name)")
        }
        return ProxyTrust(ranges: ranges, header: header)
    }

    private static func rate(_ reader: ConfigReader, _ key: String) async throws -> Int {
        let rate = try await reader.fetchInt(forKey: ConfigKey(key)) ?? 0
        guard (0...RateLimits.most).contains(rate) else {
            let name = key.map { $0 == "." ? "-" : String($0) }.joined()
            throw SettingsError(description: "\(name): must be between 0 and \(RateLimits.most), not \(rate)")
        }
        return rate
    }

    /// Reads a list of origins.
    static func origins(_ texts: [String], name: String) throws(SettingsError) -> OriginList {
        do throws(OriginList.ParseError) {
            return try OriginList(texts)
        } catch {
            throw SettingsError(description: "\(name): \(error)")
        }
    }

    /// What stands between commas, without blanks.
    static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
    }
}
