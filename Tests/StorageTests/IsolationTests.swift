import Events
import Foundation
import Logging
import RocksDB
import Storage
import Synchronization
import TestSupport
import Testing

/// Lines that were logged.
private final class LogLines: Sendable {
    let lines = Mutex<[String]>([])

    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    var errors: [String] { lines.withLock { $0 } }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.error
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let text = "\(event.message) \(event.metadata ?? [:])"
            if event.level >= .error { lines.lines.withLock { $0.append(text) } }
        }
    }
}

@Suite("Damage is isolated")
struct IsolationTests {
    private let seed = FullStore.seed

    /// Flips one bit of one block of a site (shop is number 1, blog 2), or of any where blocks have no site.
    private func flip(
        _ directory: TemporaryDirectory, _ prefix: [UInt8], site: UInt8 = 1, _ random: inout SeededGenerator
    ) throws -> StoredRows.Row {
        let rows = try StoredRows.all(directory.path, prefix)
            .filter { prefix == Keys.idsPrefix || $0.key[1..<5].elementsEqual([0, 0, 0, site]) }
        var row = rows[Int(random.next() % UInt64(rows.count))]
        row.value[Int(random.next() % UInt64(row.value.count))] ^= 1 << UInt8(random.next() % 8)
        try StoredRows.put(directory.path, [row])
        return row
    }

    private func value(_ directory: TemporaryDirectory, _ key: [UInt8]) throws -> [UInt8]? {
        try StoredRows.all(directory.path, key).first { $0.key == key }?.value
    }

    /// Runs everything that rewrites or deletes, as far as it goes.
    private func maintain(_ store: Store) {
        _ = try? store.flush()
        for _ in 0..<20 { _ = try? store.maintain() }
    }

