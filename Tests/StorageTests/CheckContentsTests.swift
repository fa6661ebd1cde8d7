import Events
import Foundation
import RocksDB
import Storage
import TestSupport
import Testing

/// Stores in which every block is sound by itself and something is wrong all the same.
@Suite("Checking what blocks say together")
struct CheckContentsTests {
    private let seed = FullStore.seed

    private func filled() throws -> TemporaryDirectory {
        let directory = TemporaryDirectory()
        _ = try FullStore(directory, rows: 900)
        return directory
    }

    private func findings(_ directory: TemporaryDirectory) throws -> [CheckFinding] {
        try StoreCheck.run(directory: directory.path).findings
    }

    private func key(_ row: StoredRows.Row) -> (segment: ArraySlice<UInt8>, part: Part?) {
        (row.key[1..<13], Part(rawValue: row.key[13]))
    }

    /// The payload of a stored block.
    private func payload(_ row: StoredRows.Row) throws -> [UInt8] {
        func number(_ from: Int, _ count: Int) -> UInt64 {
            row.key[from..<(from + count)].reduce(0) { $0 << 8 | UInt64($1) }
        }
        return try row.value.withUnsafeBytes { try Block.decode($0, identity: identity(row.key)) }
    }

    private func identity(_ key: [UInt8]) -> Block.Identity {
        func number(_ from: Int, _ count: Int) -> UInt64 {
            key[from..<(from + count)].reduce(0) { $0 << 8 | UInt64($1) }
        }
        let isHeader = key.count == 13
        return Block.Identity(
            kind: .part, site: UInt32(number(1, 4)), number: number(5, 8),
            part: PartID(
                part: isHeader ? .header : Part(rawValue: key[13]) ?? .header,
                column: isHeader ? 0 : UInt16(number(14, 2)), chunk: isHeader ? 0 : UInt32(number(16, 4))))
    }

    /// A block of another payload under the same key.
    private func block(_ row: StoredRows.Row, _ payload: [UInt8]) -> StoredRows.Row {
        (row.key, Block.encode(payload, identity: identity(row.key), level: 1))
    }

    /// The first segment of the first site with more than 30 rows: its parts of one kind.
    private func parts(_ directory: TemporaryDirectory, _ part: Part) throws -> [StoredRows.Row] {
        let rows = try StoredRows.all(directory.path, Keys.partPrefix)
        return rows.filter { $0.key[13] == part.rawValue }
    }

