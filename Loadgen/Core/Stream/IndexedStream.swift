/// A realistic stream of events in which event i is a pure function of the options and i.
///
/// Nothing has to be kept to know what was sent, events can be made in any order and by several threads or processes,
/// and ``ExpectedAnswers`` derives a server's answers from the seed alone.
///
/// Events take turns among `concurrency` visits under way. Event i belongs to lane `π(i)` of its round (π another
/// permutation each round), and is that lane's event number `i / concurrency`. A lane is a row of frames of
/// ``frameLength`` events, each cut into visits in one of a fixed number of ways, so the visit that an event belongs to
/// begins at most a frame before it, and the visit's steps up to the event are walked from the visit's own seed.
///
/// - Complexity: O(1) an event, at most ``frameLength`` steps of a visit; no allocation.
public struct IndexedStream: Sendable {
    /// The options that the stream was made with.
    public let options: StreamOptions
    /// When events are due, by which their times go on from the origin.
    public let schedule: RateSchedule?

    /// Events between the places in a lane where a visit always ends.
    static let frameLength = 16
    private static let partitionCount = 256
    /// How many events back a duplicate's original lies at most.
    static let duplicateDistance: UInt64 = 1000

    private let journey: ShopJourney
    private let laneMask: UInt64
    private let laneBits: UInt64
    private let key: UInt64
    private let sites: AliasTable?
    /// For each way to cut a frame and each place in it, where the visit there begins.
    private let visitStarts: [UInt8]
    private var encoder: EventEncoder
    private var line: [UInt8]
    private let thresholds: Thresholds

    /// Shares as thresholds of 32 random bits.
    private struct Thresholds: Sendable {
        var duplicate: UInt64
        var bad: UInt64
        var late: UInt64
        var skewed: UInt64
        var bot: UInt64
        var hot: UInt64
    }

    /// Prepares a stream.
    ///
    /// - Throws: ``GeneratorError`` when an option is out of bounds.
    public init(_ options: StreamOptions, schedule: RateSchedule? = nil) throws(GeneratorError) {
        try options.validate()
        self.options = options
        self.schedule = schedule
        journey = ShopJourney(options.content)
        var lanes = 1
        while lanes < options.concurrency { lanes <<= 1 }
        laneMask = UInt64(lanes - 1)
        laneBits = UInt64(lanes.trailingZeroBitCount)
        key = RandomSource.mix(options.seed ^ 0x51A7_E5EE_D000_0001)
        sites = options.sites > 1 ? .zipf(options.sites, offset: 1) : nil
        visitStarts = Self.partitions(journey)
        let names = (0..<options.sites).map { options.siteName($0) }
        encoder = EventEncoder(
            catalogue: Catalogue(), audience: Audience(), sites: names,
            origins: options.sites > 1 ? names.map { "https://\($0 ?? "site").example" } : [Catalogue.origin],
            seed: options.seed, includesIDs: true, isNumbered: options.isNumbered)
        line = [UInt8](repeating: 0, count: encoder.longestLine)
        func threshold(_ share: Double) -> UInt64 { UInt64(share * 4_294_967_296) }
        thresholds = Thresholds(
            duplicate: threshold(options.faults.duplicates), bad: threshold(options.faults.bad),
            late: threshold(options.faults.late), skewed: threshold(options.faults.skewed),
            bot: threshold(options.bots), hot: threshold(options.hot))
    }

    /// The most bytes that one line can have, its newline included.
    public var longestLine: Int { line.count }

    /// Cuts frames into visits with the journey's lengths.
    private static func partitions(_ journey: ShopJourney) -> [UInt8] {
        var random = RandomSource(seed: 0xF7A3_E5)
        var starts: [UInt8] = []
        for _ in 0..<partitionCount {
            var place = 0
            while place < frameLength {
                let length = min(journey.length(&random), frameLength - place)
                starts.append(contentsOf: repeatElement(UInt8(place), count: length))
                place += length
            }
        }
        return starts
    }

    // MARK: What is at a position

