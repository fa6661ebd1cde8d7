/// One visit in progress: all that the generator keeps of it, without references.
struct Session: Sendable {
    /// How a visit began.
    enum Landing: UInt8, Sendable {
        /// The address was typed, or the first event has already been written.
        case none
        /// By a link from another host.
        case referrer
        /// By a campaign's link, with `utm_` parameters.
        case campaign
    }

    var traits: Audience.Traits
    /// The visitor's number in the population.
    var visitor: UInt32
    /// What happens at the session's next time.
    var step: ShopStep
    var landing: Landing
    /// The campaign or the referring host.
    var origin: UInt16
    /// The events still to come, the next one included.
    var remaining: UInt16
    /// The product that was looked at last.
    var product: UInt16
    /// The category, article, topic or search of the current page.
    var page: UInt16
    /// Items in the cart.
    var items: UInt8
    var hasAccount: Bool
    /// What the cart's items cost in cents; after a purchase, what was paid.
    var cents: Int32
    /// The site, of those that the stream is spread over.
    var site: UInt16 = 0
}
