import Events
import Foundation
import RocksDB
import Storage
import TestSupport
import Testing

@Suite("Erasing visitors")
struct ErasureTests {
    private let seed = SeededGenerator.testSeed
    private let later = january + 50 * 86_400_000

    private func rows(_ store: Store, site: String = "default") throws -> [String] {
        try text(of: store.snapshot(site: site).segments)
    }

    /// The headers of a store that never had some visitors.
    private func headers(_ events: [MadeEvent], without erased: Set<String>) throws -> [String] {
        let directory = TemporaryDirectory()
        let store = try directory.open(clock: ManualClock(later))
        try store.add(events.filter { !erased.contains($0.visitor) }, a: 50_000)
        try closeJanuary(store)
        try store.flush()
        return ofJanuary(store).map { text(of: $0.header) }.sorted()
    }

    /// Moves the watermark past January, whatever else there is, so that all of it becomes one segment.
    private func closeJanuary(_ store: Store) throws {
        let batch = ColumnBatch(site: "default", month: january + 31 * 86_400_000, hash: store.hash)
        BatchMaker(seed: 0, hash: store.hash)
            .append(batch, time: 86_400_000, id: 0, value: nil, name: "later", visitor: "later")
        try commit(batch, to: store)
    }

    private func ofJanuary(_ store: Store) -> [Segment] {
        store.snapshot(site: "default").segments.filter { $0.header.month == january }
    }

    private func left(_ events: [MadeEvent], without erased: Set<String>) -> [String] {
        events.filter { !erased.contains($0.visitor) }.map(\.text).sorted()
    }

    @Test("A masked segment is what it would be had the visitors never been, header and all", arguments: 0..<8)
    func mask(round: Int) throws {
        let directory = TemporaryDirectory()
        let store = try directory.open(clock: ManualClock(later))
        // Chunks hold 65,536 rows: the first round has several, the others many visitors or few.
        let events = MadeEvent.random(
            round == 0 ? 150_000 : 2_000, visitors: [90, 60, 9, 7, 300, 5, 1000, 8][round], seed: seed &+ UInt64(round))
        try store.add(events, a: 50_000)
        try closeJanuary(store)
        try store.flush()
        #expect(ofJanuary(store).count == 1)
        var random = SeededGenerator(seed: seed &+ UInt64(round))
        var erased: Set<String> = []
        for step in 0..<5 {
            let visitor = "visitor-\(step < 3 ? step + round % 4 : random.int(0...90))"
            let outcome = try store.eraseVisitor(site: "default", visitor: visitor)
            let count = events.count { $0.visitor == visitor && !erased.contains(visitor) }
            #expect(outcome.events == count, "seed \(seed), \(visitor)")
            erased.insert(visitor)
            let segments = ofJanuary(store)
            let expected = left(events, without: erased)
            #expect(try difference(text(of: segments), expected) == [], "seed \(seed), without \(erased)")
            let found = segments.map { text(of: $0.header) }.sorted()
            #expect(try difference(found, headers(events, without: erased)) == [], "seed \(seed), without \(erased)")
            #expect(segments.allSatisfy { $0.isMasked || erased.isDisjoint(with: events.map(\.visitor)) })
            #expect(segments.allSatisfy { $0.header.columns.allSatisfy { !$0.hasRollup } || !$0.isMasked })
        }
    }

    @Test("A store whose masks are forgotten is found out")
    func canary() throws {
        let directory = TemporaryDirectory()
        var options = StoreOptions()
        options.forgetsMasks = true
        let store = try directory.open(options, clock: ManualClock(later))
        let events = MadeEvent.random(2_000, visitors: 30, seed: seed)
        try store.add(events)
        try store.flush()
        try store.eraseVisitor(site: "default", visitor: "visitor-3")
        #expect(try rows(store) != left(events, without: ["visitor-3"]))
    }

