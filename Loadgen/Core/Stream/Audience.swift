/// The visitors and where they come from, ready-made as pieces of JSON.
///
/// A visitor's traits follow from the visitor's number alone, so that nothing has to be kept for each of them: the same
/// visitor is the same person in every session, every stream and with every seed.
final class Audience: Sendable {
    private static let hostCount = 200

    private let countries = AliasTable(weights: AudienceNames.countries.map(\.weight))
    private let agents = AliasTable(weights: AudienceNames.agents.map(\.weight))
    private let phoneScreens = AliasTable.zipf(AudienceNames.phoneScreens.count)
    private let desktopScreens = AliasTable.zipf(AudienceNames.desktopScreens.count)

    /// How popular the hosts are that link to the shop.
    let hosts = AliasTable.zipf(hostCount, offset: 1)
    /// How popular the shop's campaigns are.
    let campaigns: AliasTable

    /// `,"country":"…","language":"…"`.
    let places: FragmentTable
    /// `,"screen":"…"`, the phones' first.
    let screens: FragmentTable
    /// `,"user_agent":"…"`.
    let userAgents: FragmentTable
    /// `,"referrer":"…"`.
    let referrers: FragmentTable
    /// `utm_source=…&utm_medium=…&…`.
    let campaignQueries: FragmentTable
    /// `,"plan":"…"`, and for visitors without an account nothing.
    let plans = FragmentTable(["", ",\"plan\":\"free\"", ",\"plan\":\"plus\"", ",\"plan\":\"business\""])
    /// The start of the properties.
    let variants = FragmentTable(["\"ab_variant\":\"control\"", "\"ab_variant\":\"new_checkout\""])

    init() {
        places = FragmentTable(
            AudienceNames.countries.flatMap { country in
                [country.language, country.otherLanguage].map {
                    ",\"country\":\"\(country.code)\",\"language\":\"\($0)\""
                }
            })
        screens = FragmentTable(
            (AudienceNames.phoneScreens + AudienceNames.desktopScreens).map { ",\"screen\":\"\($0)\"" })
        userAgents = FragmentTable(
            (AudienceNames.agents.map(\.text) + AudienceNames.bots).map { ",\"user_agent\":\"\($0)\"" })
        referrers = FragmentTable(
            (0..<Self.hostCount).map { host in
                let known = AudienceNames.referrers
                let url = host < known.count ? known[host] : "https://blog-\(host).example.net/posts/\(host * 37 % 101)"
                return ",\"referrer\":\"\(url)\""
            })
        let campaigns = AudienceNames.campaignSources.flatMap { source in
            AudienceNames.campaigns.map { name in
                (
                    weight: source.weight / Double(1 + AudienceNames.campaigns.count),
                    query: "utm_source=\(source.source)&utm_medium=\(source.medium)&utm_campaign=\(name)"
                        + (source.terms.isEmpty ? "" : "&utm_term=\(source.terms)")
                        + (source.medium == "cpc" ? "&utm_content=ad_\(name.utf8.count % 4 + 1)" : "")
                )
            }
        }
        self.campaigns = AliasTable(weights: campaigns.map(\.weight))
        campaignQueries = FragmentTable(campaigns.map(\.query))
    }

    /// What is fixed about a visitor, as indices into the pieces.
    struct Traits: Sendable {
        /// The visitor's id as ten hexadecimal digits.
        var id: UInt64
        var place: UInt8
        var screen: UInt8
        var agent: UInt8
        var variant: UInt8
        /// The plan once the visitor has an account: 1 to 3.
        var plan: UInt8
    }

    /// The traits of a visitor.
    func traits(of visitor: UInt32) -> Traits {
        var bits = RandomSource(seed: UInt64(visitor) ^ 0xB5AD_4ECE_DA1C_E2A9)
        let agent = agents.draw(&bits)
        let isPhone = AudienceNames.agents[agent].isPhone
        let screen =
            isPhone ? phoneScreens.draw(&bits) : AudienceNames.phoneScreens.count + desktopScreens.draw(&bits)
        let rest = bits.next()
        let place = countries.draw(&bits) * 2 + (rest & 7 == 0 ? 1 : 0)
        let share = (rest >> 16) % 100
        return Traits(
            id: Self.id(of: visitor), place: UInt8(place), screen: UInt8(screen), agent: UInt8(agent),
            variant: UInt8(rest >> 8 & 1), plan: share < 62 ? 1 : share < 90 ? 2 : 3)
    }

    /// The traits of a crawler: its own visitor id and a user agent that says what it is.
    func traits(ofBot bot: UInt32) -> Traits {
        var traits = traits(of: bot | 0x8000_0000)
        traits.agent = UInt8(AudienceNames.agents.count + Int(bot) % AudienceNames.bots.count)
        return traits
    }

    /// Whether a visitor had an account before the stream began: three in ten do.
    static func hasAccountFromTheStart(_ visitor: UInt32) -> Bool {
        RandomSource.mix(UInt64(visitor) &+ 0x1234_5678_9ABC) % 10 < 3
    }

    /// When a visitor first comes and when that interest ends, in milliseconds since the start of a span of time.
    ///
    /// Not quite half of the visitors are there from the start; the others come in over time. Interest lasts for the
    /// whole span or for a part of it, often a short one, which is what gives retention its falling curve.
    static func interest(of visitor: UInt32, span: Int64) -> Range<Int64> {
        let bits = RandomSource.mix(UInt64(visitor) &+ 0xC2B2_AE3D_27D4_EB4F)
        let start = bits & 0xFF < 110 ? 0 : Int64(bits >> 8 & 0xFFFF) * (span >> 16)
        guard bits >> 24 & 0xFF >= 90 else { return start..<max(span, start + 1) }
        let fraction = Int64(bits >> 32 & 0xFF) * Int64(bits >> 40 & 0xFF)
        return start..<start + max(1_800_000, fraction * (span >> 16))
    }

    /// A bijection of numbers to 40 bits that leaves no visible order.
    private static func id(of visitor: UInt32) -> UInt64 {
        let mask: UInt64 = 0xFF_FFFF_FFFF
        var id = UInt64(visitor) &+ 0x5D_3B9A
        id = (id &* 0x2D_9E37_79B9) & mask
        id ^= id >> 19
        id = (id &* 0x58_476D_1CE5) & mask
        return id ^ (id >> 21)
    }

    /// The most bytes that a line spends on pieces of the audience.
    var longestPieces: Int {
        [places, screens, userAgents, referrers, campaignQueries, plans, variants].reduce(0) { $0 + $1.longest }
    }
}
