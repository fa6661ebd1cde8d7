import Foundation
import RocksDB
import Testing

@Suite("The RocksDB wrapper: upkeep, copies and reading only")
struct UpkeepTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("weir-rocksdb-\(UInt64.random(in: .min ... .max))").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func fill(_ database: Database, _ keys: some Sequence<UInt8>, value: [UInt8] = [1]) throws {
        var batch = WriteBatch()
        for key in keys { batch.put([key], value) }
        try database.write(batch)
    }

    private func keys(_ database: Database, fillCache: Bool = true) throws -> [UInt8] {
        var walk = database.iterate(prefix: [], fillCache: fillCache)
        var keys: [UInt8] = []
        while let key = try walk.next({ key, _ in key[0] }) { keys.append(key) }
        return keys
    }

    /// The names, sizes and bytes of a directory's files.
    private func contents(_ path: String) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            contents[name] = try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))
        }
        return contents
    }

    @Test("A range is deleted from its first key up to, not including, its end", arguments: [false, true])
    func deletesRange(flushed: Bool) throws {
        try withDirectory { path in
            do {
                let database = try Database(path: path)
                try fill(database, 0..<10)
                if flushed { try database.flush() }
                var batch = WriteBatch()
                batch.deleteRange(from: [3], to: [7])
                batch.put([5], [2])
                #expect(batch.count == 2)
                try database.write(batch)
                #expect(try keys(database) == [0, 1, 2, 5, 7, 8, 9])
            }
            let database = try Database(path: path)
            #expect(try database.get([3]) == nil)
            #expect(try database.get([5]) == [2])
            database.compact(from: [0], to: [9])
            #expect(try keys(database) == [0, 1, 2, 5, 7, 8, 9])
        }
    }

    @Test("Flushing turns what is in memory into a file, and compaction leaves only what is not replaced or deleted")
    func flushesAndCompacts() throws {
        try withDirectory { path in
            let database = try Database(path: path)
            for round in UInt8(0)..<3 {
                try fill(database, 0..<30, value: [UInt8](repeating: round, count: 5000))
                try database.flush()
            }
            var batch = WriteBatch()
            batch.deleteRange(from: [10], to: [20])
            try database.write(batch)
            try database.flush()
            #expect(database.property("rocksdb.cur-size-active-mem-table").flatMap { Int($0) } ?? .max < 5000)
            #expect(database.liveFiles().reduce(0) { $0 + $1.bytes } > 90 * 5000)
            database.compact(from: [0], to: [29])
            let files = database.liveFiles()
            #expect(files.first?.smallest == [0])
            #expect(files.last?.largest == [29])
            #expect((20 * 5000..<21 * 5000).contains(files.reduce(0) { $0 + $1.bytes }))
            #expect(files.allSatisfy { $0.name.hasSuffix(".sst") })
            #expect(try keys(database) == Array(0..<10) + Array(20..<30))
            #expect(try database.get([29]) == [UInt8](repeating: 2, count: 5000))
        }
    }

    @Test("A write that is not synced is there, and durable with the next one that is")
    func unsynced() throws {
        try withDirectory { path in
            do {
                let database = try Database(path: path)
                var batch = WriteBatch()
                batch.put([1], [10])
                try database.write(batch, synced: false)
                #expect(try database.get([1]) == [10])
                try fill(database, [2])
            }
            #expect(try keys(try Database(path: path)) == [1, 2])
        }
    }

    @Test("A checkpoint holds what was written before it, and stays as it is")
    func checkpoint() throws {
        try withDirectory { path in
            let copy = path + "-copy"
            defer { try? FileManager.default.removeItem(atPath: copy) }
            let database = try Database(path: path)
            try fill(database, 0..<5)
            try database.flush()
            try fill(database, 5..<8)
            try database.checkpoint(at: copy)
            try fill(database, 8..<20)
            #expect(throws: RocksDBError.self) { try database.checkpoint(at: copy) }
            #expect(try keys(try Database(path: copy)) == Array(0..<8))
            #expect(try keys(database) == Array(0..<20))
        }
    }

    @Test("Opened for reading only: sees files and log, refuses writes, and changes no byte of the directory")
    func readOnly() throws {
        try withDirectory { path in
            let database = try Database(path: path)
            try fill(database, 0..<5)
            try database.flush()
            try fill(database, 5..<8)
            let before = try contents(path)
            var configuration = Database.Configuration()
            configuration.access = .readOnly
            configuration.createIfMissing = false
            do {
                // Beside the process that writes, too.
                let reader = try Database(path: path, configuration: configuration)
                #expect(try keys(reader) == Array(0..<8))
                #expect(throws: RocksDBError.self) { try fill(reader, [9]) }
                try fill(database, 8..<9)
                #expect(try keys(reader) == Array(0..<8))
            }
            let after = try contents(path)
            #expect(Set(after.keys) == Set(before.keys))
            for (name, data) in before where name != "LOG" {
                // The writer has appended to its log meanwhile; nothing else differs.
                #expect(after[name]?.prefix(data.count) == data, "\(name)")
            }
        }
    }

    @Test("Reading only does not create what is missing")
    func readOnlyMissing() throws {
        try withDirectory { path in
            var configuration = Database.Configuration()
            configuration.access = .readOnly
            configuration.createIfMissing = false
            #expect(throws: RocksDBError.self) { _ = try Database(path: path, configuration: configuration) }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test("A value that is read past the cache is not kept in it")
    func pastTheCache() throws {
        try withDirectory { path in
            do {
                let database = try Database(path: path)
                for key in UInt8(0)..<50 { try fill(database, [key], value: [UInt8](repeating: key, count: 20_000)) }
                try database.flush()
            }
            let database = try Database(path: path)
            func used() -> Int { database.property("rocksdb.block-cache-usage").flatMap { Int($0) } ?? -1 }
            let before = used()
            #expect(try keys(database, fillCache: false).count == 50)
            #expect(try database.withValue([7], fillCache: false) { $0.count } == 20_000)
            #expect(used() - before < 20_000)
            #expect(try keys(database).count == 50)
            #expect(used() - before > 500_000)
        }
    }

    @Test("A damaged block of a file is an error that names the file, and does not hide what lies behind it")
    func damagedFile() throws {
        try withDirectory { path in
            do {
                let database = try Database(path: path)
                for key in UInt8(0)..<50 { try fill(database, [key], value: [UInt8](repeating: key, count: 20_000)) }
                try database.flush()
            }
            let file = try #require(
                try FileManager.default.contentsOfDirectory(atPath: path).first { $0.hasSuffix(".sst") })
            try flip(path + "/" + file, at: 450_000)
            let database = try Database(path: path)
            var walk = database.iterate(prefix: [])
            var seen = 0
            do {
                while try walk.next({ _, _ in }) != nil { seen += 1 }
                Issue.record("the walk went over the damage")
            } catch {
                let error = try #require(error as? RocksDBError)
                #expect(error.kind == .corruption)
                #expect(error.message.contains(file))
            }
            #expect(seen == 22)
            var behind = database.iterate(prefix: [], from: [23])
            let key = try behind.next { key, _ in key[0] }
            #expect(key == 23)
        }
    }

    @Test("A damaged log: refused where only an unfinished tail is, else read up to the damage")
    func damagedLog() throws {
        try withDirectory { path in
            // Copied while it is open: closing it in order would leave the same log.
            let copy = path + "-copy"
            defer { try? FileManager.default.removeItem(atPath: copy) }
            do {
                let database = try Database(path: path)
                for key in UInt8(0)..<50 { try fill(database, [key], value: [UInt8](repeating: key, count: 1000)) }
                try FileManager.default.copyItem(atPath: path, toPath: copy)
            }
            let file = try #require(
                try FileManager.default.contentsOfDirectory(atPath: copy).first { $0.hasSuffix(".log") })
            try flip(copy + "/" + file, at: 10_500)
            var configuration = Database.Configuration()
            configuration.access = .readOnly
            configuration.logRecovery = .unfinishedTail
            #expect {
                _ = try Database(path: copy, configuration: configuration)
            } throws: { ($0 as? RocksDBError)?.kind == .corruption }
            configuration.logRecovery = .pointInTime
            let seen = try keys(try Database(path: copy, configuration: configuration))
            #expect(seen == Array(0..<10))
        }
    }

    private func flip(_ path: String, at offset: Int) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[offset] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
    }
}
