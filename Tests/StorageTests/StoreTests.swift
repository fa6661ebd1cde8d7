import Events
import RocksDB
import Storage
import TestSupport
import Testing

@Suite("A store")
struct StoreTests {
    private let seed = SeededGenerator.testSeed

    @Test("What was committed is there in flight, after merging, sealed, and after every reopening")
    func survives() throws {
        let directory = TemporaryDirectory()
        var expected: [String] = []
        do {
            var options = StoreOptions()
            options.mergeFanIn = 3
            let store = try directory.open(options, clock: ManualClock(january + 1000))
            var maker = BatchMaker(seed: seed, hash: store.hash)
            for rows in [1, 500, 2, 70_000, 300, 1, 1] { try commit(maker.batch(rows: rows), to: store) }
            expected = try allRows(store)
            #expect(expected.count == 70_805)
            while try store.maintain() {}
            #expect(try allRows(store) == expected, "merged, seed \(seed)")
        }
        do {
            let store = try directory.open(clock: ManualClock(january + 1000))
            #expect(try allRows(store) == expected, "recovered, seed \(seed)")
            try store.flush()
            #expect(try allRows(store) == expected, "sealed, seed \(seed)")
            #expect(store.snapshot(site: "default").segments.allSatisfy { $0.isSealed })
            #expect(store.statistics().rowsInFlight == 0)
        }
        #expect(try allRows(directory.open()) == expected, "sealed and recovered, seed \(seed)")
    }

