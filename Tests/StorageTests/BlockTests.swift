import Compression
import Foundation
import Storage
import TestSupport
import Testing

/// Blocks whose header, checksum and all, is right and whose zstd frame is not what it says.
@Suite("Frames that are not what they say")
struct BlockTests {
    private let identity = Block.Identity(kind: .ids, number: 7)

    /// A compressed block of any bytes, declared to inflate to any size.
    private func block(frame: [UInt8], declaring count: Int) -> [UInt8] {
        var block = Block.encode([], identity: identity, level: 1)
        block[4] = 1
        withUnsafeBytes(of: UInt32(count).littleEndian) { block.replaceSubrange(24..<28, with: $0) }
        withUnsafeBytes(of: UInt32(frame.count).littleEndian) { block.replaceSubrange(28..<32, with: $0) }
        return StoredRows.resealed(block + frame)
    }

    private func decode(_ block: [UInt8]) throws -> [UInt8] {
        try block.withUnsafeBytes { try Block.decode($0, identity: identity) }
    }

    private func frame(_ payload: [UInt8]) throws -> [UInt8] { try Zstd.compress(payload, level: 3) }

    /// The most memory this process has had, kilobytes.
    private func peak() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }

    @Test("A frame as it should be is inflated")
    func sound() throws {
        let payload = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 50) }
        #expect(try decode(block(frame: try frame(payload), declaring: payload.count)) == payload)
    }

    @Test("Bytes that are no frame, or a part of one, are an error", arguments: 0..<40)
    func bad(round: Int) throws {
        var random = SeededGenerator(seed: UInt64(round))
        var bytes = try frame((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) })
        switch round % 4 {
        case 0: bytes = (0..<200).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        case 1: bytes.removeLast(1 + Int(random.next() % UInt64(bytes.count - 1)))
        case 2: bytes = []
        default: bytes.removeFirst(4)
        }
        #expect(throws: StorageError.self) { _ = try decode(block(frame: bytes, declaring: 5000)) }
    }

    @Test("A size that is not the content's is an error", arguments: [0, 1, 4999, 5001, 100_000])
    func wrongSize(count: Int) throws {
        let bytes = try frame([UInt8](repeating: 7, count: 5000))
        #expect(throws: StorageError.self) { _ = try decode(block(frame: bytes, declaring: count)) }
    }

    @Test("B11: a bomb takes no more memory than the header's size")
    func bomb() throws {
        let bytes = try frame([UInt8](repeating: 0, count: 1 << 30))
        try #require(bytes.count < 1 << 20)
        let before = try peak()
        #expect(throws: StorageError.self) { _ = try decode(block(frame: bytes, declaring: 1000)) }
        #expect(try peak() - before < 50_000)
    }

    @Test("A declared size that no frame of these bytes can have is refused before anything is allocated")
    func declared() throws {
        let bytes = try frame((0..<5000).map { UInt8(truncatingIfNeeded: $0) })
        for count in [3 << 30, 3 << 30 + 1, Int(UInt32.max), 1 << 30] {
            #expect { _ = try decode(block(frame: bytes, declaring: count)) } throws: {
                "\($0)".contains("declares \(count)")
            }
        }
    }
}