    @Test("A damaged header or log row costs its own site's answers and nothing else", arguments: 0..<16)
    func block(round: Int) throws {
        let directory = TemporaryDirectory()
        let full = try FullStore(directory)
        var random = SeededGenerator(seed: seed &+ UInt64(round))
        let row = try flip(directory, round % 2 == 0 ? Keys.segmentPrefix : Keys.logPrefix, &random)
        let lines = LogLines()
        do {
            let store = try Store.open(directory: directory.path, logger: lines.logger)
            let name = round % 2 == 0 ? "segment" : "log row"
            #expect("seed \(seed), round \(round)") {
                try store.snapshot(site: "shop").requireComplete()
            } throws: { error in
                guard case StorageError.corrupt(let block, _) = error else { return false }
                return block.contains(name) && block.contains("site 1")
            }
            #expect(lines.errors.count == 1 && lines.errors[0].contains(name), "\(lines.errors)")
            #expect(store.statistics().damaged.map { "\($0.site) \($0.blocks)" } == ["blog 0", "shop 1"])
            try store.snapshot(site: "blog").requireComplete()
            #expect(try allRows(store, site: "blog") == full.rows["blog"])
            // Both go on taking events, and what comes to the sound site is seen.
            var maker = BatchMaker(seed: seed, hash: store.hash)
            for site in ["shop", "blog"] {
                #expect(try commit(maker.batch(rows: 30, site: site), to: store).accepted == 30)
            }
            #expect(try allRows(store, site: "blog").count == (full.rows["blog"]?.count ?? 0) + 30)
            maintain(store)
        }
        #expect(try value(directory, row.key) == row.value, "seed \(seed), round \(round)")
        // And the same again after a restart.
        let store = try directory.open()
        #expect(throws: StorageError.self) { try store.snapshot(site: "shop").requireComplete() }
        #expect(try allRows(store, site: "blog").count == (full.rows["blog"]?.count ?? 0) + 30)
    }

    /// Damages one block of a site, looks at the open store, sees that the other site has all it had, and after everything
    /// that rewrites and deletes that the block is still as it was.
    private func damaging(
        _ prefix: [UInt8], of site: UInt8, seed: UInt64, _ look: (Store, String) throws -> Void
    ) throws {
        let directory = TemporaryDirectory()
        let full = try FullStore(directory)
        var random = SeededGenerator(seed: seed)
        let row = try flip(directory, prefix, site: site, &random)
        do {
            let store = try directory.open()
            try look(store, "seed \(seed)")
            let other = site == 1 ? "blog" : "shop"
            #expect(try allRows(store, site: other) == full.rows[other], "seed \(seed)")
            maintain(store)
        }
        #expect(try value(directory, row.key) == row.value, "seed \(seed)")
    }

    @Test(
        "A damaged part is an error that names it when it is read, never deleted, and no other site's",
        arguments: 0..<16)
    func part(round: Int) throws {
        // Of the site whose segments are not seen through the mask of an erasure, so that all parts are read.
        try damaging(Keys.partPrefix, of: 2, seed: seed &+ 500 &+ UInt64(round)) { store, label in
            #expect("\(label)") { _ = try allRows(store, site: "blog") } throws: { error in
                guard case StorageError.corrupt(let block, _) = error else { return false }
                return block.contains("of site 2, part")
            }
        }
    }

    @Test("A damaged erasure costs its site's answers, since what it erased must not come back", arguments: 0..<4)
    func erasure(round: Int) throws {
        try damaging(Keys.erasurePrefix, of: 1, seed: seed &+ 800 &+ UInt64(round)) { store, label in
            #expect("\(label)") { try store.snapshot(site: "shop").requireComplete() } throws: {
                "\($0)".contains("erasure")
            }
        }
    }

    @Test(
        "No visitor is said to be erased from a site of which something cannot be read; the site itself can be deleted",
        arguments: [Keys.segmentPrefix, Keys.logPrefix, Keys.erasurePrefix])
    func noErasure(prefix: [UInt8]) throws {
        let directory = TemporaryDirectory()
        let full = try FullStore(directory)
        var random = SeededGenerator(seed: seed)
        let row = try flip(directory, prefix, &random)
        let store = try directory.open()
        #expect { try store.eraseVisitor(site: "shop", visitor: "v1") } throws: { "\($0)".contains("damaged") }
        #expect(store.statistics().erasures == 0)
        // Other sites, and one that is not there, are not concerned.
        #expect(try store.eraseVisitor(site: "blog", visitor: "v1").events > 0)
        #expect(try store.eraseVisitor(site: "nobody's", visitor: "v1") == ErasureOutcome())
        let left = (full.rows["blog"] ?? []).filter { !$0.contains(" v1 ") && !$0.hasSuffix(" v1") }
        #expect(try allRows(store, site: "blog") == left)
        #expect(try store.deleteSite("shop") != nil)
        #expect(store.snapshot(site: "shop").segments.isEmpty)
        #expect(try value(directory, row.key) == nil)
    }

    @Test("Damaged ids open, are reported, and stay", arguments: 0..<4)
    func ids(round: Int) throws {
        let directory = TemporaryDirectory()
        let full = try FullStore(directory)
        var random = SeededGenerator(seed: seed &+ 900 &+ UInt64(round))
        let row = try flip(directory, Keys.idsPrefix, &random)
        let lines = LogLines()
        do {
            // All ids are past their horizon for this store: sound rows of them go with the next commit.
            var options = StoreOptions()
            options.deduplicationHorizon = 1
            let store = try Store.open(directory: directory.path, options: options, logger: lines.logger)
            #expect(store.statistics().damagedIds == 1)
            #expect(lines.errors.count == 1 && lines.errors[0].contains("counts again"), "\(lines.errors)")
            for (site, rows) in full.rows { #expect(try allRows(store, site: site) == rows) }
            var maker = BatchMaker(seed: seed, hash: store.hash)
            try commit(maker.batch(rows: 3, site: "blog", ids: 100_000..<100_003), to: store)
        }
        #expect(try value(directory, row.key) == row.value)
    }

    @Test("A damaged dead letter is listed as such, among the others")
    func deadLetter() throws {
        let directory = TemporaryDirectory()
        _ = try FullStore(directory)
        var random = SeededGenerator(seed: seed)
        _ = try flip(directory, Keys.deadLetterPrefix, &random)
        let store = try directory.open()
        let letters = try store.deadLetters(site: "shop", limit: 10, after: nil)
        #expect(letters.count == 4)
        #expect(letters.count { $0.code == DeadLetter.damagedCode && $0.detail.contains("damaged") } == 1)
        #expect(letters.count { $0.code == "time_too_old" } == 3)
        let after = try store.deadLetters(site: "shop", limit: 10, after: letters[1].sequence)
        #expect(after.map(\.sequence) == letters[2...].map(\.sequence))
    }

    @Test("A site whose name is lost is not taken for a new one")
    func lostName() throws {
        let directory = TemporaryDirectory()
        let full = try FullStore(directory)
        // What was retired when the store was closed goes at the next opening: here, not below.
        do { _ = try directory.open() }
        try StoredRows.delete(directory.path, [Array("s".utf8) + [0, 0, 0, 1]])
        let before = try StoredRows.all(directory.path).map { $0.key + $0.value }
        do {
            let store = try directory.open()
            // "shop" is unknown now; what cannot be assigned might be its.
            #expect(throws: StorageError.self) { try store.snapshot(site: "shop").requireComplete() }
            #expect(try allRows(store, site: "blog") == full.rows["blog"])
            var maker = BatchMaker(seed: seed, hash: store.hash)
            let batch = maker.batch(rows: 3, site: "shop")
            #expect(throws: StorageError.self) { try commit(batch, to: store) }
            #expect(try commit(maker.batch(rows: 3, site: "blog"), to: store).accepted == 3)
        }
        let after = Set(try StoredRows.all(directory.path).map { $0.key + $0.value })
        #expect(before.allSatisfy { after.contains($0) })
    }

    @Test("Keys that name nothing do not keep the store from opening")
    func strangeKeys() throws {
        let directory = TemporaryDirectory()
        let full = try FullStore(directory)
        let strange = ["l", "g", "i", "d"].map { (key: Array($0.utf8) + [1, 2], value: [UInt8(9)]) }
        try StoredRows.put(directory.path, strange)
        do {
            let store = try directory.open()
            for (site, rows) in full.rows { #expect(try allRows(store, site: site) == rows) }
            maintain(store)
        }
        for row in strange { #expect(try value(directory, row.key) == row.value) }
    }

    @Test("The highest number a key can hold does not trap", arguments: ["l", "g", "i", "d"])
    func highestNumber(prefix: String) throws {
        let directory = TemporaryDirectory()
        _ = try FullStore(directory)
        let site: [UInt8] = prefix == "i" ? [] : [0, 0, 0, 1]
        try StoredRows.put(
            directory.path, [(Array(prefix.utf8) + site + [UInt8](repeating: 255, count: 8), [1, 2, 3])])
        let store = try directory.open()
        #expect(try allRows(store, site: "blog").isEmpty == false)
    }

    /// Bytes of the footer of RocksDB's tables.
    private static let footerBytes = 53

    @Test("A file that RocksDB cannot read refuses the store, names the file, says what to do, and changes nothing")
    func unreadableFile() throws {
        let directory = TemporaryDirectory()
        _ = try FullStore(directory, rows: 300)
        do { try Database(path: directory.path).compactAll() }
        let file = try #require(
            try FileManager.default.contentsOfDirectory(atPath: directory.path).first { $0.hasSuffix(".sst") })
        let url = URL(fileURLWithPath: directory.path + "/" + file)
        let sound = try Data(contentsOf: url)
        // The headers lie behind the parts and the dead letters, in the last tenth of the data.
        var refusals = 0
        for place in stride(from: 0, to: sound.count, by: max(1, sound.count / 60)) {
            var bytes = sound
            bytes[place] ^= 1
            try bytes.write(to: url)
            do {
                _ = try directory.open()
            } catch let error as StorageError {
                refusals += 1
                let text = "\(error)"
                // Of a table whose footer is damaged RocksDB names the manifest that lists it.
                let isFooter = place >= sound.count - Self.footerBytes
                let namesFile = text.contains(file) || isFooter && text.contains("MANIFEST")
                #expect(namesFile && text.contains("weir check"), "\(text)")
            }
            #expect(try Data(contentsOf: url) == bytes)
        }
        #expect(refusals > 0)
    }
}
