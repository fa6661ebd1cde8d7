import Compression
import Testing

@Suite("Inflating piece by piece")
struct StreamingInflaterTests {
    @Test(
        "Any size of pieces gives the same bytes", arguments: [ContentEncoding.gzip, .zstd, .identity],
        [1, 7, 4096, 1_000_000])
    func pieces(encoding: ContentEncoding, inputSize: Int) throws {
        let bytes = mixedBytes(count: 30_000, seed: 8)
        let packed = try compress(bytes, encoding: encoding, level: 6)
        for outputSize in [1, 13, 4096, 1_000_000] {
            let output = try stream(
                packed + packed, encoding: encoding, inputSize: inputSize, outputSize: outputSize)
            #expect(output == bytes + bytes)
        }
    }

    @Test("An end in the middle is found when the stream finishes", arguments: [ContentEncoding.gzip, .zstd])
    func truncated(encoding: ContentEncoding) throws {
        let packed = try compress(mixedBytes(count: 500, seed: 9), encoding: encoding, level: 6)
        for count in 0..<packed.count {
            let part = Array(packed[..<count])
            let error = kind { () throws(CompressionError) in
                _ = try stream(part, encoding: encoding, inputSize: 5, outputSize: 11)
            }
            #expect(error == .truncated)
        }
    }

    @Test("Deflate is refused, because its form cannot be told from a piece")
    func deflate() {
        #expect(
            kind { () throws(CompressionError) in _ = try StreamingInflater(encoding: .deflate) } == .unsupported)
    }
}
