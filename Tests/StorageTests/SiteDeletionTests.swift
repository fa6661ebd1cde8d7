import Events
import RocksDB
import Storage
import TestSupport
import Testing

@Suite("Deleting sites")
struct SiteDeletionTests {
    private let seed = SeededGenerator.testSeed
    private let later = january + 50 * 86_400_000

    private func keys(_ path: String, _ prefixes: [[UInt8]]) throws -> Int {
        let database = try Database(path: path)
        var count = 0
        for prefix in prefixes {
            var walk = database.iterate(prefix: prefix)
            while try walk.next({ _, _ in true }) != nil { count += 1 }
        }
        return count
    }

    @Test(
        "A deleted site is gone, in flight, sealed and on disk, and the others are as they were",
        arguments: [
            false, true,
        ])
    func deletes(restarts: Bool) throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(later)
        let held = ReopenableStore(directory, StoreOptions(), clock)
        let events = MadeEvent.random(2_000, visitors: 20, seed: seed)
        let letter = DeadLetter(time: later, code: "c", detail: "d", event: Array("bytes of the letter".utf8))
        for site in ["shop", "blog"] {
            try held.current().add(Array(events[..<1000]), site: site)
            try held.current().flush()
            try held.current().add(Array(events[1000...]), site: site)
            _ = try held.current().commit([CommitItem(runs: [], deadLetters: [(site, letter)])])
        }
        try held.current().eraseVisitor(site: "shop", visitor: "visitor-7")
        let before = try text(of: held.current().snapshot(site: "blog").segments)
        let old = Set(try held.current().snapshot(site: "shop").segments.map(\.number))
        let deletion = try #require(try held.current().deleteSite("shop"))
        #expect(deletion.events == events.count { $0.visitor != "visitor-7" } && deletion.deadLetters == 1)
        for round in 0..<2 {
            #expect(try held.current().siteNames() == ["blog"])
            #expect(try held.current().snapshot(site: "shop").segments.isEmpty)
            #expect(try held.current().deadLetters(site: "shop", limit: 9, after: nil).isEmpty)
            #expect(try text(of: held.current().snapshot(site: "blog").segments) == before, "seed \(seed)")
            #expect(try held.current().deleteSite("shop") == nil)
            let figures = try held.current().statistics()
            #expect(figures.rowsInFlight + figures.sealedRows == 2000)
            if restarts || round > 0 { held.close() }
        }
        try held.current().carryOut(clock)
        held.close()
        #expect(try !RawBlocks(in: directory.path).ids.contains { old.contains($0.number) })
        // The site was the first one. Of the other one its letter is there.
        let all = [
            Keys.logPrefix, Keys.segmentPrefix, Keys.partPrefix, Keys.deadLetterPrefix, Keys.retiredPrefix,
            Keys.erasurePrefix, Keys.remainsPrefix, Keys.unfinishedPrefix,
        ]
        #expect(try keys(directory.path, all.map { Keys.ofSite($0, 1) }) == 0)
        #expect(try keys(directory.path, [Keys.deadLetterPrefix]) == 1)
    }

    @Test("A site of the same name begins anew: old ids do not count, after restarts either")
    func sameName() throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(later)
        let held = ReopenableStore(directory, StoreOptions(), clock)
        for round in 0..<4 {
            var maker = BatchMaker(seed: seed, hash: try held.current().hash)
            for site in ["a", "b"] {
                let outcome = try commit(maker.batch(rows: 300, site: site, ids: 1..<301), to: held.current())
                #expect(outcome.accepted == (site == "b" && round > 0 ? 0 : 300), "seed \(seed), round \(round)")
            }
            #expect(try held.current().deleteSite("a")?.events == 300)
            if round % 2 == 0 { held.close() }
        }
        #expect(try text(of: held.current().snapshot(site: "b").segments).count == 300)
    }

    @Test("The number of the last site is not given out again once it was deleted")
    func lastNumber() throws {
        let directory = TemporaryDirectory()
        let held = ReopenableStore(directory, StoreOptions(), ManualClock(later))
        var numbers: Set<UInt32> = []
        for round in 0..<4 {
            try held.current().add(MadeEvent.random(5, visitors: 2, seed: seed), site: "only")
            let number = try #require(try held.current().snapshot(site: "only").segments.first?.site)
            #expect(numbers.insert(number).inserted)
            try held.current().deleteSite("only")
            if round > 0 { held.close() }
        }
    }

    @Test("A query that began before reads on to its end")
    func heldByQuery() throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(later)
        do {
            let store = try directory.open(clock: clock)
            try store.add(MadeEvent.random(3_000, visitors: 20, seed: seed))
            try store.flush()
            let snapshot = store.snapshot(site: "default")
            let expected = try text(of: snapshot.segments)
            try store.deleteSite("default")
            try store.work()
            #expect(try text(of: snapshot.segments) == expected, "seed \(seed)")
            #expect(store.statistics().retiredSegments > 0)
        }
        let store = try directory.open(clock: clock)
        try store.carryOut(clock)
    }

    @Test("Events that come at the same moment are before or after, never in between")
    func concurrent() async throws {
        let directory = TemporaryDirectory()
        let store = try directory.open()
        let events = MadeEvent.random(200, visitors: 5, seed: seed)
        let deleted = try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask {
                for start in stride(from: 0, to: 200, by: 2) { try store.add(Array(events[start..<(start + 2)])) }
                return 0
            }
            group.addTask {
                var deleted = 0
                for _ in 0..<20 { deleted += try store.deleteSite("default")?.events ?? 0 }
                return deleted
            }
            group.addTask {
                for _ in 0..<20 { try store.work() }
                return 0
            }
            return try await group.reduce(0, +)
        }
        let left = store.snapshot(site: "default").segments.reduce(0) { $0 + $1.header.rows }
        #expect(deleted + left == 200, "seed \(seed)")
        #expect(store.statistics().rowsInFlight + store.statistics().sealedRows == left)
    }
}
