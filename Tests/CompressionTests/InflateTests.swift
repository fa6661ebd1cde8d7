import Compression
import Testing

@Suite("Inflating a body")
struct InflateTests {
    private static let text = Array("{\"event\":\"page_view\"}\n{\"event\":\"purchase\"}\n".utf8)
    /// The text as a raw deflate stream, written by another implementation.
    private static let raw: [UInt8] = [
        0xab, 0x56, 0x4a, 0x2d, 0x4b, 0xcd, 0x2b, 0x51, 0xb2, 0x52, 0x2a, 0x48,
        0x4c, 0x4f, 0x8d, 0x2f, 0xcb, 0x4c, 0x2d, 0x57, 0xaa, 0xe5, 0xaa, 0x46,
        0x88, 0x96, 0x16, 0x25, 0x67, 0x24, 0x16, 0xa7, 0x02, 0x05, 0x01,
    ]
    /// The text as a zlib stream, written by another implementation.
    private static let zlib: [UInt8] = [
        0x78, 0xda, 0xab, 0x56, 0x4a, 0x2d, 0x4b, 0xcd, 0x2b, 0x51, 0xb2, 0x52,
        0x2a, 0x48, 0x4c, 0x4f, 0x8d, 0x2f, 0xcb, 0x4c, 0x2d, 0x57, 0xaa, 0xe5,
        0xaa, 0x46, 0x88, 0x96, 0x16, 0x25, 0x67, 0x24, 0x16, 0xa7, 0x02, 0x05,
        0x01, 0x4b, 0xb6, 0x0e, 0xdf,
    ]

    @Test(
        "What was compressed comes back, whatever its size",
        arguments: ContentEncoding.allCases, [0, 1, 1000, 131_072, 500_000])
    func roundTrip(encoding: ContentEncoding, count: Int) throws {
        let bytes = mixedBytes(count: count, seed: 5)
        let packed = try compress(bytes, encoding: encoding, level: 6)
        #expect(try inflate(packed, encoding: encoding, limit: count) == bytes)
        if count > 0 {
            let error = kind { () throws(CompressionError) in
                _ = try inflate(packed, encoding: encoding, limit: count - 1)
            }
            #expect(error == .tooLarge(limit: count - 1))
        }
    }

    @Test("Deflate is read with a zlib wrapper and without one")
    func bothDeflates() throws {
        #expect(try inflate(Self.raw, encoding: .deflate, limit: 1000) == Self.text)
        #expect(try inflate(Self.zlib, encoding: .deflate, limit: 1000) == Self.text)
    }

    @Test("Every truncation is called one", arguments: [ContentEncoding.gzip, .deflate, .zstd])
    func truncations(encoding: ContentEncoding) throws {
        let packed = try compress(Self.text, encoding: encoding, level: 6)
        for count in 0..<packed.count {
            let part = Array(packed[..<count])
            let error = kind { () throws(CompressionError) in
                _ = try inflate(part, encoding: encoding, limit: 1000)
            }
            #expect(error == .truncated, "\(count) of \(packed.count) bytes")
        }
        for count in 0..<Self.raw.count where encoding == .deflate {
            let part = Array(Self.raw[..<count])
            let error = kind { () throws(CompressionError) in
                _ = try inflate(part, encoding: .deflate, limit: 1000)
            }
            #expect(error == .truncated, "\(count) of \(Self.raw.count) bytes")
        }
    }

    @Test("Members and frames one after the other are read as one", arguments: [ContentEncoding.gzip, .zstd])
    func concatenation(encoding: ContentEncoding) throws {
        let first = try compress(Self.text, encoding: encoding, level: 1)
        let second = try compress(mixedBytes(count: 200_000, seed: 6), encoding: encoding, level: 1)
        let empty = try compress([], encoding: encoding, level: 1)
        let all = first + empty + second + first
        let expected = Self.text + mixedBytes(count: 200_000, seed: 6) + Self.text
        #expect(try inflate(all, encoding: encoding, limit: 1_000_000) == expected)
        for count in first.count + 1..<first.count + empty.count {
            let error = kind { () throws(CompressionError) in
                _ = try inflate(Array(all[..<count]), encoding: encoding, limit: 1_000_000)
            }
            #expect(error == .truncated)
        }
    }

    @Test("Bytes after the end are corrupt", arguments: [ContentEncoding.gzip, .deflate, .zstd])
    func trailingGarbage(encoding: ContentEncoding) throws {
        let packed = try compress(Self.text, encoding: encoding, level: 6)
        for garbage in [[0, 0, 0, 0, 0, 0, 0, 0], Array("garbage!".utf8)] as [[UInt8]] {
            let error = kind { () throws(CompressionError) in
                _ = try inflate(packed + garbage, encoding: encoding, limit: 1000)
            }
            #expect(error == .corrupt)
        }
    }

    @Test("A bomb stops at the limit", arguments: [ContentEncoding.gzip, .deflate, .zstd])
    func bomb(encoding: ContentEncoding) throws {
        let bomb = try compress([UInt8](repeating: 0, count: 64 << 20), encoding: encoding, level: 9)
        #expect(bomb.count < 100_000)
        let limit = 1_000_000
        let error = kind { () throws(CompressionError) in _ = try inflate(bomb, encoding: encoding, limit: limit) }
        #expect(error == .tooLarge(limit: limit))
    }

    @Test("A frame with a window past the limit is refused")
    func largeWindow() {
        // Magic, a frame header descriptor without a size, and a window of 2^41 bytes.
        let frame: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x01, 0x00, 0x00]
        let error = kind { () throws(CompressionError) in _ = try inflate(frame, encoding: .zstd, limit: 1000) }
        #expect(error == .unsupported)
    }

    @Test("Random bytes and damaged streams are errors or small outputs, never a trap")
    func garbage() throws {
        let seed: UInt64 = 7
        var generator = SeededGenerator(seed: seed)
        for encoding in [ContentEncoding.gzip, .deflate, .zstd] {
            let packed = try compress(mixedBytes(count: 3000, seed: seed), encoding: encoding, level: 6)
            for round in 0..<2000 {
                var damaged = packed
                if round % 2 == 0 {
                    damaged[Int(generator.next() % UInt64(damaged.count))] ^= UInt8(1 + generator.next() % 255)
                } else {
                    damaged = (0..<Int(generator.next() % 64)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                }
                if let output = try? inflate(damaged, encoding: encoding, limit: 10_000) {
                    #expect(output.count <= 10_000, "seed \(seed), round \(round)")
                }
            }
        }
    }

    @Test("A header's value names an encoding in any case, with its alias")
    func header() {
        #expect(ContentEncoding(headerValue: "GZip") == .gzip)
        #expect(ContentEncoding(headerValue: " x-gzip ") == .gzip)
        #expect(ContentEncoding(headerValue: "zstd") == .zstd)
        #expect(ContentEncoding(headerValue: "Deflate") == .deflate)
        #expect(ContentEncoding(headerValue: "") == .identity)
        #expect(ContentEncoding(headerValue: "br") == nil)
        #expect(ContentEncoding(headerValue: "gzip, zstd") == nil)
    }
}
