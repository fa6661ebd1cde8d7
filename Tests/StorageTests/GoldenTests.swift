import Events
import Foundation
import RocksDB
import Storage
import TestSupport
import Testing

/// Every row of a store written by each version of the format, as text: `key value` in hexadecimal, one a line, and
/// beside it what it holds.
///
/// A golden file is never changed once its version is released; `WEIR_WRITE_GOLDEN=1` writes the file of the current
/// version anew while it is not.
@Suite("Stores of earlier versions")
struct GoldenTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden")

    /// The version that this program writes.
    private static let current = "v3"

    /// Puts the rows of a golden file into a database.
    private func restore(_ version: String, into directory: TemporaryDirectory) throws {
        let database = try Database(path: directory.path)
        var batch = WriteBatch()
        let file = Self.folder.appendingPathComponent("store-\(version).hex")
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            let row = line.split(separator: " ", omittingEmptySubsequences: false).map { bytes($0) }
            try #require(row.count == 2)
            batch.put(row[0], row[1])
        }
        try database.write(batch)
    }

    private func expected(_ version: String) throws -> [String] {
        let file = Self.folder.appendingPathComponent("store-\(version).txt")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test(
        "A store of a version is read with everything it holds",
        arguments: [
            ("v1", january + 86_400_000, UInt32(20_454)), ("v2", EveryPart.now, 20_494), ("v3", EveryPart.now, 20_494),
        ])
    func reads(version: String, now: Int64, day: UInt32) throws {
        if version == Self.current, ProcessInfo.processInfo.environment["WEIR_WRITE_GOLDEN"] == "1" { try write() }
        let directory = TemporaryDirectory()
        try restore(version, into: directory)
        let expected = try expected(version)
        #expect(expected.count > 60)
        #expect(try StoreCheck.run(directory: directory.path).findings == [])
        let clock = ManualClock(now)
        let store = try directory.open(clock: clock)
        #expect(try allRows(store, site: "shop") == expected)
        // Nothing of a snapshot is kept, or what it holds could not go below.
        #expect(Set(store.snapshot(site: "shop").segments.map(\.isSealed)) == [true, false])
        #expect(try store.deadLetters(site: "shop", limit: 10, after: nil).map(\.code) == ["missing_event"])
        #expect(try store.salt(day: day) == [UInt8](repeating: 7, count: 16))
        // The ids are still known, so the same events do not count again.
        var maker = BatchMaker(seed: 1, hash: store.hash)
        let again = try commit(maker.batch(rows: 50, site: "shop", ids: 1..<51), to: store)
        #expect(again.duplicates == 50)
        // Whatever this program makes of it, it stays the same events.
        try store.flush()
        try store.carryOut(clock)
        while try store.compact() {}
        #expect(try allRows(store, site: "shop") == expected)
        #expect(store.snapshot(site: "shop").segments.allSatisfy { $0.isSealed && !$0.isMasked })
    }

    @Test("The file of the current version has every kind of row and part in it, and an erasure under way")
    func isComplete() throws {
        let directory = TemporaryDirectory()
        try restore(Self.current, into: directory)
        let rows = try StoredRows.all(directory.path)
        let parts = Set(rows.filter { $0.key[0] == UInt8(ascii: "c") }.map { $0.key[13] })
        #expect(parts == Set(1...11))
        #expect(Set(rows.map { $0.key[0] }).isSuperset(of: Array("acdegilmsv".utf8)))
        #expect(rows.contains { $0.key == Array("mformat".utf8) && $0.value == [3, 0, 0, 0] })
        let store = try directory.open(clock: ManualClock(EveryPart.now))
        #expect(store.statistics().pendingErasures == 1)
        #expect(try store.schemaVersions(site: "shop").map(\.schema) == [EveryPart.schema])
        let claim = AnswerClaim(site: store.hash("shop"), key: 5, body: 6) { _ in [] }
        let again = try store.commit([CommitItem(runs: [], deadLetters: [], claim: claim)])
        #expect(try again[0].get().settlement == .answeredBefore(Array("answer 20".utf8)))
        #expect(store.snapshot(site: "shop").segments.contains { $0.isMasked })
    }

    @Test("Canary: a golden file that says something else is found out")
    func canary() throws {
        let directory = TemporaryDirectory()
        try restore(Self.current, into: directory)
        let log = try #require(
            try StoredRows.all(directory.path, Keys.logPrefix).first { $0.key[1..<5].elementsEqual([0, 0, 0, 1]) })
        try StoredRows.delete(directory.path, [log.key])
        let store = try directory.open(clock: ManualClock(EveryPart.now))
        #expect(try allRows(store, site: "shop") != expected(Self.current))
    }

    /// Writes a store with something of every kind, and what is in it.
    private func write() throws {
        let directory = TemporaryDirectory()
        try EveryPart.fill(directory, seed: 1)
        let database = try Database(path: directory.path)
        var salt = WriteBatch()
        salt.put(Array("msalt".utf8) + [0, 0, 0x50, 0x0e], [UInt8](repeating: 7, count: 16))
        try database.write(salt)
        var walk = database.iterate(prefix: [])
        var lines: [String] = []
        while let line = try walk.next({ hex($0) + " " + hex($1) }) { lines.append(line) }
        let place = Self.folder.appendingPathComponent("store-\(Self.current)")
        try (lines.joined(separator: "\n") + "\n")
            .write(to: place.appendingPathExtension("hex"), atomically: true, encoding: .utf8)
        let copy = TemporaryDirectory()
        try restore(Self.current, into: copy)
        let text = try allRows(copy.open(clock: ManualClock(EveryPart.now)), site: "shop").joined(separator: "\n")
        try (text + "\n").write(to: place.appendingPathExtension("txt"), atomically: true, encoding: .utf8)
    }

    private func hex(_ bytes: UnsafeRawBufferPointer) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func bytes(_ hex: Substring) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
        }
    }
}
