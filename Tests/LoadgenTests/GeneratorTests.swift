import LoadgenCore
import Testing

@Suite("The stream of events")
struct GeneratorTests {
    private let options = GeneratorOptions(events: 20_000, visitors: 3000, days: 7, seed: 42)

    @Test("The same seed gives the same bytes, whatever the batches")
    func sameSeed() throws {
        let bytes = try streamBytes(options, batch: 1000)
        #expect(try bytes == streamBytes(options, batch: 7))
        var single = try ClickstreamGenerator(options)
        var buffer: [UInt8] = []
        while single.appendNext(into: &buffer) {}
        #expect(buffer == bytes)
    }

    @Test("Another seed gives another stream with other ids")
    func otherSeed() throws {
        var other = options
        other.seed = 43
        let ids = Set(try streamEvents(options).compactMap(\.id))
        let otherIDs = Set(try streamEvents(other).compactMap(\.id))
        #expect(ids.isDisjoint(with: otherIDs))
    }

    @Test("The first ten thousand events are the ones they have always been")
    func pinned() throws {
        var generator = try ClickstreamGenerator(GeneratorOptions(events: 1_000_000))
        var bytes: [UInt8] = []
        #expect(generator.appendBatch(10_000, into: &bytes) == 10_000)
        #expect(bytes.count == 4_358_993)
        #expect(fnv1a(bytes) == 14_150_144_070_872_731_693)
    }

    @Test("A copy of a generator goes on by itself")
    func copies() throws {
        var original = try ClickstreamGenerator(options)
        var first: [UInt8] = []
        original.appendBatch(500, into: &first)
        var copy = original
        var second: [UInt8] = []
        var third: [UInt8] = []
        original.appendBatch(500, into: &second)
        copy.appendBatch(500, into: &third)
        #expect(second == third)
    }

    @Test("Exactly as many events come as were asked for", arguments: [0, 1, 2, 10, 999, 12_345])
    func exactCount(events: Int) throws {
        for days in [1, 3, 400] {
            let bytes = try streamBytes(GeneratorOptions(events: events, visitors: 50, days: days, seed: 9))
            #expect(bytes.count { $0 == 10 } == events)
            #expect(events == 0 || bytes.last == 10)
        }
    }

    @Test("Times never go back and lie within the days")
    func timeOrder() throws {
        var options = options
        options.days = 2
        options.start = try #require(CivilDate("2024-02-28"))
        let times = try streamEvents(options).map(\.time)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
        let first = try #require(times.first)
        let last = try #require(times.last)
        #expect(first.hasPrefix("2024-02-28T0"))
        #expect(last.hasPrefix("2024-02-29T23"))
        #expect(times.allSatisfy { $0.utf8.count == ClickstreamGenerator.timeLength && $0.hasSuffix("Z") })
    }

    @Test("Every time stands where a sender looks for it")
    func timeOffset() throws {
        let bytes = try streamBytes(GeneratorOptions(events: 2000, seed: 3, site: "a \"quoted\"\\\n site"))
        let offset = ClickstreamGenerator.timeOffset
        let lines = bytes.split(separator: 10)
        #expect(lines.count == 2000)
        #expect(lines.allSatisfy { $0.prefix(offset).elementsEqual("{\"time\":\"".utf8) })
        #expect(
            lines.allSatisfy { line in
                let time = line.dropFirst(offset).prefix(ClickstreamGenerator.timeLength)
                return time.first == UInt8(ascii: "2") && time.last == UInt8(ascii: "Z")
            })
    }

    @Test("Every line is an event with its fields")
    func fields() throws {
        let events = try streamEvents(options)
        #expect(events.count == 20_000)
        #expect(Set(events.compactMap(\.id)).count == events.count)
        func all(_ holds: (ReadEvent) -> Bool) -> Bool { events.allSatisfy(holds) }
        #expect(all { $0.visitor.utf8.count == 11 && $0.visitor.first == "v" })
        #expect(all { $0.url.hasPrefix("https://shop.example/") })
        #expect(all { $0.country.utf8.count == 2 && $0.language.contains("-") && $0.screen.contains("x") })
        #expect(all { $0.user_agent.hasPrefix("Mozilla/5.0 (") })
        #expect(all { ($0.title != nil) == ($0.event == "page_view") })
        #expect(all { ($0.value != nil) == ($0.event == "purchase" || $0.event == "refund") })
        #expect(all { $0.event != "purchase" || ($0.value ?? 0) > 0 })
        #expect(all { $0.event != "refund" || ($0.value ?? 0) < 0 })
        #expect(all { ($0.props["query"] != nil) == ($0.event == "search") })
        #expect(all { $0.props["ab_variant"] != nil })
        #expect(all { $0.props["product"] == nil || $0.props["category"] != nil })
        #expect(all { $0.site == nil })
    }

    @Test("A site is named by every event, and ids can be left out")
    func siteWithoutIDs() throws {
        let site = "shop \"eins\" \\ \u{1}ü"
        let events = try streamEvents(GeneratorOptions(events: 500, site: site, includesIDs: false))
        #expect(events.count == 500)
        #expect(events.allSatisfy { $0.site == site && $0.id == nil })
    }

    @Test("What is kept does not grow with the number of events")
    func boundedState() throws {
        var generator = try ClickstreamGenerator(GeneratorOptions(events: 400_000, days: 7))
        var buffer: [UInt8] = []
        var peak = 0
        while generator.appendBatch(1000, into: &buffer) > 0 {
            peak = max(peak, generator.activeSessions)
            buffer.removeAll(keepingCapacity: true)
        }
        // A week's 400,000 events are about 0.7 a second: some minutes of sessions at seven events each.
        #expect(peak > 5)
        #expect(peak < 1000)
        #expect(generator.activeSessions == 0)
        #expect(generator.written == 400_000)
    }

    @Test("Options out of bounds are refused by name")
    func badOptions() {
        let cases: [(GeneratorOptions, String)] = [
            (GeneratorOptions(events: -1), "events"), (GeneratorOptions(events: 1, visitors: 0), "visitors"),
            (GeneratorOptions(events: 1, days: 0), "days"), (GeneratorOptions(events: 1, days: 4000), "days"),
            (GeneratorOptions(events: 1, site: ""), "site"),
            (GeneratorOptions(events: 1, site: String(repeating: "s", count: 201)), "site"),
        ]
        for (options, name) in cases {
            #expect {
                _ = try ClickstreamGenerator(options)
            } throws: { error in
                "\(error)".hasPrefix(name)
            }
        }
    }
}
