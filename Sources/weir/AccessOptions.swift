import ArgumentParser

/// The flags of `weir serve` about who may do what.
struct AccessOptions: ParsableArguments {
    @Flag(
        name: .long,
        help: ArgumentHelp(
            "Demand a key for every site, also for those that have none. Always so where the server can be reached from "
                + "other machines. (environment: WEIR_REQUIRE_KEYS, key: require.keys)"))
    var requireKeys = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Origins whose pages may send events, such as https://shop.example, separated by commas; * for any. The "
                + "configuration file sets them for single sites under sites. "
                + "(environment: WEIR_ORIGINS, key: origins, default: any, and none for sites that demand keys)",
            valueName: "list"))
    var origins: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Proxies that are believed when they name their client: addresses or ranges such as 10.0.0.0/8, separated by "
                + "commas. (environment: WEIR_TRUSTED_PROXIES, key: trusted.proxies, default: none)",
            valueName: "list"))
    var trustedProxies: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The header in which they name it: x-forwarded-for, forwarded, or auto for the first of them that is there. "
                + "(environment: WEIR_PROXY_HEADER, key: proxy.header, default: auto)", valueName: "name"))
    var proxyHeader: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Requests a second that each key may make; 0 for any number. "
                + "(environment: WEIR_LIMIT_KEY_REQUESTS, key: limit.key-requests, default: 0)", valueName: "n"))
    var limitKeyRequests: Int?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Events a second that each key may send; 0 for any number. "
                + "(environment: WEIR_LIMIT_KEY_EVENTS, key: limit.key-events, default: 0)", valueName: "n"))
    var limitKeyEvents: Int?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Requests a second that each client address may make, of IPv6 each network of 64 bits; 0 for any number. "
                + "(environment: WEIR_LIMIT_ADDRESS_REQUESTS, key: limit.address-requests, default: 0)", valueName: "n")
    )
    var limitAddressRequests: Int?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Events a second that each client address may send; 0 for any number. "
                + "(environment: WEIR_LIMIT_ADDRESS_EVENTS, key: limit.address-events, default: 0)", valueName: "n"))
    var limitAddressEvents: Int?

    /// The flags that were given.
    var flags: AccessSettings.Flags {
        AccessSettings.Flags(
            requireKeys: requireKeys ? true : nil, origins: origins, trustedProxies: trustedProxies,
            proxyHeader: proxyHeader, limitKeyRequests: limitKeyRequests, limitKeyEvents: limitKeyEvents,
            limitAddressRequests: limitAddressRequests, limitAddressEvents: limitAddressEvents)
    }
}
