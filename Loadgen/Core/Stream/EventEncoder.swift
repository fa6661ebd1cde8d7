/// Turns the next event of a session into one line of JSON.
struct EventEncoder: Sendable {
    /// Where a line's time begins, right behind `{"time":"`: the same place in every line, so that a sender can put
    /// another time of the same length over it.
    static let timeOffset = 9

    let catalogue: Catalogue
    let audience: Audience
    private let sites: FragmentTable
    private let origins: FragmentTable
    private let includesIDs: Bool
    private let isNumbered: Bool
    private let idKey: UInt64
    private var times = TimeFormatter()

    /// How many events have the same `props.part` where they are numbered.
    static let eventsPerPart = 20_000

    /// Creates an encoder.
    ///
    /// - Parameters:
    ///   - sites: The names of the sites; nil leaves the field out.
    ///   - origins: Where each site lives, such as `https://shop.example`.
    ///   - isNumbered: Whether events carry their number as `props.n`, by which each can be found again, and
    ///     `props.part`, which is the same for ``eventsPerPart`` of them.
    init(
        catalogue: Catalogue, audience: Audience, sites: [String?], origins: [String], seed: UInt64, includesIDs: Bool,
        isNumbered: Bool = false
    ) {
        self.catalogue = catalogue
        self.audience = audience
        self.sites = FragmentTable(sites.map { $0.map { ",\"site\":\"\(Self.escaped($0))\"" } ?? "" })
        self.origins = FragmentTable(origins.map { ",\"url\":\"\($0)" })
        self.includesIDs = includesIDs
        self.isNumbered = isNumbered
        idKey = RandomSource.mix(seed ^ 0x6A09_E667_F3BC_C908)
    }

    /// The encoder of a shop's stream.
    init(catalogue: Catalogue, audience: Audience, options: GeneratorOptions) {
        self.init(
            catalogue: catalogue, audience: audience, sites: [options.site], origins: [Catalogue.origin],
            seed: options.seed, includesIDs: options.includesIDs)
    }

    /// The most bytes of a line.
    var longestLine: Int {
        // 450: keys, punctuation, the id, the visitor, the time, the value and the number.
        450 + sites.longest + origins.longest + catalogue.longestPieces + audience.longestPieces
    }

    /// Writes one event with its newline.
    ///
    /// - Parameter number: The event's number in the stream, from which its id follows.
    mutating func append(_ session: Session, time: Int64, number: UInt64, to line: inout LineWriter) {
        let step = session.step
        line.append("{\"time\":\"")
        times.append(time, to: &line)
        line.append("\",")
        if includesIDs {
            line.append("\"id\":\"e")
            // A bijection of the number, so that ids of one stream never collide.
            line.append(hex: RandomSource.mix(number &+ idKey), digits: 16)
            line.append("\",")
        }
        line.append(catalogue.eventNames, Int(step.rawValue))
        line.append(",\"visitor\":\"v")
        line.append(hex: session.traits.id, digits: 10)
        line.append("\"")
        line.append(sites, Int(session.site))
        line.append(origins, Int(session.site))
        appendPath(session, to: &line)
        if session.landing == .campaign {
            line.append("?")
            line.append(audience.campaignQueries, Int(session.origin))
        }
        line.append("\"")
        if step.isPage {
            line.append(",\"title\":\"")
            appendTitle(session, to: &line)
            line.append("\"")
        }
        if session.landing == .referrer { line.append(audience.referrers, Int(session.origin)) }
        line.append(audience.places, Int(session.traits.place))
        line.append(audience.screens, Int(session.traits.screen))
        line.append(audience.userAgents, Int(session.traits.agent))
        if step == .purchase || step == .refund {
            line.append(",\"value\":")
            line.append(cents: step == .refund ? -Int(session.cents) : Int(session.cents))
        }
        appendProperties(session, to: &line)
        if isNumbered {
            line.append(",\"n\":")
            line.append(integer: number)
            line.append(",\"part\":")
            line.append(integer: number / UInt64(Self.eventsPerPart))
        }
        line.append("}}\n")
    }

    /// Writes an event that a server has to refuse, one of several kinds, with its newline.
    mutating func appendBad(_ session: Session, time: Int64, number: UInt64, kind: Int, to line: inout LineWriter) {
        line.append("{\"time\":\"")
        times.append(time, to: &line)
        line.append("\"")
        line.append(sites, Int(session.site))
        switch kind & 3 {
        case 0: line.append(",\"event\":\"\"")
        case 1: line.append(",\"evnt\":\"page_view\"")
        case 2: line.append(",\"event\":\"page_view\",\"value\":\"a lot\"")
        default:
            line.append(",\"event\":\"page_view\",\"visitor\":\"")
            for _ in 0..<13 { line.append(hex: number, digits: 16) }
            line.append("\"")
        }
        line.append(",\"props\":{\"n\":")
        line.append(integer: number)
        line.append("}}\n")
    }

    @inline(__always)
    private func appendPath(_ session: Session, to line: inout LineWriter) {
        switch session.step {
        case .product, .viewItem, .addToCart, .wishlist: line.append(catalogue.productPaths, Int(session.product))
        case .category: line.append(catalogue.categoryPaths, Int(session.page))
        case .docs: line.append(catalogue.topicPaths, Int(session.page))
        case .blog: line.append(catalogue.articlePaths, Int(session.page))
        case .results, .search: line.append(catalogue.queryPaths, Int(session.page))
        default: line.append(catalogue.fixedPaths, Int(session.step.rawValue))
        }
    }

    @inline(__always)
    private func appendTitle(_ session: Session, to line: inout LineWriter) {
        switch session.step {
        case .product: line.append(catalogue.productTitles, Int(session.product))
        case .category: line.append(catalogue.categoryTitles, Int(session.page))
        case .docs: line.append(catalogue.topicTitles, Int(session.page))
        case .blog: line.append(catalogue.articleTitles, Int(session.page))
        case .results: line.append(catalogue.queryTitles, Int(session.page))
        default: line.append(catalogue.fixedTitles, Int(session.step.rawValue))
        }
    }

    /// The properties without the closing brace.
    @inline(__always)
    private func appendProperties(_ session: Session, to line: inout LineWriter) {
        line.append(",\"props\":{")
        line.append(audience.variants, Int(session.traits.variant))
        if session.hasAccount { line.append(audience.plans, Int(session.traits.plan)) }
        if session.step.concernsProduct {
            line.append(catalogue.productProperties, Int(session.product))
        } else if session.step == .category {
            line.append(catalogue.categoryProperties, Int(session.page))
        } else if session.step == .search {
            line.append(catalogue.queryProperties, Int(session.page))
        }
        if session.step == .purchase || session.step == .beginCheckout {
            line.append(",\"items\":")
            line.append(decimal: Int(session.items), digits: session.items < 10 ? 1 : 2)
        }
    }

    /// Escapes text for use within a JSON string.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
