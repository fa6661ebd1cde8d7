import Events
import Foundation
import RocksDB
import Storage
import TestSupport
import Testing

/// Dead letters, ids, answers and schemas: what lies beside the segments.
@Suite("Rows beside the segments")
struct SideRowTests {
    private let seed = SeededGenerator.testSeed
    private static let prefixes = [Keys.deadLetterPrefix, Keys.idsPrefix, Keys.answerPrefix, Keys.schemaPrefix]

    /// A block with nothing in it but its header.
    private static func emptied(_ block: [UInt8]) -> [UInt8] {
        var header = Array(block.prefix(40))
        header[4] = 0
        for place in 24..<32 { header[place] = 0 }
        return header
    }

    /// A store with two rows of each kind.
    private func fill(_ directory: TemporaryDirectory, _ clock: ManualClock) throws {
        let store = try directory.open(clock: clock)
        var maker = BatchMaker(seed: seed, hash: store.hash)
        for round in 0..<2 {
            let letter = DeadLetter(
                time: january, code: "missing_event", detail: "There is none.", event: Array(#"{"visitor":"v"}"#.utf8),
                transport: "udp", receivedBytes: 99, isBackfill: true, userAgent: Array("agent".utf8), visitor: "anon-1"
            )
            let claim = AnswerClaim(site: 1, key: UInt64(round), body: 3) { _ in Array("an answer".utf8) }
            let first = UInt64(round) * 10 + 1
            let batch = maker.batch(rows: 5, site: "shop", ids: first..<(first + 5))
            let item = CommitItem(runs: [PreparedRun(batch)], deadLetters: [("shop", letter)], claim: claim)
            _ = try store.commit([item])[0].get()
            var schema = EveryPart.schema
            schema.events[0].name = "view\(round)"
            _ = try store.declareSchema(schema, site: "shop", force: true)
        }
    }

    @Test("What they say survives a restart, whole")
    func roundTrip() throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(january)
        try fill(directory, clock)
        #expect(try StoreCheck.run(directory: directory.path).findings == [])
        let store = try directory.open(clock: clock)
        let letters = try store.deadLetterPage(site: "shop", limit: 9).letters
        #expect(letters.count == 2)
        for letter in letters {
            #expect(letter.transport == "udp" && letter.receivedBytes == 99 && letter.isTruncated)
            #expect(letter.isBackfill && letter.userAgent == Array("agent".utf8) && letter.visitor == "anon-1")
        }
        #expect(try store.schemaVersions(site: "shop").map(\.schema.events[0].name) == ["view0", "view1"])
        #expect(store.schemas.versions.map(\.version) == [2])
        let figures = store.statistics()
        #expect(figures.ids == 10 && figures.answers == 2 && figures.deadLetters.map(\.letters) == [2])
    }

    @Test(
        "Any payload under a checksum that fits traps nothing: it is found, or it is another sound one",
        arguments: 0..<4)
    func altered(kind: Int) throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(january)
        try fill(directory, clock)
        var random = SeededGenerator(seed: seed)
        let rows = try StoredRows.all(directory.path, Self.prefixes[kind])
        #expect(rows.count == 2)
        for _ in 0..<25 {
            let row = rows[Int(random.next() % 2)]
            var block = row.value
            for _ in 0...(random.next() % 4) {
                let place = 40 + Int(random.next() % UInt64(block.count - 40))
                block[place] = UInt8(truncatingIfNeeded: random.next())
            }
            try StoredRows.put(directory.path, [(row.key, StoredRows.resealed(block))])
            _ = try StoreCheck.run(directory: directory.path)
            do {
                let store = try directory.open(clock: clock)
                _ = try store.deadLetterPage(site: "shop", limit: 9)
                _ = try? store.schemaVersions(site: "shop")
                var maker = BatchMaker(seed: seed, hash: store.hash)
                let again = try commit(maker.batch(rows: 5, site: "shop", ids: 1..<6), to: store)
                #expect(again.accepted + again.duplicates == 5)
            }
            // The next round begins with what was there; the batch that was added costs nothing.
            try StoredRows.put(directory.path, rows)
        }
        // A payload that ends early is found, whatever it is of; an answer's may end anywhere behind its numbers.
        for row in rows {
            let name = row.key.map { String($0) }.joined(separator: " ")
            try StoredRows.put(directory.path, [(row.key, StoredRows.resealed(Self.emptied(row.value)))])
            #expect(try !StoreCheck.run(directory: directory.path).findings.isEmpty, "\(name), seed \(seed)")
            try StoredRows.put(directory.path, rows)
        }
    }

    @Test("Dead letters that are admitted anew go with the events they became, in one batch, or not at all")
    func replayIsAtomic() throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(january)
        try fill(directory, clock)
        let letters = try directory.open(clock: clock).deadLetterSequences(site: "shop", matching: DeadLetterFilter())
        for point in [FaultPoint.commitWrite, .commitWritten] {
            var options = StoreOptions()
            options.faults = try FaultPoints(parsing: "\(point.rawValue)=error")
            let store = try directory.open(options, clock: clock)
            var maker = BatchMaker(seed: seed, hash: store.hash)
            let replay = CommitItem.Replay(site: "shop", taken: [letters[0]], refused: [])
            let item = CommitItem(
                runs: [PreparedRun(maker.batch(rows: 1, site: "shop", ids: 100..<101))], deadLetters: [], replay: replay
            )
            #expect(throws: StorageError.self) { try store.commit([item]) }
        }
        // The second write reached the disk before it failed, as a crash right after it would have it.
        let store = try directory.open(clock: clock)
        #expect(store.deadLetterSequences(site: "shop", matching: DeadLetterFilter()) == [letters[1]])
        #expect(try allRows(store, site: "shop").count == 11)
        // Whoever tries again finds the letter gone, and stores nothing.
        var maker = BatchMaker(seed: seed, hash: store.hash)
        let replay = CommitItem.Replay(site: "shop", taken: [letters[0]], refused: [])
        let item = CommitItem(
            runs: [PreparedRun(maker.batch(rows: 1, site: "shop", ids: 200..<201))], deadLetters: [], replay: replay)
        #expect(try store.commit([item])[0].get().settlement == .stale)
        #expect(try allRows(store, site: "shop").count == 11)
    }

    @Test("A letter refused again keeps its place and has the new reason")
    func refusedAgain() throws {
        let directory = TemporaryDirectory()
        let clock = ManualClock(january)
        try fill(directory, clock)
        let store = try directory.open(clock: clock)
        var letter = try #require(try store.deadLetterPage(site: "shop", limit: 1).letters.first)
        letter.code = "time_too_old"
        letter.detail = String(repeating: "longer ", count: 50)
        let replay = CommitItem.Replay(site: "shop", taken: [], refused: [letter])
        _ = try store.commit([CommitItem(runs: [], deadLetters: [], replay: replay)])[0].get()
        do {
            let page = try store.deadLetterPage(site: "shop", limit: 9)
            #expect(page.letters.map(\.code) == ["time_too_old", "missing_event"])
            #expect(page.letters.first?.sequence == letter.sequence)
            #expect(page.totals.map(\.count) == [1, 1])
            #expect(page.bytes == store.statistics().deadLetters.first?.bytes)
        }
    }
}
