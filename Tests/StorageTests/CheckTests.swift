import Events
import Foundation
import RocksDB
import Storage
import TestSupport
import Testing

@Suite("Checking a store")
struct CheckTests {
    private let seed = FullStore.seed

    private func findings(_ directory: TemporaryDirectory) throws -> [CheckFinding] {
        try StoreCheck.run(directory: directory.path).findings
    }

    private let blockPrefixes = [
        Keys.segmentPrefix, Keys.partPrefix, Keys.logPrefix, Keys.idsPrefix, Keys.deadLetterPrefix, Keys.erasurePrefix,
    ]

    @Test("A sound store has no findings, everything is counted, and no byte of the directory is changed")
    func sound() throws {
        let directory = TemporaryDirectory()
        let full = try FullStore(directory)
        let before = try StoredRows.files(directory.path)
        let report = try StoreCheck.run(directory: directory.path)
        #expect(report.findings == [], "seed \(seed)")
        #expect(report.isClean)
        #expect(try StoredRows.files(directory.path) == before)
        let rows = try StoredRows.all(directory.path)
        func count(_ prefix: [UInt8]) -> Int { rows.count { $0.key.starts(with: prefix) } }
        #expect(report.sites == 2)
        #expect(report.segments == count(Keys.segmentPrefix))
        #expect(report.parts == count(Keys.partPrefix))
        #expect(report.logRows == count(Keys.logPrefix))
        #expect(report.idRows == count(Keys.idsPrefix))
        #expect(report.deadLetters == count(Keys.deadLetterPrefix))
        #expect(report.erasures == 1)
        #expect(report.bytes == rows.reduce(0) { $0 + $1.key.count + $1.value.count })
        // What is erased is still on disk.
        #expect(report.sealedRows + report.rowsInFlight >= full.rows.values.reduce(0) { $0 + $1.count })
        for prefix in blockPrefixes { #expect(count(prefix) > 0) }
    }

    /// Each round flips one bit at another place of every block at once, so that small blocks are gone through byte by
    /// byte; the first rounds go through the headers of all.
    @Test("B7, B8: a flipped bit of any stored block, anywhere, is found and named", arguments: 0..<48)
    func flips(round: Int) throws {
        let directory = TemporaryDirectory()
        _ = try FullStore(directory)
        var random = SeededGenerator(seed: seed &+ UInt64(round))
        var flipped: [StoredRows.Row] = []
        for prefix in blockPrefixes {
            for (key, value) in try StoredRows.all(directory.path, prefix) {
                var value = value
                let place = round < 40 ? round : 40 + Int(random.next() % UInt64(max(1, value.count - 40)))
                value[min(place, value.count - 1)] ^= 1 << UInt8(random.next() % 8)
                flipped.append((key, value))
            }
        }
        try StoredRows.put(directory.path, flipped)
        let findings = try findings(directory)
        for row in flipped {
            #expect(
                findings.contains { $0.isAbout(row.key) && $0.kind == .block },
                "seed \(seed), round \(round), key \(row.key)")
        }
    }

    @Test("One damaged block is one finding, and nothing else is reported", arguments: 0..<24)
    func alone(round: Int) throws {
        let directory = TemporaryDirectory()
        _ = try FullStore(directory)
        var random = SeededGenerator(seed: seed &+ 1000 &+ UInt64(round))
        let prefix = blockPrefixes[round % blockPrefixes.count]
        let rows = try StoredRows.all(directory.path, prefix)
        var row = rows[Int(random.next() % UInt64(rows.count))]
        row.value[Int(random.next() % UInt64(row.value.count))] ^= 1 << UInt8(random.next() % 8)
        try StoredRows.put(directory.path, [row])
        let findings = try findings(directory)
        // Without its directory a segment's parts cannot be counted; all of the findings are then about that segment.
        #expect(findings.contains { $0.isAbout(row.key) }, "seed \(seed), round \(round): \(findings)")
        #expect(findings.count == 1, "seed \(seed), round \(round): \(findings)")
    }

