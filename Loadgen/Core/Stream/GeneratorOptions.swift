/// What a stream of events is made of.
public struct GeneratorOptions: Sendable {
    /// How many events there are in all.
    public var events: Int
    /// The size of the population that the visitors come from.
    public var visitors: Int
    /// Over how many days the events are spread.
    public var days: Int
    /// The same seed, with the same other options, gives the same bytes.
    public var seed: UInt64
    /// The site that every event names, or nil to leave the field out.
    public var site: String?
    /// The first day.
    public var start: CivilDate
    /// Whether events have an `id`, which makes sending them again harmless.
    public var includesIDs: Bool

    /// The options of a stream; only the number of events has no default.
    public init(
        events: Int, visitors: Int = 100_000, days: Int = 7, seed: UInt64 = 1, site: String? = nil,
        start: CivilDate = GeneratorOptions.defaultStart, includesIDs: Bool = true
    ) {
        self.events = events
        self.visitors = visitors
        self.days = days
        self.seed = seed
        self.site = site
        self.start = start
        self.includesIDs = includesIDs
    }

    /// 1 January 2026: a fixed day, so that a stream never depends on when it was made.
    public static let defaultStart = CivilDate(daysSinceEpoch: 20_454)

    /// The most events of one stream.
    public static let eventLimit = 1_000_000_000_000_000
    /// The largest population. A visitor takes one bit of memory.
    public static let visitorLimit = 1_000_000_000
    /// The most days of one stream.
    public static let dayLimit = 3650
    /// The longest name of a site in bytes.
    public static let siteByteLimit = 200

    /// Finds the first option that is out of bounds.
    func validate() throws(GeneratorError) {
        guard (0...Self.eventLimit).contains(events) else {
            throw .outOfRange(option: "events", allowed: "0 to \(Self.eventLimit)")
        }
        guard (1...Self.visitorLimit).contains(visitors) else {
            throw .outOfRange(option: "visitors", allowed: "1 to \(Self.visitorLimit)")
        }
        guard (1...Self.dayLimit).contains(days) else {
            throw .outOfRange(option: "days", allowed: "1 to \(Self.dayLimit)")
        }
        if let site {
            guard (1...Self.siteByteLimit).contains(site.utf8.count) else {
                throw .outOfRange(option: "site", allowed: "1 to \(Self.siteByteLimit) bytes")
            }
        }
    }
}

/// Why a stream cannot be made.
public enum GeneratorError: Error, Equatable, CustomStringConvertible {
    /// An option has a value that it cannot have.
    case outOfRange(option: String, allowed: String)

    /// A sentence for people.
    public var description: String {
        switch self {
        case .outOfRange(let option, let allowed): "\(option) must be \(allowed)"
        }
    }
}
