/// A realistic stream of a shop's events, in the order of time, as lines of JSON.
///
/// Visitors come back (a few often, most seldom), move through the shop page by page with a person's pauses, and
/// follow the day's and the week's rhythm. Sessions are started slice of time by slice of time so that exactly the
/// wanted number of events comes out; only the sessions that are active at one moment are kept, never the events.
///
/// The stream depends on the options alone: not on the clock, the machine or the size of the batches.
///
/// About a million events a second come out of one core. Memory: one bit a visitor, about 60 bytes an active session
/// (some five minutes' worth of sessions), and a megabyte of tables.
public struct ClickstreamGenerator: Sendable {
    /// The options that the stream was made with.
    public let options: GeneratorOptions

    /// Where a line's time begins, counted in bytes from the line's start, and its length: 24 bytes of RFC 3339.
    public static let timeOffset = EventEncoder.timeOffset
    /// The length of a line's time in bytes.
    public static let timeLength = TimeFormatter.length

    /// No more sessions than these are active at once; further ones start later.
    private static let sessionLimit = 1 << 22

    private let journey = ShopJourney()
    private let rhythm: Rhythm
    private let span: Int64
    private let startMilliseconds: Int64
    private var encoder: EventEncoder
    private var random: RandomSource
    /// A bit a visitor: whether the visitor has an account by now.
    private var signedUp: [UInt64]
    private var sessions: [Session] = []
    private var freeSlots: [Int32] = []
    private var queue = SessionQueue()
    /// The events of all sessions that have been started.
    private var planned = 0
    private var nextSlice = 0
    /// The end of the open slice, in milliseconds since the start.
    private var sliceEnd: Int64 = 0
    private var line: [UInt8]

    /// How many events have been written so far.
    public private(set) var written = 0

    /// Prepares a stream.
    ///
    /// - Throws: ``GeneratorError`` when an option is out of bounds.
    public init(_ options: GeneratorOptions) throws(GeneratorError) {
        try options.validate()
        self.options = options
        rhythm = Rhythm(firstDay: options.start.daysSinceEpoch, days: options.days)
        span = Int64(options.days) * 86_400_000
        startMilliseconds = options.start.milliseconds
        encoder = EventEncoder(catalogue: Catalogue(), audience: Audience(), options: options)
        random = RandomSource(seed: options.seed)
        signedUp = [UInt64](repeating: 0, count: (options.visitors + 63) / 64)
        line = [UInt8](repeating: 0, count: encoder.longestLine)
    }

    /// The most bytes that one line can have, its newline included.
    public var longestLine: Int { line.count }

    /// How many sessions are active: what the generator's memory grows with.
    public var activeSessions: Int { queue.count }

    /// Appends the next event as one line of JSON with its newline.
    ///
    /// - Returns: False, with nothing appended, when all events have been written.
    public mutating func appendNext(into buffer: inout [UInt8]) -> Bool {
        let length = makeLine()
        guard length > 0 else { return false }
        buffer.append(contentsOf: line[..<length])
        return true
    }

    /// Appends up to `count` events.
    ///
    /// - Returns: How many were appended: fewer than asked for only at the stream's end.
    @discardableResult
    public mutating func appendBatch(_ count: Int, into buffer: inout [UInt8]) -> Int {
        for done in 0..<max(0, count) {
            guard appendNext(into: &buffer) else { return done }
        }
        return max(0, count)
    }

    /// Writes the next event into `line`.
    ///
    /// - Returns: Its length, 0 at the stream's end.
    private mutating func makeLine() -> Int {
        guard written < options.events, let time = openNextEvent() else { return 0 }
        let slot = queue.earliestSlot
        let length = line.withUnsafeMutableBytes { block in
            guard var writer = LineWriter(block) else { return 0 }
            encoder.append(
                sessions[slot], time: startMilliseconds + time, number: UInt64(written), to: &writer)
            return writer.count
        }
        written += 1
        advance(slot, from: time)
        return length
    }

    /// Starts sessions until the earliest event of all is at the head of the queue.
    private mutating func openNextEvent() -> Int64? {
        while true {
            if let earliest = queue.earliest, earliest < sliceEnd { return earliest }
            if nextSlice < rhythm.slices {
                startSessions()
                nextSlice += 1
            } else if planned < options.events {
                // Sessions that the limit has held back start in the last moment.
                start(at: span - 1)
            } else {
                return nil
            }
        }
    }

