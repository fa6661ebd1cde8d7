import Foundation
import LoadgenCore
import Testing

@Suite("Streams of which event i follows from the seed and i")
struct IndexedStreamTests {
    private func options(_ change: (inout StreamOptions) -> Void = { _ in }) -> StreamOptions {
        var options = StreamOptions(seed: 42)
        options.visitors = 3000
        options.concurrency = 64
        options.origin = 1_790_000_000_000
        change(&options)
        return options
    }

    private func lines(_ options: StreamOptions, _ positions: some Sequence<Int>) throws -> [String] {
        var stream = try IndexedStream(options, schedule: RateSchedule(constant: 100))
        return positions.map { position in
            var bytes: [UInt8] = []
            stream.append(position, into: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    @Test("An event is the same whatever was made before it")
    func purity() throws {
        let options = options {
            $0.faults.duplicates = 0.05
            $0.faults.bad = 0.02
            $0.faults.reorder = 64
            $0.faults.late = 0.1
            $0.faults.lateBy = 60_000
            $0.isNumbered = true
        }
        let forwards = try lines(options, 0..<3000)
        let backwards = try lines(options, (0..<3000).reversed())
        #expect(forwards == backwards.reversed())
        let far = try lines(options, [1_000_000_007])
        #expect(try lines(options, [5, 1_000_000_007])[1] == far[0])
    }

    @Test("The first ten thousand events are the ones they have always been")
    func pinned() throws {
        let bytes = try lines(options(), 0..<10_000).joined().utf8
        #expect(fnv1a(bytes) == 2_177_137_902_183_474_050)
    }

    @Test("Without faults every line is an event with an id of its own, in the order of time")
    func events() throws {
        let lines = try lines(options(), 0..<20_000)
        let decoder = JSONDecoder()
        let events = try lines.map { try decoder.decode(ReadEvent.self, from: Data($0.utf8)) }
        #expect(Set(events.compactMap(\.id)).count == 20_000)
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.time <= $1.time })
        let names = Dictionary(grouping: events, by: \.event).mapValues(\.count)
        #expect((names["page_view"] ?? 0) > 8000)
        for name in ["view_item", "add_to_cart", "begin_checkout", "purchase"] { #expect((names[name] ?? 0) > 100) }
        #expect(events.allSatisfy { $0.value.map { $0 * 4 == ($0 * 4).rounded() } ?? true })
        #expect(Set(events.map(\.visitor)).count > 500)
    }

    @Test("A visit's events are some way apart, those of one visitor follow one another")
    func visits() throws {
        let stream = try IndexedStream(options(), schedule: RateSchedule(constant: 100))
        var purchases = 0
        var carts: Set<UInt32> = []
        for number in 0..<20_000 {
            let event = stream.event(numbered: number)
            if event.name == "add_to_cart" { carts.insert(event.visitor) }
            if event.name == "purchase" {
                purchases += 1
                // The first visits had begun before the stream did, at most a frame of events in each lane.
                #expect(number < 16 * 64 || carts.contains(event.visitor))
                #expect((event.cents ?? 0) > 0)
            }
        }
        #expect(purchases > 100)
    }

    @Test(
        "Duplicates repeat an event shortly before, with its id, and are never bad",
        arguments: [1, 7, 2024] as [UInt64])
    func duplicates(seed: UInt64) throws {
        let options = options {
            $0.seed = seed
            $0.faults.duplicates = 0.1
            $0.faults.bad = 0.05
        }
        let stream = try IndexedStream(options)
        let lines = try lines(options, 0..<10_000)
        var duplicates = 0
        var bad = 0
        for position in 0..<10_000 {
            let event = stream.event(at: position)
            if event.isBad { bad += 1 }
            guard event.isDuplicate else {
                #expect(event.number == position)
                continue
            }
            duplicates += 1
            #expect(!event.isBad)
            #expect(event.number < position && event.number >= position - 1000)
            #expect(lines[position] == lines[event.number])
        }
        #expect((700...1100).contains(duplicates), "seed \(seed)")
        #expect((350...650).contains(bad), "seed \(seed)")
    }

    @Test("A shuffled stretch holds the same events in another order")
    func reorder() throws {
        let plain = try lines(options(), 0..<1024)
        let shuffled = try lines(options { $0.faults.reorder = 256 }, 0..<1024)
        #expect(plain != shuffled)
        for start in stride(from: 0, to: 1024, by: 256) {
            #expect(plain[start..<start + 256].sorted() == shuffled[start..<start + 256].sorted())
        }
    }

    @Test("Late events and wrong clocks stay within what was asked for")
    func times() throws {
        let schedule = try #require(RateSchedule(constant: 100))
        let stream = try IndexedStream(
            options {
                $0.faults.late = 0.2
                $0.faults.lateBy = 10_000
                $0.faults.skewed = 0.3
                $0.faults.skewedBy = 2000
            }, schedule: schedule)
        var late = 0
        var ahead = 0
        for number in 0..<5000 {
            let event = stream.event(numbered: number)
            let off = event.time - (1_790_000_000_000 + Int64(number) * 10)
            #expect((-12_000...2000).contains(off))
            if off < -2000 { late += 1 }
            if off > 0 { ahead += 1 }
        }
        #expect(late > 300)
        #expect(ahead > 200)
    }

    @Test("Sites share the events by Zipf's law, and crawlers say who they are")
    func sitesAndBots() throws {
        let options = options {
            $0.sites = 50
            $0.site = "blog"
            $0.bots = 0.5
        }
        let events = try lines(options, 0..<4000).map {
            try JSONDecoder().decode(ReadEvent.self, from: Data($0.utf8))
        }
        let sites = Dictionary(grouping: events, by: { $0.site ?? "" }).mapValues(\.count)
        #expect(sites.count > 30)
        #expect(sites.max { $0.value < $1.value }?.key == "blog-0000")
        #expect(events.allSatisfy { $0.url.hasPrefix("https://\($0.site ?? "").example/") })
        let bots = events.count { !$0.user_agent.hasPrefix("Mozilla/5.0 (") || $0.user_agent.contains("compatible") }
        #expect((1500...2500).contains(bots))
    }

    @Test("Options out of bounds are refused by name")
    func badOptions() {
        let changes: [(String, (inout StreamOptions) -> Void)] = [
            ("visitors", { $0.visitors = 0 }), ("sites", { $0.sites = 0 }), ("bots", { $0.bots = 1.5 }),
            ("late", { $0.faults.lateBy = .max }), ("reorder", { $0.faults.reorder = 3 }), ("site", { $0.site = "" }),
            ("concurrency", { $0.concurrency = 0 }),
        ]
        for (name, change) in changes {
            #expect {
                _ = try IndexedStream(options(change))
            } throws: {
                "\($0)".hasPrefix(name)
            }
        }
    }
}