    @Test("Sealing keeps what is open in flight and takes what the watermark has passed")
    func sealsByWatermark() throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(january + 10 * 3_600_000)
        let store = try directory.open(clock: clock)
        let maker = BatchMaker(seed: seed, hash: store.hash)
        let batch = ColumnBatch(site: "default", month: january, hash: store.hash)
        for minute in stride(from: 0, to: 150, by: 10) {
            maker.append(batch, time: UInt32(minute * 60_000), id: 0, value: nil, name: "e", visitor: "v\(minute)")
        }
        try commit(batch, to: store)
        let expected = try allRows(store)
        // The last event is at 2:20, so the watermark is at 2:10 and hours 0 and 1 have ended.
        clock.set(january + 10 * 3_600_000 + 5_000)
        #expect(try store.maintain())
        #expect(try allRows(store) == expected)
        let segments = store.snapshot(site: "default").segments
        #expect(segments.filter(\.isSealed).map(\.header.rows) == [6, 6])
        #expect(segments.filter { !$0.isSealed }.map(\.header.rows) == [3])
        let isMoreDue = try store.maintain()
        #expect(!isMoreDue)
    }

    @Test("A late event joins its bucket as another segment")
    func late() throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(january + 20 * 3_600_000)
        let store = try directory.open(clock: clock)
        let maker = BatchMaker(seed: seed, hash: store.hash)
        for time: UInt32 in [0, 18_000_000] {
            let batch = ColumnBatch(site: "default", month: january, hash: store.hash)
            maker.append(batch, time: time, id: 0, value: nil, name: "e", visitor: "v")
            try commit(batch, to: store)
        }
        clock.set(clock.milliseconds() + 5_000)
        while try store.maintain() {}
        let batch = ColumnBatch(site: "default", month: january, hash: store.hash)
        maker.append(batch, time: 1000, id: 0, value: nil, name: "e", visitor: "late")
        try commit(batch, to: store)
        clock.set(clock.milliseconds() + 5_000)
        let isLateDue = try store.maintain()
        #expect(!isLateDue, "late events wait for company")
        clock.set(clock.milliseconds() + 1_000_000)
        #expect(try store.maintain())
        let sealed = store.snapshot(site: "default").segments.filter(\.isSealed)
        #expect(sealed.map(\.header.bucket.start) == [january, january])
        #expect(try allRows(store).count == 3)
    }

    @Test("An id counts once: in one batch after another, after sealing and after reopening, and a site apart")
    func deduplicates() throws {
        let directory = TemporaryDirectory()
        do {
            let store = try directory.open()
            var maker = BatchMaker(seed: seed, hash: store.hash)
            let outcome1 = try commit(maker.batch(rows: 300, ids: 1000..<1300), to: store)
            #expect(outcome1.accepted == 300)
            let again = try commit(maker.batch(rows: 300, ids: 1200..<1500), to: store)
            #expect(again.accepted == 200 && again.duplicates == 100)
            try store.flush()
            let outcome2 = try commit(maker.batch(rows: 500, ids: 1000..<1500), to: store)
            #expect(outcome2.duplicates == 500)
            let outcome3 = try commit(maker.batch(rows: 10, site: "other", ids: 1000..<1010), to: store)
            #expect(outcome3.accepted == 10)
        }
        let store = try directory.open()
        var maker = BatchMaker(seed: seed, hash: store.hash)
        let outcome4 = try commit(maker.batch(rows: 501, ids: 1000..<1501), to: store)
        #expect(outcome4.accepted == 1)
        #expect(try allRows(store).count == 501)
    }

    @Test("Ids are forgotten when their horizon has passed, in memory and on disk")
    func forgetsIds() throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(january)
        var options = StoreOptions()
        options.deduplicationHorizon = 24_000
        do {
            let store = try directory.open(options, clock: clock)
            var maker = BatchMaker(seed: seed, hash: store.hash)
            try commit(maker.batch(rows: 10, ids: 1..<11), to: store)
            clock.set(january + 24_000)
            let outcome5 = try commit(maker.batch(rows: 10, ids: 1..<11), to: store)
            #expect(outcome5.duplicates == 10)
            clock.set(january + 26_000)
            let outcome6 = try commit(maker.batch(rows: 10, ids: 1..<11), to: store)
            #expect(outcome6.accepted == 10)
        }
        let database = try Database(path: directory.path)
        var walk = database.iterate(prefix: Keys.idsPrefix)
        var rows = 0
        while try walk.next({ _, _ in true }) != nil { rows += 1 }
        #expect(rows == 1)
    }

    @Test("Dead letters are kept with their reason, in pages, up to their limit")
    func deadLetters() throws {
        let directory = TemporaryDirectory()
        var options = StoreOptions()
        options.deadLettersPerSite = 5
        do {
            let store = try directory.open(options)
            for number in 0..<8 {
                let letter = DeadLetter(time: 1, code: "code\(number)", detail: "detail", event: [UInt8(number)])
                _ = try store.commit([CommitItem(runs: [], deadLetters: [("shop", letter)])])
            }
        }
        let store = try directory.open(options)
        let first = try store.deadLetters(site: "shop", limit: 2, after: nil)
        #expect(first.map(\.code) == ["code3", "code4"])
        let rest = try store.deadLetters(site: "shop", limit: 10, after: first.last?.sequence)
        #expect(rest.map(\.event) == [[5], [6], [7]])
        #expect(try store.deadLetters(site: "nobody", limit: 10, after: nil).isEmpty)
    }

    @Test("A day's salt is the same all day, another the next, and gone after two")
    func salts() throws {
        let directory = TemporaryDirectory()
        let first: [UInt8]
        do {
            let store = try directory.open()
            first = try store.salt(day: 100)
            #expect(try store.salt(day: 100) == first)
            #expect(try store.salt(day: 101) != first)
        }
        let store = try directory.open()
        #expect(try store.salt(day: 100) == first)
        _ = try store.salt(day: 102)
        #expect(try store.salt(day: 100) != first)
    }

    @Test("A site beyond the limit fails alone")
    func siteLimit() throws {
        let directory = TemporaryDirectory()
        var options = StoreOptions()
        options.sites = 1
        let store = try directory.open(options)
        var maker = BatchMaker(seed: seed, hash: store.hash)
        let outcomes = try store.commit(
            ["a", "b", "a"].map {
                CommitItem(runs: [PreparedRun(maker.batch(rows: 2, site: $0))], deadLetters: [])
            })
        #expect(outcomes.map { (try? $0.get())?.accepted } == [2, nil, 2])
    }

    @Test("Columns whose names only look alike stay two, in flight, merged and sealed")
    func namesByBytes() throws {
        let directory = TemporaryDirectory()
        let store = try directory.open()
        let maker = BatchMaker(seed: seed, hash: store.hash)
        let names = ["\u{E9}", "e\u{301}"]
        for round in 0..<2 {
            let batch = ColumnBatch(site: "default", month: january, hash: store.hash)
            for name in names {
                maker.append(batch, time: UInt32(round), id: 0, value: nil, name: "e", visitor: "v")
                maker.set(batch, batch.addPropertyColumn(name), "value of \(name.utf8.count) bytes")
            }
            try commit(batch, to: store)
        }
        let expected = try allRows(store)
        #expect(expected.count(where: { $0.contains("value of 2 bytes") }) == 2)
        #expect(expected.count(where: { $0.contains("value of 3 bytes") }) == 2)
        try store.flush()
        #expect(try allRows(store) == expected)
        let header = try #require(store.snapshot(site: "default").segments.first?.header)
        #expect(header.columns.count == 2)
        #expect(header.column("props.\u{E9}") != header.column("props.e\u{301}"))
    }

    @Test("Open buckets are sealed when what is in flight reaches its limit, so that ingest goes on")
    func spills() throws {
        let directory = TemporaryDirectory()
        var options = StoreOptions()
        options.inFlightBytes = 20_000
        let store = try directory.open(options, clock: ManualClock(january))
        var maker = BatchMaker(seed: seed, hash: store.hash)
        try commit(maker.batch(rows: 1000), to: store)
        #expect(store.isOverloaded)
        let expected = try allRows(store)
        while try store.maintain() {}
        #expect(!store.isOverloaded)
        #expect(try allRows(store) == expected)
    }
}