    @Test("Rows that are out of order are found")
    func order() throws {
        let directory = try filled()
        let row = try #require(try parts(directory, .times).max { $0.value.count < $1.value.count })
        let payload = try payload(row)
        let count = Int(payload[0])
        try #require(payload[0] < 0x80 && count > 20)
        var times = try payload.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            var flat: [UInt32] = []
            try IntegerCodec.decode(&reader, count: count, below: 1 << 32).append(to: &flat)
            return flat
        }
        times.reverse()
        var writer = ByteWriter()
        IntegerCodec.encode(times[...], into: &writer)
        try StoredRows.put(directory.path, [block(row, writer.bytes)])
        let findings = try findings(directory)
        #expect(findings.contains { $0.kind == .contents && $0.reason.contains("not in the order") }, "\(findings)")
    }

    @Test("A visitor's name that is another one's is found")
    func visitorName() throws {
        let directory = try filled()
        let row = try #require(try parts(directory, .visitorNames).max { $0.value.count < $1.value.count })
        var payload = try payload(row)
        payload[payload.count - 1] ^= 1
        try StoredRows.put(directory.path, [block(row, payload)])
        let findings = try findings(directory)
        #expect(findings.contains { $0.kind == .contents && $0.place.part == "visitor names" }, "\(findings)")
    }

    @Test("A roll-up that is another column's is found")
    func rollup() throws {
        let directory = try filled()
        let rollups = try parts(directory, .rollup)
        // Of the hours, with all rows: events a name are counted there.
        let hours = rollups.filter { $0.key[14...15] == [0xff, 0xff] }
        let row = try #require(hours.max { $0.value.count < $1.value.count })
        let other = try #require(hours.first { $0.key[1..<13] != row.key[1..<13] && $0.key[16...] == row.key[16...] })
        try StoredRows.put(directory.path, [block(row, try payload(other))])
        let findings = try findings(directory)
        #expect(findings.contains { $0.place.part == "roll-up" }, "\(findings)")
    }

    @Test("Numbers of a header or a directory that the rows do not bear out are found", arguments: [0, 1, 2])
    func counts(which: Int) throws {
        let directory = try filled()
        let rows = try StoredRows.all(directory.path, Keys.segmentPrefix)
        let row = try #require(rows.max { $0.value.count < $1.value.count })
        var payload = try payload(row)
        let expected: String
        switch which {
        case 0:
            // The last event's time, which the last chunk's greatest time bears out.
            payload[25] ^= 1
            expected = "its header says"
        case 1:
            // Rows with a value of the column `path`: its name, the distinct values, then the rows.
            let name = [4] + Array("path".utf8)
            let place = try #require(payload.indices.first { payload[$0...].starts(with: name) })
            try #require(payload[place + 6] > 1 && payload[place + 5...place + 6].allSatisfy { $0 < 0x80 })
            payload[place + 6] -= 1
            expected = "rows have a value"
        default:
            // The bucket's level: a day's or an hour's events never fill a month, but an hour's may lie in two.
            payload[0] = 1
            expected = "outside its bucket"
        }
        try StoredRows.put(directory.path, [block(row, payload)])
        let findings = try findings(directory)
        #expect(
            findings.contains {
                $0.reason.contains(expected)
                    || which == 0 && ($0.reason.contains("out of range") || $0.reason.contains("times outside"))
            },
            "\(findings)")
    }

    @Test("A part that is missing, and one that nobody announced, are found by name")
    func missing() throws {
        let directory = try filled()
        let codes = try #require(try parts(directory, .codes).first)
        let times = try #require(try parts(directory, .times).first)
        var stray = times
        stray.key[19] = 9
        stray.value = Block.encode([1], identity: identity(stray.key), level: 1)
        try StoredRows.put(directory.path, [stray])
        try StoredRows.delete(directory.path, [codes.key])
        let findings = try findings(directory)
        #expect(findings.contains { $0.kind == .missing && $0.place.part == "codes" }, "\(findings)")
        #expect(findings.contains { $0.kind == .orphan && $0.place.part == "times" && $0.place.chunk == 9 })
    }

    @Test(
        "Parts without a header are found, unless they are marked as retired or unfinished", arguments: [nil, "x", "w"])
    func orphans(mark: String?) throws {
        let directory = try filled()
        let header = try #require(try StoredRows.all(directory.path, Keys.segmentPrefix).first)
        try StoredRows.delete(directory.path, [header.key])
        if let mark { try StoredRows.put(directory.path, [(Array(mark.utf8) + header.key.dropFirst(), [])]) }
        let report = try StoreCheck.run(directory: directory.path)
        #expect(report.findings.contains { $0.kind == .orphan } == (mark == nil), "\(report.findings)")
        #expect(report.notes.contains { $0.contains("segments") } == (mark != nil), "\(report.notes)")
    }

    @Test("A segment that is marked as retired and has its header is found")
    func retiredWithHeader() throws {
        let directory = try filled()
        let header = try #require(try StoredRows.all(directory.path, Keys.segmentPrefix).first)
        try StoredRows.put(directory.path, [(Array("x".utf8) + header.key.dropFirst(), [])])
        #expect(try findings(directory).contains { $0.reason.contains("retired") })
    }

    @Test("Keys that nobody writes are found")
    func unknownKeys() throws {
        let directory = try filled()
        let strange: [[UInt8]] = [
            [0], Array("zebra".utf8), Array("f".utf8), Array("g".utf8) + [1, 2], Array("c".utf8) + [0, 0, 0, 1],
            Array("mnothing".utf8), [255, 255],
        ]
        try StoredRows.put(directory.path, strange.map { ($0, [1, 2, 3]) })
        let findings = try findings(directory)
        #expect(findings.count { $0.kind == .key } == strange.count, "\(findings)")
    }

    @Test("A site's name that is lost, or that no site can have, is found with what belongs to it")
    func siteNames() throws {
        let directory = try filled()
        let rows = try StoredRows.all(directory.path, Array("s".utf8))
        try StoredRows.delete(directory.path, [rows[0].key])
        try StoredRows.put(directory.path, [(rows[1].key, Array("no/site".utf8))])
        let findings = try findings(directory)
        #expect(findings.contains { $0.reason == "no site can have it" })
        #expect(findings.contains { $0.reason.contains("name of its site 1 is missing") })
    }

    @Test("A damaged file of RocksDB does not hide what else is damaged")
    func damagedFile() throws {
        let directory = TemporaryDirectory()
        do {
            let store = try directory.open()
            var maker = BatchMaker(seed: seed, hash: store.hash)
            for _ in 0..<8 {
                try commit(maker.batch(rows: 20_000), to: store)
                try store.flush()
            }
        }
        // Everything in one file below the first level, so that its blocks are read one by one.
        do { try Database(path: directory.path).compactAll() }
        let parts = try StoredRows.all(directory.path, Keys.partPrefix)
        var last = try #require(parts.last)
        last.value[last.value.count - 1] ^= 1
        try StoredRows.put(directory.path, [last])
        do { try Database(path: directory.path).compactAll() }
        let file = try #require(
            try FileManager.default.contentsOfDirectory(atPath: directory.path).first { $0.hasSuffix(".sst") })
        let url = URL(fileURLWithPath: directory.path + "/" + file)
        var bytes = try Data(contentsOf: url)
        bytes[bytes.count / 3] ^= 1
        try bytes.write(to: url)
        let findings = try findings(directory)
        #expect(findings.contains { $0.kind == .database && $0.reason.contains(file) }, "seed \(seed): \(findings)")
        #expect(findings.contains { $0.kind == .block && $0.reason.contains("checksum") }, "seed \(seed): \(findings)")
        // Of the parts only the few in the damaged block are given up.
        #expect(findings.count < 10, "seed \(seed): \(findings)")
    }

    @Test("A damaged, a truncated and a missing file of RocksDB are findings, not the end", arguments: [0, 1, 2])
    func brokenFile(how: Int) throws {
        let directory = try filled()
        do { try Database(path: directory.path).compactAll() }
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        let file = directory.path + "/" + (try #require(names.first { $0.hasSuffix(".sst") }))
        let url = URL(fileURLWithPath: file)
        switch how {
        case 0: try Data(count: 1000).write(to: url)
        case 1: try Data(contentsOf: url).dropLast(200).write(to: url)
        default: try FileManager.default.removeItem(atPath: file)
        }
        // With its only file gone there is nothing left to look at; with more there is.
        do {
            let found = try findings(directory)
            #expect(found.contains { $0.kind == .database }, "\(found)")
        } catch let error as StorageError {
            // RocksDB tries another ending last.
            let number = try #require(file.split(separator: "/").last?.dropLast(4))
            #expect("\(error)".contains(number), "\(error)")
        }
    }
}

extension Database {
    /// Writes everything into the lowest level.
    func compactAll() throws {
        try flush()
        compact()
    }
}