    @Test("Blocks under each other's keys are found", arguments: 0..<6)
    func misdirected(kind: Int) throws {
        let directory = TemporaryDirectory()
        _ = try FullStore(directory)
        let rows = try StoredRows.all(directory.path, blockPrefixes[kind])
        // The last erasure has no other to be exchanged with; it is copied under another number.
        let swapped: [StoredRows.Row] =
            rows.count > 1
            ? [(rows[0].key, rows[1].value), (rows[1].key, rows[0].value)]
            : [(rows[0].key.dropLast() + [rows[0].key[12] ^ 1], rows[0].value)]
        try StoredRows.put(directory.path, swapped)
        let findings = try findings(directory)
        for row in swapped {
            #expect(
                findings.contains { $0.isAbout(row.key) && $0.reason.contains("belongs somewhere else") },
                "seed \(seed), \(row.key): \(findings)")
        }
    }

    /// The canary: were checksums not verified, this is what would be seen of flipped payloads.
    @Test("Without checksums the flips would not all be found")
    func canary() throws {
        var unseen = 0
        for round in 0..<12 {
            let directory = TemporaryDirectory()
            _ = try FullStore(directory)
            var random = SeededGenerator(seed: seed &+ 2000 &+ UInt64(round))
            var flipped: [StoredRows.Row] = []
            for (key, value) in try StoredRows.all(directory.path, Keys.deadLetterPrefix)
                + StoredRows.all(directory.path, Keys.idsPrefix)
            {
                var value = value
                value[40 + Int(random.next() % UInt64(value.count - 40))] ^= 1 << UInt8(random.next() % 8)
                flipped.append((key, StoredRows.resealed(value)))
            }
            try StoredRows.put(directory.path, flipped)
            let findings = try findings(directory)
            unseen += flipped.count { row in !findings.contains { $0.isAbout(row.key) } }
        }
        #expect(unseen > 0, "seed \(seed)")
    }

    @Test("Payloads that were changed under a fitting checksum never trap a reader", arguments: 0..<30)
    func resealed(round: Int) throws {
        let directory = TemporaryDirectory()
        let full = try FullStore(directory)
        var random = SeededGenerator(seed: seed &+ 3000 &+ UInt64(round))
        let prefix = round % 3 == 0 ? Keys.segmentPrefix : Keys.partPrefix
        let changed = try StoredRows.all(directory.path, prefix).map { key, value -> StoredRows.Row in
            var value = value
            for _ in 0...(random.next() % 3) where value.count > 40 {
                value[40 + Int(random.next() % UInt64(value.count - 40))] = UInt8(truncatingIfNeeded: random.next())
            }
            return (key, StoredRows.resealed(value))
        }
        try StoredRows.put(directory.path, changed)
        let findings = try findings(directory)
        #expect(!findings.isEmpty, "seed \(seed), round \(round)")
        let store = try directory.open()
        for (site, rows) in full.rows {
            // Whatever comes out, it comes out as rows or as an error.
            if let found = try? allRows(store, site: site) { #expect(found.count <= rows.count * 100) }
        }
    }

    @Test("The number of findings is limited, and the others are counted")
    func limit() throws {
        let directory = TemporaryDirectory()
        _ = try FullStore(directory)
        try StoredRows.put(directory.path, try StoredRows.all(directory.path, Keys.partPrefix).map { ($0.key, [0]) })
        var options = StoreCheck.Options()
        options.listedFindings = 3
        // A limit on the rate changes nothing but the time.
        options.bytesPerSecond = 50_000_000
        let report = try StoreCheck.run(directory: directory.path, options: options)
        #expect(report.findings.count == 3)
        #expect(report.unlistedFindings > 10)
        #expect(report.count == report.findings.count + report.unlistedFindings)
    }

    @Test("A store that is open is not checked, and stays locked")
    func inUse() throws {
        let directory = TemporaryDirectory()
        _ = try FullStore(directory)
        let store = try directory.open()
        #expect { _ = try findings(directory) } throws: { "\($0)".contains("in use") }
        // Any closing of the lock's file by this process would have given RocksDB's lock up.
        #expect(ServerFile.holder(of: directory.path) == .process(ProcessInfo.processInfo.processIdentifier))
        #expect(try allRows(store, site: "blog").isEmpty == false)
    }

    @Test("What is no store, or one of a later format, is refused")
    func refused() throws {
        let directory = TemporaryDirectory()
        #expect { _ = try findings(directory) } throws: { "\($0)".contains("no store") }
        do { _ = try Database(path: directory.path) }
        #expect { _ = try findings(directory) } throws: { "\($0)".contains("not Weir's") }
        try StoredRows.put(directory.path, [(Array("mformat".utf8), [99, 0, 0, 0])])
        #expect { _ = try findings(directory) } throws: { "\($0)".contains("format 99") }
    }
}