    /// One event as it is sent.
    package struct Event {
        /// Its number: that of the original, for a duplicate.
        package var number: Int
        /// Unix milliseconds.
        package var time: Int64
        /// Whether a server has to refuse it.
        package var isBad: Bool
        /// Whether it repeats an earlier one.
        package var isDuplicate: Bool
        var session: Session

        /// The site, from 0.
        package var site: Int { Int(session.site) }
        /// Whose it is; the same number is the same visitor id.
        package var visitor: UInt32 { session.visitor }
        /// The event's name.
        package var name: String { session.step.eventName }
        /// The value in cents, where the event has one: a multiple of 25, so that sums of them are exact in binary.
        package var cents: Int? {
            switch session.step {
            case .purchase: Int(session.cents)
            case .refund: -Int(session.cents)
            default: nil
            }
        }
    }

    /// The event that is sent as number `position`: another one within the same stretch where the order is shuffled,
    /// and an earlier one for a duplicate.
    package func event(at position: Int) -> Event {
        let index = shuffled(UInt64(position))
        let draw = faultDraw(index)
        if let original = original(of: index, draw) {
            var event = plain(original, faultDraw(original))
            event.isDuplicate = true
            return event
        }
        return plain(index, draw)
    }

    /// The event of this number, which is the same however often and in which order it is sent.
    package func event(numbered number: Int) -> Event {
        plain(UInt64(number), faultDraw(UInt64(number)))
    }

    /// A visitor's id as events carry it.
    package func visitorID(_ event: Event) -> String {
        let digits = String(event.session.traits.id, radix: 16)
        return "v" + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
    }

    /// Appends the event that is sent as number `position` as a line of JSON.
    ///
    /// - Returns: Whether a server has to refuse it.
    @discardableResult
    public mutating func append(_ position: Int, into buffer: inout [UInt8]) -> Bool {
        let event = event(at: position)
        let kind = event.isBad ? Int(faultDraw(UInt64(event.number)).bits >> 60) : 0
        let length = line.withUnsafeMutableBytes { block in
            guard var writer = LineWriter(block) else { return 0 }
            let number = UInt64(event.number)
            if event.isBad {
                encoder.appendBad(
                    event.session, time: event.time, number: number, kind: kind, to: &writer)
            } else {
                encoder.append(event.session, time: event.time, number: number, to: &writer)
            }
            return writer.count
        }
        line.withUnsafeBytes { buffer.append(contentsOf: $0[..<length]) }
        return event.isBad
    }

    private func shuffled(_ position: UInt64) -> UInt64 {
        guard options.faults.reorder > 1 else { return position }
        let mask = UInt64(options.faults.reorder - 1)
        let bits = RandomSource.mix((position & ~mask) ^ key ^ 0x0DDE_5)
        return (position & ~mask) | ((position &* (bits | 1) &+ (bits >> 32)) & mask)
    }

    /// Random bits that decide about an event's faults.
    private struct FaultDraw {
        var bits: UInt64
        var isBad: Bool
        var wantsCopy: Bool
    }

    @inline(__always)
    private func faultDraw(_ index: UInt64) -> FaultDraw {
        guard thresholds.bad | thresholds.duplicate != 0 else {
            return FaultDraw(bits: 0, isBad: false, wantsCopy: false)
        }
        let bits = RandomSource.mix(index &+ key ^ 0xFA_017)
        let share = bits & 0xFFFF_FFFF
        return FaultDraw(
            bits: bits, isBad: share < thresholds.bad,
            wantsCopy: share >= thresholds.bad && share < thresholds.bad + thresholds.duplicate)
    }

    /// The event that this one repeats; nil for an event of its own.
    private func original(of index: UInt64, _ draw: FaultDraw) -> UInt64? {
        guard draw.wantsCopy, index > 0 else { return nil }
        let distance = 1 + (draw.bits >> 32) % min(index, Self.duplicateDistance)
        let original = faultDraw(index - distance)
        return original.isBad || original.wantsCopy ? nil : index - distance
    }

    private func plain(_ index: UInt64, _ draw: FaultDraw) -> Event {
        let session = session(at: index)
        return Event(
            number: Int(index), time: time(of: index, visitor: session.visitor), isBad: draw.isBad, isDuplicate: false,
            session: session)
    }

    private func time(of index: UInt64, visitor: UInt32) -> Int64 {
        // As fast as possible is taken for a million a second, which no event's time outruns the clock with.
        var time = options.origin + (schedule.map { $0.due(Int(index)) / 1_000_000 } ?? Int64(index / 1000))
        if thresholds.late > 0 {
            let bits = RandomSource.mix(index &+ key ^ 0x1A7E)
            if bits & 0xFFFF_FFFF < thresholds.late {
                time -= Int64((bits >> 32) % UInt64(max(1, options.faults.lateBy)))
            }
        }
        if thresholds.skewed > 0 {
            let bits = RandomSource.mix(UInt64(visitor) ^ key ^ 0x5E3)
            if bits & 0xFFFF_FFFF < thresholds.skewed {
                time += Int64((bits >> 32) % UInt64(2 * options.faults.skewedBy + 1)) - options.faults.skewedBy
            }
        }
        return time
    }

