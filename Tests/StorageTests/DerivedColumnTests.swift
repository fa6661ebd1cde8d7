import Events
import Foundation
import Storage
import TestSupport
import Testing

/// Which columns follow from others, when what they follow from changes.
@Suite("Derived columns")
struct DerivedColumnTests {
    private let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)

    private func source(_ name: String, of segment: Segment) throws -> String {
        let column = try #require(segment.header.column(name))
        switch segment.codeSource(column: column) {
        case .stored: return "stored"
        case .visitors: return "visitors"
        case .column(let base): return segment.header.columns[base].name
        }
    }

    /// Events of visitors who see anything, with a column `a` and a column `b`.
    private func events(
        _ count: Int, _ random: inout SeededGenerator, pairs: [(a: String, b: String)]
    ) -> [MadeEvent] {
        (0..<count).map { index in
            let pair = random.pick(pairs)
            return MadeEvent(
                // A name with few rows, for which a map has few pairs.
                time: UInt32(index * 100), name: index % 500 == 0 ? "rare" : "view",
                visitor: "v\(random.int(0...400))",
                texts: [("props.a", pair.a, .string), ("props.b", pair.b, .string)])
        }
    }

    /// Takes the watermark past the day of all others, since what is written of an open one derives nothing.
    private let last = MadeEvent(time: 20 * 86_400_000, name: "view", visitor: "last")

    private func segment(of rows: Int, in store: Store) throws -> Segment {
        try #require(store.snapshot(site: "default").segments.first { $0.header.rows == rows })
    }

    @Test("Where a merge turns a column and what it is derived from around, it is derived the other way")
    func turnedAround() throws {
        var random = SeededGenerator(seed: seed)
        let directory = TemporaryDirectory()
        let clock = ManualClock(january + 50 * 86_400_000)
        var options = StoreOptions()
        options.compactsEverything = true
        let store = try directory.open(options, clock: clock)
        // As many of each: the second is derived from the first.
        let large = events(6_000, &random, pairs: (0..<40).map { ("a\($0)", "b\($0)") })
        // Many of the second for each of the first.
        let small = events(4_000, &random, pairs: (0..<300).map { ("a\($0 % 40)", "other\($0)") })
        try store.add([last])
        try store.add(large)
        try store.flush()
        let first = try segment(of: 6_000, in: store)
        #expect(try source("props.a", of: first) == "stored", "seed \(seed)")
        #expect(try source("props.b", of: first) == "props.a", "seed \(seed)")
        try store.add(small)
        try store.flush()
        while try store.compact() {}
        let segments = store.snapshot(site: "default").segments
        try #require(segments.count == 1)
        #expect(try source("props.b", of: segments[0]) == "stored", "seed \(seed)")
        #expect(try source("props.a", of: segments[0]) == "props.b", "seed \(seed)")
        #expect(try text(of: segments) == ([last] + large + small).map(\.text).sorted(), "seed \(seed)")
    }

    @Test("What does not pay in few rows is looked for again in many")
    func plainInFewRows() throws {
        var random = SeededGenerator(seed: seed)
        let directory = TemporaryDirectory()
        let store = try directory.open(clock: ManualClock(january + 50 * 86_400_000))
        // Nearly as many pairs of values as a column map may have rows, and another column that is derived.
        let pairs = (0..<600).map { (a: "a\($0)", b: "b\($0 / 2)") }
        func lot(_ count: Int) -> [MadeEvent] {
            events(count, &random, pairs: pairs).map { event in
                var event = event
                event.texts.append(("country", event.visitor.hasSuffix("1") ? "DE" : "FR", .string))
                return event
            }
        }
        let (few, many) = (lot(2_500), lot(30_000))
        try store.add([last])
        try store.add(few)
        try store.flush()
        let small = try segment(of: 2_500, in: store)
        #expect(try source("country", of: small) == "visitors", "seed \(seed)")
        #expect(try source("props.b", of: small) == "stored", "seed \(seed)")
        try store.add(many)
        try store.flush()
        let large = try segment(of: 30_000, in: store)
        #expect(try source("props.b", of: large) == "props.a", "seed \(seed)")
        #expect(
            try text(of: store.snapshot(site: "default").segments) == ([last] + few + many).map(\.text).sorted(),
            "seed \(seed)")
    }
}