    @Test(
        "In flight, merged, sealed, after restarts and after rewriting, and a visitor who comes back counts again",
        arguments: 0..<6)
    func everywhere(round: Int) throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(later)
        var options = StoreOptions()
        options.mergeFanIn = 3
        let held = ReopenableStore(directory, options, clock)
        var random = SeededGenerator(seed: seed &+ UInt64(round))
        var kept: [MadeEvent] = []
        for step in 0..<30 {
            switch random.int(0...9) {
            case 0...3:
                let events = MadeEvent.random(
                    random.int(1...800), visitors: 12, seed: seed &+ UInt64(round * 100 + step))
                try held.current().add(events, a: 100)
                kept += events
            case 4, 5:
                let visitor = "visitor-\(random.int(0...12))"
                let count = kept.count { $0.visitor == visitor }
                kept.removeAll { $0.visitor == visitor }
                let outcome = try held.current().eraseVisitor(site: "default", visitor: visitor)
                #expect(outcome.events == count, "seed \(seed), round \(round), step \(step)")
            case 6: try held.current().flush()
            case 7:
                clock.set(clock.milliseconds() + 61_000)
                try held.current().work()
            default: held.close()
            }
            let expected = left(kept, without: [])
            #expect(try difference(rows(held.current()), expected) == [], "seed \(seed), round \(round), step \(step)")
            let figures = try held.current().statistics()
            #expect(figures.rowsInFlight + figures.sealedRows == kept.count, "seed \(seed), round \(round)")
        }
        try held.current().carryOut(clock)
        let expected = left(kept, without: [])
        #expect(try difference(rows(held.current()), expected) == [], "seed \(seed), round \(round)")
        #expect(try held.current().snapshot(site: "default").segments.allSatisfy { !$0.isMasked })
    }

    @Test("A visitor who comes back is erased again, and other sites are not touched")
    func again() throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(later)
        let store = try directory.open(clock: clock)
        let event = MadeEvent(time: 1000, name: "a", visitor: "v")
        for round in 0..<3 {
            try store.add([event], site: "default")
            if round == 1 { try store.flush() }
            try store.add([event], site: "other")
            #expect(try store.eraseVisitor(site: "default", visitor: "v").events == 1)
            #expect(try store.eraseVisitor(site: "default", visitor: "v").events == 0)
        }
        #expect(try rows(store).isEmpty)
        #expect(try rows(store, site: "other").count == 3)
        #expect(try store.eraseVisitor(site: "nobody", visitor: "v") == ErasureOutcome())
        #expect(store.siteNames() == ["default", "other"])
    }

    @Test("No byte of an erased visitor is left in any file, once it is carried out", arguments: [false, true])
    func bytes(restarts: Bool) throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(later)
        let name = Array("visitor-4".utf8)
        let secret = Array("secret of visitor-4".utf8)
        var hash: [UInt8] = []
        do {
            let store = try directory.open(clock: clock)
            hash = withUnsafeBytes(of: store.hash("visitor-4").littleEndian) { Array($0) }
            let events = MadeEvent.random(3_000, visitors: 30, seed: seed)
            try store.add(Array(events[..<1500]))
            try store.flush()
            try store.add(Array(events[1500...]))
            let letters = [
                DeadLetter(time: later, code: "c", detail: "d", event: Array(#"{"visitor":"visitor-\u0034"}"#.utf8)),
                DeadLetter(time: later + 1, code: "c", detail: "d", event: Array(#"{"visitor":"visitor-5"}"#.utf8)),
            ]
            _ = try store.commit([CommitItem(runs: [], deadLetters: letters.map { ("default", $0) })])
        }
        // Canary: it is there before.
        #expect(try !blocks(of: directory.path, holding: name).isEmpty)
        #expect(try !blocks(of: directory.path, holding: hash).isEmpty)
        let before = try RawBlocks(in: directory.path).ids
        let held = ReopenableStore(directory, StoreOptions(), clock)
        let outcome = try held.current().eraseVisitor(site: "default", visitor: "visitor-4")
        #expect(outcome.events > 50 && outcome.deadLetters == 1)
        #expect(try held.current().deadLetters(site: "default", limit: 10, after: nil).map(\.time) == [later + 1])
        let expected = try rows(held.current())
        // Segments that never held the visitor stay as they are.
        let old = Set(
            try held.current().snapshot(site: "default").segments.filter { $0.isMasked || !$0.isSealed }.map(\.number))
        if restarts { held.close() }
        try held.current().carryOut(clock)
        #expect(try difference(rows(held.current()), expected) == [], "seed \(seed)")
        held.close()
        try check(directory, before: before, old: old, gone: [name, secret, hash])
    }

    /// Looks at the files of a store that nobody has open any more.
    private func check(
        _ directory: TemporaryDirectory, before: Set<RawBlocks.ID>, old: Set<UInt64>, gone: [[UInt8]]
    ) throws {
        let raw = try RawBlocks(in: directory.path)
        for bytes in gone {
            #expect(!raw.contain(bytes), "seed \(seed)")
            #expect(try blocks(of: directory.path, holding: bytes).isEmpty, "seed \(seed)")
        }
        // Compressed bytes cannot be searched, but the blocks they stood in can: each says in clear which one it is.
        #expect(before.contains { old.contains($0.number) }, "the canary: the blocks were there")
        let left = raw.ids.filter { old.contains($0.number) }
        #expect(left.isEmpty, "seed \(seed): \(left)")
        #expect(!raw.ids.contains { $0.kind == 5 }, "erasures are gone themselves")
    }

    @Test("Commits and queries go on while visitors are erased, and an answer never goes back")
    func concurrent() async throws {
        let directory = TemporaryDirectory()
        let store = try directory.open()
        let events = MadeEvent.random(20_000, visitors: 200, seed: seed)
        try store.add(Array(events[..<10_000]))
        try store.flush()
        let erased = (0..<100).map { "visitor-\($0)" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try store.add(Array(events[10_000...]), a: 200) }
            group.addTask {
                for visitor in erased { try store.eraseVisitor(site: "default", visitor: visitor) }
            }
            group.addTask { for _ in 0..<40 { try store.work() } }
            group.addTask {
                var gone = 0
                while gone < erased.count {
                    let found = Set(
                        try store.snapshot(site: "default").segments.filter(\.isSealed).flatMap { segment in
                            let names = try segment.visitorNames()
                            return (1..<names.count).compactMap { names.text(of: $0) }
                        })
                    let now = erased.firstIndex { found.contains($0) } ?? erased.count
                    // Only events that came later can bring a visitor back, and those are in flight or in new segments.
                    gone = max(gone, now)
                    if store.statistics().erasures == erased.count { break }
                }
            }
            try await group.waitForAll()
        }
        for visitor in erased { try store.eraseVisitor(site: "default", visitor: visitor) }
        let expected = left(events, without: Set(erased))
        #expect(try difference(rows(store), expected) == [], "seed \(seed)")
    }

    @Test("Too many erasures that are not carried out are refused, and taken again when they are")
    func limit() throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(later)
        var options = StoreOptions()
        options.erasuresPerSite = 3
        let store = try directory.open(options, clock: clock)
        try store.add(MadeEvent.random(500, visitors: 10, seed: seed))
        for visitor in 0..<3 { try store.eraseVisitor(site: "default", visitor: "visitor-\(visitor)") }
        #expect {
            try store.eraseVisitor(site: "default", visitor: "visitor-5")
        } throws: { error in
            guard case StorageError.limit(let text) = error else { return false }
            return text.contains("erasuresPerSite")
        }
        try store.carryOut(clock)
        #expect(try store.eraseVisitor(site: "default", visitor: "visitor-5").events > 0)
    }

    @Test(
        "An erasure that failed to be written has either happened or not, after a restart",
        arguments: [
            ("erase.commit=error@1", false), ("erase.committed=error@1", true),
        ])
    func failure(orders: String, happens: Bool) throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(later)
        let events = MadeEvent.random(1000, visitors: 10, seed: seed)
        do {
            var options = StoreOptions()
            options.faults = try FaultPoints(parsing: orders)
            let store = try directory.open(options, clock: clock)
            try store.add(Array(events[..<500]))
            try store.flush()
            try store.add(Array(events[500...]))
            #expect(throws: StorageError.self) { try store.eraseVisitor(site: "default", visitor: "visitor-3") }
            #expect(throws: StorageError.self) { try store.eraseVisitor(site: "default", visitor: "visitor-3") }
        }
        let store = try directory.open(clock: clock)
        let expected = left(events, without: happens ? ["visitor-3"] : [])
        #expect(try difference(rows(store), expected) == [], "seed \(seed)")
    }
}