    /// Starts the next slice's sessions.
    private mutating func startSessions() {
        let due = Int(rhythm.due(afterSlice: nextSlice, of: UInt64(options.events)))
        let sliceStart = sliceEnd
        sliceEnd += Rhythm.sliceMilliseconds
        while planned < due, queue.count < Self.sessionLimit {
            start(at: sliceStart + Int64(random.next(below: UInt64(Rhythm.sliceMilliseconds))))
        }
    }

    /// Starts one session at a time.
    private mutating func start(at time: Int64) {
        let visitor = drawVisitor(at: time)
        let length = min(journey.length(&random), options.events - planned)
        planned += length
        var session = Session(
            traits: encoder.audience.traits(of: visitor), visitor: visitor, step: journey.entry(&random),
            landing: .none,
            origin: 0, remaining: UInt16(length), product: 0, page: 0, items: 0, hasAccount: hasAccount(visitor),
            cents: 0)
        let arrival = random.next(below: 100)
        if arrival < 22 {
            session.landing = .campaign
            session.origin = UInt16(encoder.audience.campaigns.draw(&random))
        } else if arrival < 66 {
            session.landing = .referrer
            session.origin = UInt16(encoder.audience.hosts.draw(&random))
        }
        enter(&session)
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = Int(free)
            sessions[slot] = session
        } else {
            slot = sessions.count
            sessions.append(session)
        }
        queue.insert(time: time, slot: slot)
    }

    /// Draws who comes: low numbers much more often than high ones, and only while the visitor is interested in the
    /// shop.
    private mutating func drawVisitor(at time: Int64) -> UInt32 {
        var visitor: UInt32 = 0
        for _ in 0..<6 {
            let fraction = random.fraction()
            visitor = UInt32(fraction * fraction.squareRoot() * Double(options.visitors))
            if Audience.interest(of: visitor, span: span).contains(time) { break }
        }
        return visitor
    }

    private func hasAccount(_ visitor: UInt32) -> Bool {
        signedUp[Int(visitor >> 6)] >> UInt64(visitor & 63) & 1 == 1 || Audience.hasAccountFromTheStart(visitor)
    }

    /// Moves a session on after its event, or ends it.
    private mutating func advance(_ slot: Int, from time: Int64) {
        var session = sessions[slot]
        guard session.remaining > 1 else {
            queue.removeEarliest()
            freeSlots.append(Int32(slot))
            return
        }
        let step = session.step
        var next = journey.step(after: step, &random)
        if next == .login, !session.hasAccount { next = .home }
        if next == .signup, session.hasAccount { next = .account }
        if next == .beginCheckout || next == .removeFromCart, session.items == 0 { next = .category }
        let pause = journey.pause(from: step, to: next, &random)
        session.landing = .none
        session.remaining -= 1
        session.step = next
        // A look at an item without its page: straight from a list, or one that goes with another.
        if next == .viewItem, step != .product { session.product = UInt16(encoder.catalogue.products.draw(&random)) }
        enter(&session)
        sessions[slot] = session
        // Towards the end of the stream a session hurries, so that all of its events fall within the days.
        let room = (span - 1 - time) / Int64(session.remaining)
        queue.moveEarliest(to: time + min(pause, room))
    }

    /// Chooses what the session's new step is about, and keeps the cart's books.
    private mutating func enter(_ session: inout Session) {
        let catalogue = encoder.catalogue
        switch session.step {
        case .product: session.product = UInt16(catalogue.products.draw(&random))
        case .category: session.page = UInt16(catalogue.categories.draw(&random))
        case .docs: session.page = UInt16(catalogue.topics.draw(&random))
        case .blog: session.page = UInt16(catalogue.articles.draw(&random))
        case .search: session.page = UInt16(catalogue.queries.draw(&random))
        case .addToCart:
            if session.items == 0 { session.cents = 0 }
            session.items = min(session.items + 1, 99)
            session.cents += catalogue.prices[Int(session.product)]
        case .removeFromCart:
            session.cents -= session.cents / Int32(session.items)
            session.items -= 1
        case .thanks: session.items = 0
        case .signup:
            session.hasAccount = true
            signedUp[Int(session.visitor >> 6)] |= 1 << UInt64(session.visitor & 63)
        default: break
        }
    }
}
