import Events
import RocksDB
import Storage
import TestSupport
import Testing

@Suite("Damaged blocks")
struct DamageTests {
    private let seed = SeededGenerator.testSeed

    /// The stored rows with a prefix.
    private func rows(_ path: String, _ prefix: [UInt8]) throws -> [(key: [UInt8], value: [UInt8])] {
        var walk = try Database(path: path).iterate(prefix: prefix)
        var rows: [(key: [UInt8], value: [UInt8])] = []
        while let row = try walk.next({ ([UInt8]($0), [UInt8]($1)) }) { rows.append(row) }
        return rows
    }

    /// Changes one stored value, the first with a prefix or the one `choose` picks, so that RocksDB itself sees nothing wrong with it.
    private func change(
        _ path: String, _ prefix: [UInt8], choose: (Int) -> Int = { _ in 0 }, _ body: ([UInt8]) -> [UInt8]
    ) throws {
        let all = try rows(path, prefix)
        try #require(!all.isEmpty)
        let row = all[choose(all.count)]
        try StoredRows.put(path, [(row.key, body(row.value))])
    }

    /// Flips one bit of one stored value with a prefix.
    private func flip(_ path: String, _ prefix: [UInt8], round: Int) throws {
        var random = SeededGenerator(seed: seed &+ UInt64(round))
        let (row, byte, bit) = (random.next(), random.next(), random.next() % 8)
        try change(path, prefix, choose: { Int(row % UInt64($0)) }) { value in
            var value = value
            value[Int(byte % UInt64(value.count))] ^= UInt8(1 << bit)
            return value
        }
    }

    private func fill(_ path: TemporaryDirectory, seal: Bool) throws {
        let store = try path.open()
        var maker = BatchMaker(seed: seed, hash: store.hash)
        try commit(maker.batch(rows: 400, ids: 1..<401), to: store)
        if seal { try store.flush() }
    }

    @Test(
        "A flipped bit of a log row, anywhere, costs its site's answers, names the row, and deletes nothing",
        arguments: 0..<20)
    func logRow(round: Int) throws {
        let directory = TemporaryDirectory()
        try fill(directory, seal: false)
        try flip(directory.path, Keys.logPrefix, round: round)
        let before = try rows(directory.path, []).map { $0.key + $0.value }
        do {
            let store = try directory.open()
            let snapshot = store.snapshot(site: "default")
            #expect("seed \(seed)") { try snapshot.requireComplete() } throws: { error in
                guard case StorageError.corrupt(let block, _) = error else { return false }
                return block.contains("log row")
            }
        }
        #expect(try rows(directory.path, []).map { $0.key + $0.value } == before)
    }

    @Test(
        "B8: a flipped bit of any sealed part is an error that names it, and never a smaller answer", arguments: 0..<60)
    func part(round: Int) throws {
        let directory = TemporaryDirectory()
        try fill(directory, seal: true)
        try flip(directory.path, Keys.partPrefix, round: round)
        let store = try directory.open()
        #expect("seed \(seed)") { _ = try allRows(store) } throws: { error in
            guard case StorageError.corrupt(let block, _) = error else { return false }
            return block.contains("segment")
        }
    }

    @Test("B10: a truncated or empty block is found out", arguments: [0, 1, 39, 40, 41])
    func truncated(count: Int) throws {
        let directory = TemporaryDirectory()
        try fill(directory, seal: true)
        try change(directory.path, Keys.segmentPrefix) { Array($0.prefix(count)) }
        let snapshot = try directory.open().snapshot(site: "default")
        #expect(throws: StorageError.self) { try snapshot.requireComplete() }
    }

    @Test("B9: a block of one part under the key of another is found out")
    func misdirected() throws {
        let directory = TemporaryDirectory()
        try fill(directory, seal: true)
        do {
            let database = try Database(path: directory.path)
            var walk = database.iterate(prefix: Keys.partPrefix)
            let first = try walk.next { key, _ in [UInt8](key) }
            let second = try walk.next { _, value in [UInt8](value) }
            var batch = WriteBatch()
            batch.put(try #require(first), try #require(second))
            try database.write(batch)
        }
        let store = try directory.open()
        #expect { _ = try allRows(store) } throws: { "\($0)".contains("belongs somewhere else") }
    }

    @Test("A store of a later format is refused by its version")
    func laterFormat() throws {
        let directory = TemporaryDirectory()
        try fill(directory, seal: true)
        try change(directory.path, Array("mformat".utf8)) { _ in [99, 0, 0, 0] }
        #expect { _ = try directory.open() } throws: { "\($0)".contains("format 99") }
    }

    @Test("Random bytes never trap a decoder", arguments: 0..<4)
    func fuzz(part: Int) throws {
        var random = SeededGenerator(seed: seed &+ UInt64(part))
        let hash = EventHash(seed: 1)
        var maker = BatchMaker(seed: seed, hash: hash)
        let (header, columns) = RunAssembler.run(of: maker.batch(rows: 60))
        let good = LogRow.encode(header, columns)
        var failures = 0
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0...(random.next() % 3) {
                switch random.next() % 3 {
                case 0: bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.removeLast(Int(random.next() % UInt64(bytes.count)))
                default:
                    bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: Int(random.next() % UInt64(bytes.count)))
                }
                if bytes.isEmpty { bytes = [0] }
            }
            let result = bytes.withUnsafeBytes { raw in Result { try LogRow.decode(raw, hash: hash) } }
            if case .failure = result { failures += 1 }
        }
        #expect(failures > 1000, "seed \(seed)")
        let isGood = good.withUnsafeBytes { (try? LogRow.decode($0, hash: hash)) != nil }
        #expect(isGood)
    }
}
