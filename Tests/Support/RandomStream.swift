/// A small random event stream, made to be difficult: few visitors and names, many equal times, days and months and
/// clock changes in the middle, missing fields, several values, and texts that only look equal.
public struct RandomStream: Sendable {
    /// The events as JSON objects, in no particular order of time. None lacks a visitor, a name or a time.
    public let lines: [String]
    /// Time of the first event, Unix milliseconds.
    public let first: Int64
    /// Time of the last event, Unix milliseconds.
    public let last: Int64

    /// The same, parsed: queries are made so that they find some of them.
    let events: [ReferenceEvent]

    /// Event names.
    public static let names = ["a", "b", "c", "d", "page_view"]
    /// Countries, of which events may have none too.
    static let countries = ["DE", "FR", "US", "Åland"]
    static let urls = [
        "https://shop.example/p/1", "https://shop.example/p/2?utm_source=news&utm_campaign=spring+sale",
        "https://Shop.Example:8443/p/10#top", "https://shop.example", "http://shop.example:80/docs/a?x=1",
        "/docs/b?utm_source=mail&utm_medium=e%C3%A9", "https://shop.example/p/%C3%BC",
    ]
    static let referrers = ["https://www.Search.example/find?q=x", "https://news.example/", "https://news.example/a"]
    /// Texts, two of which are canonically equivalent and yet different.
    static let plans = ["free", "pro", "", "\u{E9}", "e\u{301}", "日本", "fr\"ee\\"]
    private static let numbers: [JSON] = [
        .integer(1), .integer(2), .number(3.0), .integer(3), .number(2.5), .string("3"), .string("10"), .string("abc"),
        .integer(-4), .integer(10),
    ]
    private static let tags: [JSON] = [
        [], ["x"], ["x", "y"], ["y", "x"], ["x", "x", "z"], [1, "1"], [true, "true", "x"], ["y", .null], "x", .null,
        ["", "y"],
    ]

    /// Starts of months, days and clock changes: 2024-02-29, 2025-01-01, 2025-03-09 New York, 2025-03-30 Berlin,
    /// 2025-10-26 Berlin, 2025-11-02 New York, and one with nothing special.
    private static let boundaries = [
        "2024-02-29T00:00:00Z", "2025-01-01T00:00:00Z", "2025-03-09T07:00:00Z", "2025-03-30T01:00:00Z",
        "2025-10-26T01:00:00Z", "2025-11-02T06:00:00Z", "2025-05-14T11:30:00Z",
    ].compactMap { Instant(parsing: $0)?.milliseconds }

    /// Grids of times: the distance of two neighbours and how many there are.
    private static let grids: [(step: Int64, count: Int)] = [
        (1, 12), (1000, 40), (60_000, 180), (600_000, 200), (1_800_000, 90), (21_600_000, 150),
    ]

    /// Makes a stream; equal seeds make equal streams.
    ///
    /// - Parameter most: the greatest number of events.
    public init(seed: UInt64, most: Int = 120) {
        var generator = SeededGenerator(seed: seed)
        let grid = generator.pick(RandomStream.grids)
        let ticks = generator.int(3...grid.count)
        let start = generator.pick(RandomStream.boundaries) - grid.step * Int64(generator.int(0...ticks))
        var shape = Shape(
            visitors: generator.int(1...12), sessionShare: generator.pick([0, 0, 0.5, 1]),
            idShare: generator.pick([0, 0.2, 1]), sparse: generator.chance(0.3))
        var lines: [String] = []
        var times: [Int64] = []
        var events: [ReferenceEvent] = []
        for number in 0..<generator.int(1...most) {
            let time = start + grid.step * Int64(generator.int(0...ticks))
            times.append(time)
            let event = shape.event(number: number, time: time, using: &generator)
            if let parsed = ReferenceEvent(event) { events.append(parsed) }
            var line = event.description
            if generator.chance(0.2) { line = RandomStream.escaped(line) }
            lines.append(line)
            if event["id"] != nil, generator.chance(0.15) { lines.append(line) }
        }
        self.lines = lines
        self.events = events
        first = times.min() ?? start
        last = times.max() ?? start
    }

    /// The same JSON with one letter written as an escape.
    private static func escaped(_ line: String) -> String {
        var result = ""
        for scalar in line.unicodeScalars {
            if scalar == "\u{E9}" { result += "\\u00e9" } else { result.unicodeScalars.append(scalar) }
        }
        return result
    }

    /// What the events of one stream have in common.
    private struct Shape {
        var visitors: Int
        var sessionShare: Double
        var idShare: Double
        var sparse: Bool

        mutating func event(number: Int, time: Int64, using generator: inout SeededGenerator) -> JSON {
            var event: [String: JSON] = [
                "event": .string(generator.pick(RandomStream.names)),
                "visitor": .string("v\(generator.int(1...visitors))"),
                "time": RandomStream.written(time, using: &generator),
            ]
            if generator.chance(idShare) { event["id"] = .string("id-\(number)") }
            if generator.chance(sessionShare) { event["session"] = .string(generator.pick(["s1", "s2"])) }
            let share = sparse ? 0.15 : 0.6
            if generator.chance(share) { event["country"] = .string(generator.pick(RandomStream.countries)) }
            if generator.chance(share) { event["url"] = .string(generator.pick(RandomStream.urls)) }
            if generator.chance(share / 2) { event["referrer"] = .string(generator.pick(RandomStream.referrers)) }
            if generator.chance(share / 2) { event["title"] = .string(generator.pick(["", "Titel", "題"])) }
            if generator.chance(0.1) { event["language"] = .null }
            if generator.chance(share) {
                event["value"] = .number(Double(generator.int(-8...400)) * 0.25)
                if generator.chance(0.3) { event["value"] = .integer(Int64(generator.int(0...9))) }
            }
            if generator.chance(0.8) { event["props"] = .object(properties(share, using: &generator)) }
            return .object(event)
        }

        private func properties(_ share: Double, using generator: inout SeededGenerator) -> [String: JSON] {
            var properties: [String: JSON] = [:]
            if generator.chance(share) { properties["plan"] = .string(generator.pick(RandomStream.plans)) }
            if generator.chance(share) { properties["n"] = generator.pick(RandomStream.numbers) }
            if generator.chance(share) { properties["flag"] = .bool(generator.chance(0.5)) }
            if generator.chance(share) { properties["tags"] = generator.pick(RandomStream.tags) }
            if generator.chance(share / 2) {
                properties["cart"] = ["size": .integer(Int64(generator.int(0...3))), "box": ["kind": "k"]]
            }
            return properties
        }
    }

    /// An instant in one of the forms a client may send.
    static func written(_ time: Int64, using generator: inout SeededGenerator) -> JSON {
        switch generator.int(0...3) {
        case 0: .string(Instant(milliseconds: time).text)
        case 1: .string(Instant(milliseconds: time, offset: generator.pick([-330, 60, 120])).text)
        default: .integer(time)
        }
    }
}
