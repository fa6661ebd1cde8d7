import Foundation
import RocksDB
import TestSupport
import Testing

@Suite("Scanning logs")
struct LogScanTests {
    /// A database whose process was killed: everything it has is in its log.
    private struct Killed {
        let folder: TemporaryFolder
        var path: String { folder.path + "/copy" }
        var log: String

        /// - Parameter batches: the sizes of the values of each.
        init(batches: [[Int]]) throws {
            folder = try TemporaryFolder("logs")
            let database = try Database(path: folder.path + "/live")
            var number: UInt8 = 0
            for sizes in batches {
                var batch = WriteBatch()
                for size in sizes {
                    number += 1
                    batch.put([number], [UInt8](repeating: number, count: size))
                }
                try database.write(batch)
            }
            // Copied while it is open: closing would change nothing, but nothing is left to chance.
            try FileManager.default.copyItem(atPath: folder.path + "/live", toPath: folder.path + "/copy")
            log =
                try FileManager.default.contentsOfDirectory(atPath: folder.path + "/copy")
                .first { $0.hasSuffix(".log") } ?? ""
            withExtendedLifetime(database) {}
        }

        func bytes() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path + "/" + log)) }

        func set(_ bytes: Data) throws { try bytes.write(to: URL(fileURLWithPath: path + "/" + log)) }

        func scan() throws -> LogScan { try LogScan(directory: path) }
    }

    /// Small ones, some that fill blocks, and one of several blocks.
    private static let batches = [[10], [1, 2, 3], [40_000], [5], [32_700], [100_000, 7], [1], [9, 9]]

    @Test("An intact log has no gap and nothing unfinished; nor has a directory that is new or missing")
    func intact() throws {
        let killed = try Killed(batches: Self.batches)
        let scan = try killed.scan()
        #expect(scan.gap == nil)
        #expect(scan.unfinishedBytes == 0)
        let size = try killed.bytes().count
        #expect(scan.files.map(\.readable) == [size])
        #expect(try LogScan(directory: killed.folder.path + "/nothing").files.isEmpty)
        let empty = try Killed(batches: [])
        #expect(try empty.scan().gap == nil)
    }

    @Test("A log that is cut off, anywhere, has no gap")
    func cutOff() throws {
        let killed = try Killed(batches: Self.batches)
        let bytes = try killed.bytes()
        for count in stride(from: 0, to: bytes.count, by: 997) {
            try killed.set(bytes.prefix(count))
            let scan = try killed.scan()
            #expect(scan.gap == nil, "\(count)")
            #expect(scan.files[0].readable <= count)
        }
    }

    @Test("A log that ends in zeros or garbage has no gap")
    func tails() throws {
        let killed = try Killed(batches: Self.batches)
        let bytes = try killed.bytes()
        var random = SeededGenerator(seed: 1)
        for count in [1, 6, 7, 8, 100, 40_000] {
            for tail in [Data(count: count), Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })] {
                for cut in [0, 5] {
                    try killed.set(bytes.dropLast(cut) + tail)
                    let scan = try killed.scan()
                    #expect(scan.gap == nil, "\(count), \(cut)")
                    #expect(scan.unfinishedBytes > 0)
                }
            }
        }
    }

    @Test("A changed byte before the last record is a gap, and in the last one none; RocksDB reads up to it")
    func changed() throws {
        let killed = try Killed(batches: Self.batches)
        let bytes = try killed.bytes()
        try killed.set(bytes.dropLast())
        let lastStart = try killed.scan().files[0].readable
        for position in stride(from: 0, to: bytes.count, by: 331) {
            var changed = bytes
            changed[position] ^= 0x40
            try killed.set(changed)
            let scan = try killed.scan()
            #expect((scan.gap != nil) == (position < lastStart), "\(position) of \(bytes.count)")
            if let gap = scan.gap {
                #expect(gap.offset <= position)
                #expect(gap.nextOffset > position || gap.nextFile != gap.file)
            }
        }
    }

    @Test("A log that begins behind what the manifest knows of is a gap")
    func stale() throws {
        let killed = try Killed(batches: Self.batches)
        let old = killed.path + "-old"
        try FileManager.default.copyItem(atPath: killed.path, toPath: old)
        do {
            let database = try Database(path: killed.path)
            var batch = WriteBatch()
            batch.put([1], [UInt8]([2]))
            try database.write(batch)
        }
        #expect(try killed.scan().gap == nil)
        // The manifest of before, with the log of after.
        for name in try FileManager.default.contentsOfDirectory(atPath: killed.path)
        where name == "CURRENT" || name.hasPrefix("MANIFEST-") {
            try FileManager.default.removeItem(atPath: killed.path + "/" + name)
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: old)
        where name == "CURRENT" || name.hasPrefix("MANIFEST-") {
            try FileManager.default.copyItem(atPath: old + "/" + name, toPath: killed.path + "/" + name)
        }
        let gap = try #require(try killed.scan().gap)
        #expect(gap.file.hasPrefix("MANIFEST-"))
        #expect(gap.changes == 12)
    }
}
