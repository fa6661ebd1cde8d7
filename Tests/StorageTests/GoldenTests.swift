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

    @Test("A store of a version is read with everything it holds", arguments: ["v1"])
    func reads(version: String) throws {
        let rowsFile = Self.folder.appendingPathComponent("store-\(version).hex")
        let eventsFile = Self.folder.appendingPathComponent("store-\(version).txt")
        if ProcessInfo.processInfo.environment["WEIR_WRITE_GOLDEN"] == "1" { try write(rowsFile, eventsFile) }
        let directory = TemporaryDirectory()
        do {
            let database = try Database(path: directory.path)
            var batch = WriteBatch()
            for line in try String(contentsOf: rowsFile, encoding: .utf8).split(separator: "\n") {
                let row = line.split(separator: " ").map { bytes($0) }
                try #require(row.count == 2)
                batch.put(row[0], row[1])
            }
            try database.write(batch)
        }
        let expected = try String(contentsOf: eventsFile, encoding: .utf8).split(separator: "\n").map(String.init)
        let store = try directory.open(clock: ManualClock(january + 86_400_000))
        #expect(try allRows(store, site: "shop") == expected)
        let segments = store.snapshot(site: "shop").segments
        #expect(Set(segments.map(\.isSealed)) == [true, false])
        #expect(try store.deadLetters(site: "shop", limit: 10, after: nil).map(\.code) == ["missing_event"])
        #expect(try store.salt(day: 20_454) == [UInt8](repeating: 7, count: 16))
        // The ids are still known, so the same events do not count again.
        var maker = BatchMaker(seed: 1, hash: store.hash)
        let again = try commit(maker.batch(rows: 50, site: "shop", ids: 1..<51), to: store)
        #expect(again.duplicates == 50)
    }

    /// Writes a store with something of every kind, and what is in it.
    private func write(_ rowsFile: URL, _ eventsFile: URL) throws {
        let directory = TemporaryDirectory()
        do {
            let store = try directory.open(clock: ManualClock(january + 86_400_000))
            var maker = BatchMaker(seed: 1, hash: store.hash)
            try commit(maker.batch(rows: 50, site: "shop", ids: 1..<51), to: store)
            try store.flush()
            try commit(maker.batch(rows: 20, site: "shop", ids: 51..<71), to: store)
            let letter = DeadLetter(
                time: january, code: "missing_event", detail: "There is no event.", event: Array("{}".utf8))
            _ = try store.commit([CommitItem(runs: [], deadLetters: [("shop", letter)])])
            let text = try allRows(store, site: "shop").joined(separator: "\n") + "\n"
            try text.write(to: eventsFile, atomically: true, encoding: .utf8)
        }
        let database = try Database(path: directory.path)
        var salt = WriteBatch()
        salt.put(Array("msalt".utf8) + [0, 0, 0x4F, 0xE6], [UInt8](repeating: 7, count: 16))
        try database.write(salt)
        var walk = database.iterate(prefix: [])
        var lines: [String] = []
        while let line = try walk.next({ hex($0) + " " + hex($1) }) { lines.append(line) }
        try (lines.joined(separator: "\n") + "\n").write(to: rowsFile, atomically: true, encoding: .utf8)
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
