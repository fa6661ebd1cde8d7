/// What a visitor can do next in the shop: the pages one looks at, and the actions.
enum ShopStep: UInt8, CaseIterable, Sendable {
    case home, category, product, docs, blog, results, cart, checkout, thanks, pricing, account
    case viewItem, addToCart, beginCheckout, purchase, search, signup, refund, login, wishlist, removeFromCart,
        newsletter

    /// Whether the step is a page view.
    @inline(__always)
    var isPage: Bool { rawValue <= ShopStep.account.rawValue }

    /// Whether the event carries the product and its category as properties.
    @inline(__always)
    var concernsProduct: Bool {
        switch self {
        case .product, .viewItem, .addToCart, .beginCheckout, .purchase, .refund, .wishlist, .removeFromCart: true
        default: false
        }
    }

    /// The name of the event.
    var eventName: String {
        switch self {
        case .home, .category, .product, .docs, .blog, .results, .cart, .checkout, .thanks, .pricing, .account:
            "page_view"
        case .viewItem: "view_item"
        case .addToCart: "add_to_cart"
        case .beginCheckout: "begin_checkout"
        case .purchase: "purchase"
        case .search: "search"
        case .signup: "signup"
        case .refund: "refund"
        case .login: "login"
        case .wishlist: "add_to_wishlist"
        case .removeFromCart: "remove_from_cart"
        case .newsletter: "newsletter_signup"
        }
    }
}

/// How visitors move through the shop: a Markov chain over the steps, the lengths of sessions, and the pauses between
/// events.
public struct ShopJourney: Sendable {
    /// The longest session in events.
    static let longestSession = 80

    /// For each step 256 equally likely next steps.
    private let successors: [UInt8]
    private let entries: [UInt8]
    private let lengths: AliasTable

    init(_ content: Content = .shop) {
        let weights = content == .news ? Self.newsWeights : Self.weights
        successors = ShopStep.allCases.flatMap { Self.spread(weights($0)) }
        entries = Self.spread(
            content == .news
                ? [(.blog, 186), (.home, 54), (.category, 16)]
                : [(.product, 82), (.home, 76), (.category, 38), (.blog, 32), (.docs, 20), (.pricing, 8)])
        // A quarter of the sessions has one event, and the tail is heavy: about seven events on average.
        lengths = AliasTable(weights: (1...Self.longestSession).map { 1 / ((Double($0) + 2) * (Double($0) + 3)) })
    }

    /// What kind of site visitors move through.
    public enum Content: String, Sendable, Codable, CaseIterable {
        /// Products, carts and purchases.
        case shop
        /// Articles, read one after the other.
        case news
    }

    /// The number of events of a new session.
    @inline(__always)
    func length(_ random: inout RandomSource) -> Int {
        lengths.draw(&random) + 1
    }

    /// The first step of a new session: always a page view.
    @inline(__always)
    func entry(_ random: inout RandomSource) -> ShopStep {
        ShopStep(rawValue: entries[Int(random.next() >> 56)]) ?? .home
    }

    /// The step after another.
    @inline(__always)
    func step(after step: ShopStep, _ random: inout RandomSource) -> ShopStep {
        ShopStep(rawValue: successors[Int(step.rawValue) &* 256 &+ Int(random.next() >> 56)]) ?? .home
    }

    /// Seventeen quantiles, from the least to the greatest, of the pause before a person's next click, in milliseconds.
    private static let pauses: [UInt64] = [
        700, 1800, 3200, 5000, 7200, 10_000, 13_500, 18_000, 24_000, 31_000, 41_000, 54_000, 74_000, 105_000, 165_000,
        330_000, 1_500_000,
    ]

    /// The pause in milliseconds between one step's event and the next one's: a page's own script fires within a
    /// moment, a person takes seconds to minutes, always less than the half hour that would end the session.
    @inline(__always)
    func pause(from step: ShopStep, to next: ShopStep, _ random: inout RandomSource) -> Int64 {
        let bits = random.next()
        if (step == .product && next == .viewItem) || step == .search || next == .thanks {
            return Int64(30 + bits >> 32 % 370)
        }
        let quantile = Int(bits >> 60)
        let within = (bits >> 28) & 0xFFFF_FFFF
        return Self.pauses.withUnsafeBufferPointer { pauses in
            let low = pauses[quantile]
            let high = pauses[quantile &+ 1]
            return Int64(low &+ ((high &- low) &* within) >> 32)
        }
    }

    /// The chain: the weights of the steps after a step, out of 256.
    private static func weights(after step: ShopStep) -> [(ShopStep, Int)] {
        switch step {
        case .home:
            [
                (.category, 82), (.product, 70), (.search, 36), (.blog, 14), (.docs, 14), (.pricing, 12),
                (.account, 22),
                (.home, 6),
            ]
        case .category: [(.product, 126), (.viewItem, 50), (.category, 34), (.search, 22), (.home, 24)]
        case .product: [(.viewItem, 248), (.home, 8)]
        case .docs: [(.docs, 136), (.search, 18), (.home, 36), (.pricing, 26), (.product, 40)]
        case .blog: [(.blog, 100), (.product, 64), (.home, 46), (.category, 30), (.newsletter, 16)]
        case .results: [(.product, 140), (.viewItem, 44), (.search, 36), (.category, 36)]
        case .cart: [(.beginCheckout, 112), (.removeFromCart, 38), (.product, 66), (.category, 40)]
        case .checkout: [(.purchase, 208), (.cart, 20), (.product, 12), (.home, 16)]
        case .thanks: [(.home, 84), (.category, 60), (.product, 52), (.account, 50), (.refund, 10)]
        case .pricing: [(.signup, 26), (.docs, 90), (.home, 76), (.category, 64)]
        case .account: [(.login, 106), (.signup, 26), (.home, 72), (.category, 52)]
        case .viewItem:
            [
                (.addToCart, 112), (.product, 54), (.viewItem, 22), (.category, 26), (.search, 14), (.home, 16),
                (.wishlist, 12),
            ]
        case .addToCart: [(.beginCheckout, 108), (.viewItem, 36), (.cart, 34), (.product, 50), (.category, 28)]
        case .beginCheckout: [(.checkout, 150), (.purchase, 74), (.cart, 12), (.product, 12), (.home, 8)]
        case .purchase: [(.thanks, 256)]
        case .search: [(.results, 256)]
        case .signup, .login: [(.home, 96), (.category, 80), (.product, 50), (.pricing, 30)]
        case .refund: [(.account, 128), (.home, 128)]
        case .wishlist: [(.product, 120), (.category, 96), (.home, 40)]
        case .removeFromCart: [(.cart, 100), (.product, 90), (.category, 66)]
        case .newsletter: [(.blog, 140), (.home, 116)]
        }
    }

    /// The chain of a news site; what it never comes to is as in the shop.
    private static func newsWeights(after step: ShopStep) -> [(ShopStep, Int)] {
        switch step {
        case .home: [(.blog, 190), (.category, 52), (.search, 14)]
        case .category: [(.blog, 214), (.home, 42)]
        case .blog: [(.blog, 150), (.home, 44), (.category, 42), (.search, 12), (.newsletter, 8)]
        case .results: [(.blog, 200), (.search, 26), (.home, 30)]
        default: weights(after: step)
        }
    }

    /// Lays weights that add up to 256 out as 256 steps.
    private static func spread(_ weights: [(ShopStep, Int)]) -> [UInt8] {
        let steps = weights.flatMap { [UInt8](repeating: $0.0.rawValue, count: $0.1) }
        precondition(steps.count == 256, "the weights of a step's successors must add up to 256")
        return steps
    }
}
