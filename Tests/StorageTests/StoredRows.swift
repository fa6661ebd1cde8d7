import Events
import Foundation
import RocksDB
import Storage
import Synchronization
import TestSupport
import Testing

/// The rows of a store that is not open, past everything that checks them.
enum StoredRows {
    /// A key and its value.
    typealias Row = (key: [UInt8], value: [UInt8])

    /// All rows with a prefix, in order.
    static func all(_ path: String, _ prefix: [UInt8] = []) throws -> [Row] {
        var configuration = Database.Configuration()
        configuration.access = .readOnly
        var walk = try Database(path: path, configuration: configuration).iterate(prefix: prefix)
        var rows: [Row] = []
        while let row = try walk.next({ ([UInt8]($0), [UInt8]($1)) }) { rows.append(row) }
        return rows
    }

    /// Writes rows in such a way that RocksDB sees nothing wrong with them.
    static func put(_ path: String, _ rows: [Row]) throws {
        var batch = WriteBatch()
        for row in rows { batch.put(row.key, row.value) }
        // Nothing crashes here, so nothing has to be synced.
        try Database(path: path).write(batch, synced: false)
    }

    /// Deletes rows.
    static func delete(_ path: String, _ keys: [[UInt8]]) throws {
        var batch = WriteBatch()
        for key in keys { batch.delete(key) }
        // Nothing crashes here, so nothing has to be synced.
        try Database(path: path).write(batch, synced: false)
    }

    /// Gives a block whose payload or header was changed a checksum that fits again.
    static func resealed(_ block: [UInt8]) -> [UInt8] {
        guard block.count >= 40 else { return block }
        var block = block
        let sum = block.withUnsafeBytes { raw in
            let header = UnsafeRawBufferPointer(rebasing: raw[0..<32])
            return EventHash(seed: EventHash(seed: 0)(header))(UnsafeRawBufferPointer(rebasing: raw[40...]))
        }
        withUnsafeBytes(of: sum.littleEndian) { block.replaceSubrange(32..<40, with: $0) }
        return block
    }

    /// The names and bytes of a directory's files.
    static func files(_ path: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            files[name] = try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))
        }
        return files
    }
}

/// A store with rows of every kind, of two sites, and what it holds.
///
/// It is made once and copied for each test, since making it takes a dozen syncs.
struct FullStore {
    /// What each site holds, as ``allRows(_:site:)`` lists it.
    let rows: [String: [String]]

    /// What the stores of this process are made from; named in messages of tests.
    static let seed = SeededGenerator.testSeed
    private static let made = Mutex<[Int: (rows: [String: [String]], files: [String: Data])]>([:])

    /// Fills a directory.
    ///
    /// - Parameter rows: events a batch; the store has two sealed and two in flight of each site.
    init(_ directory: TemporaryDirectory, rows: Int = 60) throws {
        let store = try Self.made.withLock { made in
            if let store = made[rows] { return store }
            let place = TemporaryDirectory()
            let all = try Self.make(place, rows: rows)
            // What the first process had no time to delete, since something still held it, the next one deletes.
            _ = try place.open()
            let store = (all, try StoredRows.files(place.path))
            made[rows] = store
            return store
        }
        self.rows = store.rows
        try FileManager.default.createDirectory(
            atPath: directory.path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        for (name, data) in store.files { try data.write(to: URL(fileURLWithPath: directory.path + "/" + name)) }
    }

    private static func make(_ directory: TemporaryDirectory, rows: Int) throws -> [String: [String]] {
        let store = try directory.open()
        var maker = BatchMaker(seed: seed, hash: store.hash)
        var ids: UInt64 = 1
        func commit(site: String) throws {
            let batch = maker.batch(rows: rows, site: site, ids: ids..<(ids + UInt64(rows)))
            ids += UInt64(rows)
            let letter = DeadLetter(time: 7, code: "time_too_old", detail: "too old", event: Array("{}".utf8))
            let item = CommitItem(runs: [PreparedRun(batch)], deadLetters: [(site, letter)])
            _ = try store.commit([item])[0].get()
        }
        for site in ["shop", "blog"] { for _ in 0..<2 { try commit(site: site) } }
        try store.flush()
        for site in ["shop", "blog"] { for _ in 0..<2 { try commit(site: site) } }
        _ = try store.salt(day: 20_000)
        // One who is in a sealed segment: only then does the erasure wait for a compaction.
        let sealed = try #require(store.snapshot(site: "shop").segments.first { $0.isSealed })
        let visitor = try #require(try sealed.visitorNames().text(of: 1))
        _ = try store.eraseVisitor(site: "shop", visitor: visitor)
        return ["shop": try allRows(store, site: "shop"), "blog": try allRows(store, site: "blog")]
    }
}

extension CheckFinding {
    /// Whether it is about the block under a key, of a store whose first site is shop and whose second is blog.
    func isAbout(_ key: [UInt8]) -> Bool {
        func number(_ from: Int, _ count: Int) -> UInt64 {
            key[from..<(from + count)].reduce(0) { $0 << 8 | UInt64($1) }
        }
        let prefix = Character(UnicodeScalar(key[0]))
        if prefix == "i" { return place.row == "row \(number(1, 8)) of ids" }
        guard "gldec".contains(prefix), place.site == (number(1, 4) == 1 ? "shop" : "blog") else { return false }
        switch prefix {
        case "g": return place.segment == number(5, 8) && place.part == "header"
        case "l": return place.row == "log row \(number(5, 8))"
        case "d": return place.row == "dead letter \(number(5, 8))"
        case "e": return place.row == "erasure \(number(5, 8))"
        default:
            guard let part = Part(rawValue: key[13]), place.segment == number(5, 8) else { return false }
            return place.part == part.title && (place.chunk ?? 0) == Int(number(16, 4))
        }
    }
}
