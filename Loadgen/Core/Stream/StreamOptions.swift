/// What an ``IndexedStream`` is made of. With the same options, event i is the same on every machine and at any time.
public struct StreamOptions: Sendable, Codable, Equatable {
    /// What is wrong with the events on purpose, as shares from 0 to 1.
    public struct Faults: Sendable, Codable, Equatable {
        /// The share of events that are an earlier one once more, with its id.
        public var duplicates = 0.0
        /// The share of events that a server has to refuse.
        public var bad = 0.0
        /// The share of events that are late, and by how many milliseconds at most.
        public var late = 0.0
        /// How late the latest event is, in milliseconds.
        public var lateBy: Int64 = 0
        /// The share of visitors whose clocks are wrong, and by how many milliseconds at most, either way.
        public var skewed = 0.0
        /// How wrong the worst clock is, in milliseconds.
        public var skewedBy: Int64 = 0
        /// Within how many events the order is shuffled; 0 for not at all, else a power of two.
        public var reorder = 0

        /// No faults.
        public init() {}

        /// The most that a clock may be wrong: a server refuses what is ten minutes ahead of its own.
        public static let skewLimit: Int64 = 5 * 60_000
        /// The most that an event may be late: a server refuses what is older than seven days.
        public static let lateLimit: Int64 = 6 * 86_400_000
        /// The largest stretch of events that is shuffled.
        public static let reorderLimit = 1 << 20
    }

    /// Another seed gives another stream.
    public var seed: UInt64
    /// The size of the population.
    public var visitors = 100_000
    /// The site that events name; with several sites, what their names begin with. Nil names none.
    public var site: String?
    /// How many sites the events are spread over, by Zipf's law.
    public var sites = 1
    /// What kind of site it is.
    public var content = ShopJourney.Content.shop
    /// The share of visits that crawlers make.
    public var bots = 0.0
    /// The share of page views of articles and products that go to the most popular one besides Zipf's law.
    public var hot = 0.0
    /// How many visits are under way at one time; rounded up to a power of two.
    public var concurrency = 1024
    /// Unix milliseconds at which event 0 happens.
    public var origin: Int64 = 0
    /// Whether events carry `props.n` and `props.part`, by which ``Verifier`` finds each again.
    public var isNumbered = false
    /// What is wrong on purpose.
    public var faults = Faults()

    /// A shop's stream.
    public init(seed: UInt64) {
        self.seed = seed
    }

    /// The most sites of one stream.
    public static let siteLimit = 10_000
    /// The most visits under way at one time.
    public static let concurrencyLimit = 1 << 20

    /// Finds the first option that is out of bounds.
    func validate() throws(GeneratorError) {
        func check(_ holds: Bool, _ option: String, _ allowed: String) throws(GeneratorError) {
            guard holds else { throw .outOfRange(option: option, allowed: allowed) }
        }
        try check((1...(1 << 31)).contains(visitors), "visitors", "1 to 2147483648")
        try check((1...Self.siteLimit).contains(sites), "sites", "1 to \(Self.siteLimit)")
        try check((1...Self.concurrencyLimit).contains(concurrency), "concurrency", "1 to \(Self.concurrencyLimit)")
        let siteBytes = GeneratorOptions.siteByteLimit - (sites > 1 ? 6 : 0)
        try check(site.map { (1...siteBytes).contains($0.utf8.count) } ?? true, "site", "1 to \(siteBytes) bytes")
        for (share, name) in [
            (bots, "bots"), (hot, "hot"), (faults.duplicates, "duplicates"), (faults.bad, "bad"), (faults.late, "late"),
            (faults.skewed, "skew"),
        ] {
            try check((0...1).contains(share), name, "a share from 0 to 1")
        }
        try check((0...Faults.skewLimit).contains(faults.skewedBy), "skew", "at most 5m")
        try check((0...Faults.lateLimit).contains(faults.lateBy), "late", "at most 6d")
        try check(
            faults.reorder == 0
                || (2...Faults.reorderLimit).contains(faults.reorder)
                    && faults.reorder & (faults.reorder - 1) == 0,
            "reorder", "a power of two up to \(Faults.reorderLimit)")
    }

    /// The name of a site, from 0.
    package func siteName(_ number: Int) -> String? {
        guard sites > 1 else { return site }
        let digits = String(number)
        return (site ?? "site") + "-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
