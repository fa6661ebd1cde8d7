import CZstd

/// A reusable zstd decompression context for frames whose decompressed size is known.
///
/// It is **not** thread-safe: one thread at a time may use it.
public final class ZstdDecompressor {
    private let context: OpaquePointer

    /// Creates a context (`ZSTD_createDCtx`).
    public init() throws(CompressionError) {
        guard let context = ZSTD_createDCtx() else {
            throw CompressionError(.internal, "no memory for a zstd decompression context")
        }
        self.context = context
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    /// Decompresses one or more whole frames (`ZSTD_decompressDCtx`) to exactly `expectedCount` bytes.
    ///
    /// What the frame claims about its own size is never used to allocate. More bytes, or fewer, than expected are
    /// `corrupt`.
    ///
    /// - Complexity: O(*n*), one allocation of `expectedCount` bytes.
    public func decompress(
        _ bytes: UnsafeRawBufferPointer, expectedCount: Int
    ) throws(CompressionError) -> [UInt8] {
        guard expectedCount >= 0 else {
            throw CompressionError(.corrupt, "a negative size cannot be expected")
        }
        var result = 0
        // A capacity of at least one, so that there is an address even where nothing is expected.
        let output = [UInt8](unsafeUninitializedCapacity: max(expectedCount, 1)) { buffer, count in
            result = ZSTD_decompressDCtx(
                context, buffer.baseAddress, expectedCount, bytes.baseAddress, bytes.count)
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        _ = try ZstdCode.size(result)
        guard output.count == expectedCount else {
            throw CompressionError(.corrupt, "\(output.count) bytes came out where \(expectedCount) were expected")
        }
        return output
    }

    /// Decompresses an array to exactly `expectedCount` bytes.
    public func decompress(_ bytes: [UInt8], expectedCount: Int) throws(CompressionError) -> [UInt8] {
        try bytes.span.bytes.withUnsafeBytes { (raw) throws(CompressionError) in
            try decompress(raw, expectedCount: expectedCount)
        }
    }
}