    // MARK: Visits

    private func session(at index: UInt64) -> Session {
        let round = index >> laneBits
        let turn = RandomSource.mix(round ^ key)
        let lane = (index &* (turn | 1) &+ (turn >> 32)) & laneMask
        // Lanes begin their frames at different times.
        let place = round &+ RandomSource.mix(lane ^ key) & UInt64(Self.frameLength - 1)
        let frame = place / UInt64(Self.frameLength)
        let within = Int(place) & (Self.frameLength - 1)
        let frameSeed = RandomSource.mix(frame &* 0x9E37_79B9_7F4A_7C15 &+ lane ^ key)
        let partition = Int(frameSeed % UInt64(Self.partitionCount))
        let start = visitStarts[partition * Self.frameLength + within]
        return walk(from: Int(start), to: within, seed: frameSeed &+ UInt64(start))
    }

    /// Follows a visit from its first event to the wanted one.
    private func walk(from start: Int, to place: Int, seed: UInt64) -> Session {
        var random = RandomSource(seed: seed)
        var session = begin(&random)
        for _ in start..<place {
            var next = journey.step(after: session.step, &random)
            if next == .login, !session.hasAccount { next = .home }
            if next == .signup, session.hasAccount { next = .account }
            if next == .beginCheckout || next == .removeFromCart, session.items == 0 { next = .category }
            if next == .viewItem, session.step != .product {
                session.product = UInt16(encoder.catalogue.products.draw(&random))
            }
            session.landing = .none
            session.step = next
            enter(&session, &random)
        }
        return session
    }

    private func begin(_ random: inout RandomSource) -> Session {
        let fraction = random.fraction()
        let isBot = random.next() & 0xFFFF_FFFF < thresholds.bot
        // Crawlers are few and come all the time.
        let visitor =
            isBot
            ? 0xF000_0000 | UInt32(fraction * 64)
            : UInt32(fraction * fraction.squareRoot() * Double(options.visitors))
        let audience = encoder.audience
        var session = Session(
            traits: isBot ? audience.traits(ofBot: visitor) : audience.traits(of: visitor), visitor: visitor,
            step: journey.entry(&random), landing: .none, origin: 0, remaining: 1, product: 0, page: 0, items: 0,
            hasAccount: Audience.hasAccountFromTheStart(visitor), cents: 0)
        if let sites { session.site = UInt16(sites.draw(&random)) }
        let arrival = random.next(below: 100)
        if isBot {
            session.landing = .none
        } else if arrival < 22 {
            session.landing = .campaign
            session.origin = UInt16(audience.campaigns.draw(&random))
        } else if arrival < 66 {
            session.landing = .referrer
            session.origin = UInt16(audience.hosts.draw(&random))
        }
        enter(&session, &random)
        return session
    }

    /// Chooses what the visit's new step is about, and keeps the cart's books.
    private func enter(_ session: inout Session, _ random: inout RandomSource) {
        let catalogue = encoder.catalogue
        switch session.step {
        case .product: session.product = isHot(&random) ? 0 : UInt16(catalogue.products.draw(&random))
        case .category: session.page = UInt16(catalogue.categories.draw(&random))
        case .docs: session.page = UInt16(catalogue.topics.draw(&random))
        case .blog: session.page = isHot(&random) ? 0 : UInt16(catalogue.articles.draw(&random))
        case .search: session.page = UInt16(catalogue.queries.draw(&random))
        case .addToCart:
            if session.items == 0 { session.cents = 0 }
            session.items += 1
            session.cents += catalogue.prices[Int(session.product)] / 25 * 25
        case .removeFromCart:
            session.cents -= session.cents / Int32(session.items) / 25 * 25
            session.items -= 1
        case .thanks: session.items = 0
        case .signup: session.hasAccount = true
        default: break
        }
    }

    private func isHot(_ random: inout RandomSource) -> Bool {
        thresholds.hot > 0 && random.next() & 0xFFFF_FFFF < thresholds.hot
    }
}
