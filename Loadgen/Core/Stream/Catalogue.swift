/// The shop: its products, categories, articles and searches, ready-made as pieces of JSON, and how popular each one
/// is.
///
/// Everything follows Zipf's law by rank: product 0 is the best seller.
final class Catalogue: Sendable {
    /// Where the shop lives.
    static let origin = "https://shop.example"

    private static let productCount = 4000
    private static let blogCount = 300
    private static let docsCount = 120
    private static let queryCount = 400

    let products = AliasTable.zipf(productCount)
    let categories = AliasTable.zipf(CatalogueNames.categories.count)
    let articles = AliasTable.zipf(blogCount)
    let topics = AliasTable.zipf(docsCount)
    let queries = AliasTable.zipf(queryCount)

    /// The fixed pages in the order of their steps, with a hole for those that have tables of their own.
    let fixedPaths: FragmentTable
    let fixedTitles: FragmentTable

    let productPaths: FragmentTable
    let productTitles: FragmentTable
    /// `,"product":"…","category":"…"`.
    let productProperties: FragmentTable
    /// Prices in cents.
    let prices: [Int32]

    let categoryPaths: FragmentTable
    let categoryTitles: FragmentTable
    /// `,"category":"…"`.
    let categoryProperties: FragmentTable

    let articlePaths: FragmentTable
    let articleTitles: FragmentTable
    let topicPaths: FragmentTable
    let topicTitles: FragmentTable

    let queryPaths: FragmentTable
    let queryTitles: FragmentTable
    /// `,"query":"…"`.
    let queryProperties: FragmentTable

    /// `"event":"…"` for each step.
    let eventNames: FragmentTable

    init() {
        var paths: [String] = []
        var titles: [String] = []
        var properties: [String] = []
        var prices: [Int32] = []
        for product in 0..<Self.productCount {
            let mixed = RandomSource.mix(UInt64(product) &+ 0x51_7CC1)
            let noun = CatalogueNames.products[Int(mixed % UInt64(CatalogueNames.products.count))]
            let colour = CatalogueNames.colours[Int(mixed >> 16) % CatalogueNames.colours.count]
            let material = CatalogueNames.materials[Int(mixed >> 32) % CatalogueNames.materials.count]
            let number = String(10_000 + product).dropFirst()
            let slug = "\(colour)-\(material)-\(noun.name)".lowercased()
            paths.append("/p/\(number)-\(slug)")
            titles.append("\(colour) \(material) \(noun.name) | Example Shop")
            properties.append(",\"product\":\"P\(number)\",\"category\":\"\(noun.category)\"")
            prices.append(Int32(noun.price * 100 - 5 + Int(mixed >> 48) % 40 * 50))
        }
        self.prices = prices
        productPaths = FragmentTable(paths)
        productTitles = FragmentTable(titles)
        productProperties = FragmentTable(properties)

        categoryPaths = FragmentTable(CatalogueNames.categories.map { "/c/\($0)" })
        categoryTitles = FragmentTable(CatalogueNames.categories.map { "\($0.capitalizedFirst) | Example Shop" })
        categoryProperties = FragmentTable(CatalogueNames.categories.map { ",\"category\":\"\($0)\"" })

        let articles = (0..<Self.blogCount).map { article in
            let verb = CatalogueNames.articleOpenings[article % CatalogueNames.articleOpenings.count]
            let noun = CatalogueNames.products[article * 7 % CatalogueNames.products.count].name
            return (verb: verb, noun: noun, number: article + 1)
        }
        articlePaths = FragmentTable(articles.map { "/blog/\($0.number)-\($0.verb.slug)-\($0.noun.lowercased())" })
        articleTitles = FragmentTable(articles.map { "\($0.verb.title) \($0.noun) – Example Shop blog" })

        let topics = (0..<Self.docsCount).map { topic in
            let section = CatalogueNames.docsSections[topic % CatalogueNames.docsSections.count]
            let page = CatalogueNames.docsPages[topic / CatalogueNames.docsSections.count]
            return (section: section, page: page)
        }
        topicPaths = FragmentTable(topics.map { "/docs/\($0.section)/\($0.page)" })
        topicTitles = FragmentTable(topics.map { "\($0.page.capitalizedFirst): \($0.section) – Help" })

        let queries = (0..<Self.queryCount).map { query in
            let mixed = RandomSource.mix(UInt64(query) &+ 0xA4_09F3)
            let noun = CatalogueNames.products[Int(mixed % UInt64(CatalogueNames.products.count))].name.lowercased()
            let colour = CatalogueNames.colours[Int(mixed >> 16) % CatalogueNames.colours.count].lowercased()
            return query % 3 == 0 ? [noun] : query % 29 == 1 ? ["größe", noun] : [colour, noun]
        }
        queryPaths = FragmentTable(queries.map { "/search?q=" + $0.map(Self.percentEncoded).joined(separator: "+") })
        queryTitles = FragmentTable(queries.map { "Search: \($0.joined(separator: " ")) | Example Shop" })
        queryProperties = FragmentTable(queries.map { ",\"query\":\"\($0.joined(separator: " "))\"" })

        fixedPaths = FragmentTable(ShopStep.allCases.map(Self.fixedPath))
        fixedTitles = FragmentTable(ShopStep.allCases.map(Self.fixedTitle))
        eventNames = FragmentTable(ShopStep.allCases.map { "\"event\":\"\($0.eventName)\"" })
    }

    /// The most bytes that a line spends on pieces of this catalogue.
    var longestPieces: Int {
        let paths = [productPaths, categoryPaths, articlePaths, topicPaths, queryPaths, fixedPaths]
        let titles = [productTitles, categoryTitles, articleTitles, topicTitles, queryTitles, fixedTitles]
        let properties = [productProperties, categoryProperties, queryProperties]
        return [paths, titles, properties].reduce(eventNames.longest) { $0 + ($1.map(\.longest).max() ?? 0) }
    }

    /// Encodes what is not ASCII as a browser does in a URL.
    private static func percentEncoded(_ word: String) -> String {
        word.utf8.map { byte in
            byte < 128 ? String(UnicodeScalar(byte)) : "%" + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    private static func fixedPath(of step: ShopStep) -> String {
        switch step {
        case .cart, .removeFromCart: "/cart"
        case .beginCheckout, .checkout, .purchase: "/checkout"
        case .thanks: "/checkout/thanks"
        case .pricing: "/pricing"
        case .account, .login, .refund: "/account"
        case .signup: "/signup"
        default: "/"
        }
    }

    private static func fixedTitle(of step: ShopStep) -> String {
        switch step {
        case .cart: "Your cart | Example Shop"
        case .checkout: "Checkout | Example Shop"
        case .thanks: "Thank you for your order | Example Shop"
        case .pricing: "Plans and pricing | Example Shop"
        case .account: "Your account | Example Shop"
        default: "Example Shop: things for every day"
        }
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
