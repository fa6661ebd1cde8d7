import Events
import RocksDB
import Storage
import TestSupport
import Testing

@Suite("Retired segments")
struct RetireTests {
    private let seed = SeededGenerator.testSeed

    private func keys(_ path: String, _ prefix: [UInt8]) throws -> Int {
        var walk = try Database(path: path).iterate(prefix: prefix)
        var count = 0
        while try walk.next({ _, _ in true }) != nil { count += 1 }
        return count
    }

    /// A store with sealed segments of `visitors` visitors.
    private func sealed(_ directory: TemporaryDirectory, _ options: StoreOptions = StoreOptions()) throws -> Store {
        let store = try directory.open(options, clock: ManualClock(january + 50 * 86_400_000))
        try store.add(MadeEvent.random(3000, visitors: 20, seed: seed))
        try store.flush()
        return store
    }

    @Test("A query that began before reads on, and the parts go when it has ended")
    func heldByQuery() throws {
        let directory = TemporaryDirectory()
        do {
            let store = try sealed(directory)
            var held: Store.Snapshot? = store.snapshot(site: "default")
            let expected = try text(of: held?.segments ?? [])
            #expect(expected.count == 3000)
            for visitor in 0..<20 { try store.eraseVisitor(site: "default", visitor: "visitor-\(visitor)") }
            #expect(store.snapshot(site: "default").segments.isEmpty, "seed \(seed)")
            // As long as the snapshot lives, nothing of it goes, however often it is looked at.
            try store.work()
            #expect(store.statistics().retiredSegments > 0)
            #expect(try text(of: held?.segments ?? []) == expected)
            #expect(!expected.isEmpty && store.statistics().retiredSegments > 0)
            held = nil
            try store.work()
            #expect(store.statistics().retiredSegments == 0)
        }
        #expect(try keys(directory.path, Keys.partPrefix) == 0)
        #expect(try keys(directory.path, Keys.retiredPrefix) == 0)
    }

    @Test(
        "What a stopped process left to be deleted is deleted at the next opening, and a segment with a header is not")
    func atOpening() throws {
        let directory = TemporaryDirectory()
        var options = StoreOptions()
        options.faults = try FaultPoints(parsing: "retire.delete=error@1")
        do {
            let store = try sealed(directory, options)
            for visitor in 0..<20 { try store.eraseVisitor(site: "default", visitor: "visitor-\(visitor)") }
            #expect(throws: StorageError.self) { try store.work() }
        }
        #expect(try keys(directory.path, Keys.retiredPrefix) > 0)
        #expect(try keys(directory.path, Keys.partPrefix) > 0)
        do {
            // A segment that was never finished, and one that was.
            let store = try sealed(directory)
            #expect(try text(of: store.snapshot(site: "default").segments).count == 3000)
        }
        #expect(try keys(directory.path, Keys.retiredPrefix) == 0)
        let parts = try keys(directory.path, Keys.partPrefix)
        let live = try keys(directory.path, Keys.segmentPrefix)
        do {
            let database = try Database(path: directory.path)
            var walk = database.iterate(prefix: Keys.segmentPrefix)
            let header = try #require(try walk.next { key, _ in [UInt8](key) })
            var batch = WriteBatch()
            batch.put(Keys.unfinishedPrefix + header.dropFirst(), [])
            batch.put(Keys.retiredPrefix + header.dropFirst(), [])
            batch.put(Keys.unfinished(site: 1, segment: 1 << 40), [])
            batch.put(Keys.parts(site: 1, segment: 1 << 40) + [3, 0, 0, 0, 0, 0, 0], [1])
            try database.write(batch)
        }
        do {
            let store = try directory.open()
            #expect(try text(of: store.snapshot(site: "default").segments).count == 3000, "seed \(seed)")
        }
        #expect(try keys(directory.path, Keys.unfinishedPrefix) == 0)
        #expect(try keys(directory.path, Keys.partPrefix) == parts)
        #expect(try keys(directory.path, Keys.segmentPrefix) == live)
    }

    @Test("A1: failing at any deletion of retired segments, the first or a later one, is mended by a restart")
    func everyDeletion() throws {
        let clock = ManualClock(january + 50 * 86_400_000)
        let events = MadeEvent.random(600, visitors: 12, seed: seed)
        /// Seals, merges and deletes several times; `true` when it came to its end.
        func play(_ directory: TemporaryDirectory, _ faults: FaultPoints) throws -> Bool {
            var options = StoreOptions()
            options.compactsEverything = true
            options.faults = faults
            let store = try directory.open(options, clock: clock)
            do {
                for part in 0..<6 {
                    try store.add(Array(events[(part * 100)..<(part * 100 + 100)]))
                    try store.flush()
                    try store.work()
                }
                return true
            } catch let error as StorageError {
                #expect("\(error)".contains("retire.delete"))
                return false
            }
        }
        let counting = FaultPoints()
        #expect(try play(TemporaryDirectory(), counting))
        let deletions = counting.hits(.retireDelete)
        #expect(deletions >= 4)
        for hit in 1...deletions {
            let directory = TemporaryDirectory()
            let isWhole = try play(directory, try FaultPoints(parsing: "retire.delete=error@\(hit)"))
            #expect(!isWhole, "hit \(hit)")
            var rows: [String] = []
            // The second opening has nothing left to do.
            for _ in 0..<2 {
                let store = try directory.open(clock: clock)
                let now = try text(of: store.snapshot(site: "default").segments)
                #expect(rows.isEmpty || rows == now)
                rows = now
            }
            #expect(rows.count % 100 == 0 && !rows.isEmpty)
            #expect(difference(rows, events.prefix(rows.count).map(\.text)) == [], "seed \(seed), hit \(hit)")
            #expect(try keys(directory.path, Keys.retiredPrefix) == 0)
            #expect(try StoreCheck.run(directory: directory.path).findings == [], "seed \(seed), hit \(hit)")
        }
    }

    @Test("Numbers of what is gone are not given out again")
    func numbers() throws {
        let directory = TemporaryDirectory()
        var highest: UInt64 = 0
        let clock = ManualClock(january + 50 * 86_400_000)
        for _ in 0..<3 {
            let store = try directory.open(clock: clock)
            try store.add(MadeEvent.random(100, visitors: 5, seed: seed))
            try store.flush()
            let numbers = store.snapshot(site: "default").segments.map(\.number)
            let lowest = try #require(numbers.min())
            #expect(lowest > highest)
            highest = numbers.max() ?? 0
            for visitor in 0..<5 { try store.eraseVisitor(site: "default", visitor: "visitor-\(visitor)") }
        }
    }
}
