import TestSupport

/// What a store must hold, kept in the most obvious way: the lines that were taken, by site.
struct ScheduleModel {
    /// An event that counts.
    struct Event {
        var number: Int
        var line: String
        var time: Int64
        var visitor: String
        var id: String
        /// When it was sent, by the store's clock.
        var sentAt: Int64
    }

    /// The sites, and for how long each keeps its events, milliseconds.
    static let sites: [(name: String, retention: Int64?)] = [("whole", nil), ("short", 20 * 86_400_000)]

    private(set) var events: [String: [Event]] = [:]
    /// Ids that are known, also of events that were erased or have expired.
    private var sent: [String: [Event]] = [:]
    private var count = 0

    /// Makes events for a site, as yet unsent.
    mutating func make(
        _ size: Int, site: String, now: Int64, _ generator: inout SeededGenerator
    ) -> [Event] {
        (0..<size).map { _ in
            count += 1
            // Most are of now, some late, within the month before.
            let age = generator.chance(0.7) ? generator.int(0...7_200) : generator.int(0...(18 * 86_400))
            let time = now - Int64(age) * 1000
            let visitor = "v\(generator.int(1...8))"
            var event: JSON = [
                "event": .string(generator.pick(["view", "view", "cart", "buy"])), "visitor": .string(visitor),
                "time": .integer(time), "id": .string("id-\(count)"), "site": .string(site),
                "props": ["number": .integer(Int64(count))],
            ]
            if generator.chance(0.5) { event["value"] = .number(Double(generator.int(0...400)) * 0.25) }
            if generator.chance(0.7) { event["country"] = .string(generator.pick(["DE", "FR", "US"])) }
            return Event(
                number: count, line: event.description, time: time, visitor: visitor, id: "id-\(count)", sentAt: now)
        }
    }

    /// Some events of a site that were sent a short time ago: their ids are known, and they must not count again.
    func repeated(site: String, now: Int64, _ generator: inout SeededGenerator) -> [Event] {
        let recent = (sent[site] ?? []).filter { now - $0.sentAt < 10 * 3_600_000 }
        return Array(recent.shuffled(using: &generator).prefix(5))
    }

    /// Notes what was acknowledged.
    mutating func take(_ new: [Event], site: String) {
        events[site, default: []] += new
        sent[site, default: []] += new
    }

    /// Takes a visitor out.
    ///
    /// - Returns: how many events went.
    mutating func erase(_ visitor: String, site: String) -> Int {
        let before = events[site]?.count ?? 0
        events[site]?.removeAll { $0.visitor == visitor }
        return before - (events[site]?.count ?? 0)
    }

    /// Takes a site out; one of the same name shares nothing with it.
    mutating func delete(site: String) {
        events[site] = nil
        sent[site] = nil
    }

    /// Compares with what is visible, by the events' numbers; what has expired is noted, since it must not come back.
    ///
    /// - Returns: what is wrong.
    mutating func compare(_ visible: [Int: Int64], site: String, retention: Int64?, now: Int64) -> [String] {
        var problems: [String] = []
        let known = Dictionary((events[site] ?? []).map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        for (number, count) in visible.sorted(by: { $0.key < $1.key }) {
            if known[number] == nil { problems.append("event \(number) of \(site) is there and must not be") }
            if count != 1 { problems.append("event \(number) of \(site) counts \(count) times") }
        }
        let line = retention.map { now - $0 } ?? .min
        for event in known.values.sorted(by: { $0.number < $1.number }) where visible[event.number] == nil {
            if event.time >= line { problems.append("event \(event.number) of \(site) is gone") }
        }
        events[site]?.removeAll { visible[$0.number] == nil }
        return problems
    }
}
