/// Turns the next event of a session into one line of JSON.
struct EventEncoder: Sendable {
    /// Where a line's time begins, right behind `{"time":"`: the same place in every line, so that a sender can put
    /// another time of the same length over it.
    static let timeOffset = 9

    let catalogue: Catalogue
    let audience: Audience
    private let site: FragmentTable
    private let includesIDs: Bool
    private let idKey: UInt64
    private var times = TimeFormatter()

    init(catalogue: Catalogue, audience: Audience, options: GeneratorOptions) {
        self.catalogue = catalogue
        self.audience = audience
        site = FragmentTable([options.site.map { ",\"site\":\"\(Self.escaped($0))\"" } ?? ""])
        includesIDs = options.includesIDs
        idKey = RandomSource.mix(options.seed ^ 0x6A09_E667_F3BC_C908)
    }

    /// The most bytes of a line.
    var longestLine: Int {
        // 400: keys, punctuation, the id, the visitor, the time and the value.
        400 + site.longest + catalogue.longestPieces + audience.longestPieces + Catalogue.origin.utf8.count
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
        line.append(site, 0)
        line.append(",\"url\":\"https://shop.example")
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
        line.append("}\n")
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
        line.append("}")
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
