import Foundation
import RocksDB
import Testing

@Suite("The RocksDB wrapper")
struct RocksDBTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("weir-rocksdb-\(UInt64.random(in: .min ... .max))").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test("A batch is wholly there after reopening, and deletions hold")
    func batchSurvives() throws {
        try withDirectory { path in
            do {
                let database = try Database(path: path)
                var batch = WriteBatch()
                batch.put([1, 1], [10])
                batch.put([1, 2], [20])
                batch.put([2, 1], [30])
                #expect(batch.count == 3)
                try database.write(batch)
                var second = WriteBatch()
                second.delete([1, 1])
                try database.write(second)
            }
            let database = try Database(path: path)
            #expect(try database.get([1, 1]) == nil)
            #expect(try database.get([1, 2]) == [20])
            #expect(try database.get([2, 1]) == [30])
        }
    }

    @Test("A walk sees the keys of its prefix in order, from where it began")
    func iterates() throws {
        try withDirectory { path in
            let database = try Database(path: path)
            var batch = WriteBatch()
            for key: [UInt8] in [[2, 0], [1, 9], [1, 1], [1, 5], [0, 7]] { batch.put(key, key) }
            try database.write(batch)
            var walk = database.iterate(prefix: [1])
            var later = WriteBatch()
            later.put([1, 7], [0])
            try database.write(later)
            var keys: [[UInt8]] = []
            while let key = try walk.next({ key, _ in [UInt8](key) }) { keys.append(key) }
            #expect(keys == [[1, 1], [1, 5], [1, 9]])
            var fromFive = database.iterate(prefix: [1], from: [1, 5])
            let first = try fromFive.next { key, _ in [UInt8](key) }
            #expect(first == [1, 5])
        }
    }

    @Test("A second opening of one directory is refused as locked")
    func refusesSecond() throws {
        try withDirectory { path in
            let first = try Database(path: path)
            #expect {
                _ = try Database(path: path)
            } throws: { ($0 as? RocksDBError)?.kind == .locked }
            #expect(try first.get([1]) == nil)
        }
    }

    @Test(
        "Errors are classified by their text",
        arguments: [
            ("Corruption: block checksum mismatch", RocksDBError.Kind.corruption),
            ("IO error: No space left on device: While appending", .noSpace),
            ("IO error: While fsync: /x: Input/output error", .io),
            ("Invalid argument: /x: does not exist", .invalid),
            ("IO error: While lock file: /x/LOCK: Resource temporarily unavailable", .locked),
            ("Busy: something", .other),
        ])
    func classifies(message: String, kind: RocksDBError.Kind) {
        #expect(RocksDBError(message: message).kind == kind)
    }
}
