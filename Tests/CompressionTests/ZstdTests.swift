import Compression
import Testing

@Suite("zstd with a known size")
struct ZstdTests {
    @Test("What was compressed comes back", arguments: [0, 1, 2, 1000, 131_072, 1_000_000])
    func roundTrip(count: Int) throws {
        let bytes = mixedBytes(count: count, seed: 1)
        let compressor = try ZstdCompressor(level: 3)
        let decompressor = try ZstdDecompressor()
        for _ in 0..<3 {
            let packed = try compressor.compress(bytes)
            #expect(try decompressor.decompress(packed, expectedCount: count) == bytes)
            #expect(try Zstd.decompress(packed, expectedCount: count) == bytes)
            #expect(try Zstd.decompress(Zstd.compress(bytes, level: 9), expectedCount: count) == bytes)
        }
    }

    @Test("B11: another size than the expected one is an error")
    func wrongSize() throws {
        let packed = try Zstd.compress(mixedBytes(count: 5000, seed: 2), level: 1)
        for count in [0, 1, 4999, 5001, 1_000_000, -1] {
            #expect(
                kind { () throws(CompressionError) in _ = try Zstd.decompress(packed, expectedCount: count) }
                    == .corrupt)
        }
    }

    @Test("Every truncation is an error")
    func truncations() throws {
        let bytes = mixedBytes(count: 300, seed: 3)
        let packed = try Zstd.compress(bytes, level: 3)
        for count in 0..<packed.count {
            let part = Array(packed[..<count])
            #expect(kind { () throws(CompressionError) in _ = try Zstd.decompress(part, expectedCount: 300) } != nil)
        }
    }

    @Test("B11: damaged frames give an error or bytes of the expected count, never more")
    func damage() throws {
        let seed: UInt64 = 4
        var generator = SeededGenerator(seed: seed)
        let packed = try Zstd.compress(mixedBytes(count: 2000, seed: seed), level: 3)
        for round in 0..<2000 {
            var damaged = packed
            let position = Int(generator.next() % UInt64(damaged.count))
            damaged[position] ^= UInt8(1 + generator.next() % 255)
            if let output = try? Zstd.decompress(damaged, expectedCount: 2000) {
                #expect(output.count == 2000, "seed \(seed), round \(round)")
            }
        }
    }

    @Test("The pool serves many tasks at once")
    func concurrently() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for task in 0..<16 {
                group.addTask {
                    let bytes = mixedBytes(count: 20_000, seed: UInt64(task))
                    for _ in 0..<20 {
                        let packed = try Zstd.compress(bytes, level: 1)
                        guard try Zstd.decompress(packed, expectedCount: bytes.count) == bytes else { return false }
                    }
                    return true
                }
            }
            for try await right in group { #expect(right) }
        }
    }
}
