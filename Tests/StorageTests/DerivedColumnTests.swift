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
        try store.add(large)
        try store.flush()
        let first = try #require(store.snapshot(site: "default").segments.first)
        #expect(try source("props.a", of: first) == "stored", "seed \(seed)")
        #expect(try source("props.b", of: first) == "props.a", "seed \(seed)")
        try store.add(small)
        try store.flush()
        while try store.compact() {}
        let segments = store.snapshot(site: "default").segments
        try #require(segments.count == 1)
        #expect(try source("props.b", of: segments[0]) == "stored", "seed \(seed)")
        #expect(try source("props.a", of: segments[0]) == "props.b", "seed \(seed)")
        #expect(try text(of: segments) == (large + small).map(\.text).sorted(), "seed \(seed)")
    }
}
