import CZstd

/// A reusable zstd compression context.
///
/// Creating one costs some hundred kilobytes, so a thread that compresses often keeps its own. It is **not**
/// thread-safe: one thread at a time may use it.
public final class ZstdCompressor {
    /// The compression level of every frame, as zstd counts them (1 is fast, 19 is small).
    public let level: Int32
    private let context: OpaquePointer

    /// Creates a context (`ZSTD_createCCtx`).
    ///
    /// - Parameter level: values outside zstd's own range are brought into it.
    public init(level: Int32) throws(CompressionError) {
        guard let context = ZSTD_createCCtx() else {
            throw CompressionError(.internal, "no memory for a zstd compression context")
        }
        self.context = context
        self.level = level
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    /// Compresses into one frame that states its content's size (`ZSTD_compressCCtx`).
    ///
    /// - Complexity: O(*n*), one allocation of the worst case's size, returned at its real count.
    public func compress(_ bytes: UnsafeRawBufferPointer) throws(CompressionError) -> [UInt8] {
        try compress(bytes, level: level)
    }

    /// As ``compress(_:)``, at another level.
    func compress(_ bytes: UnsafeRawBufferPointer, level: Int32) throws(CompressionError) -> [UInt8] {
        let bound = try ZstdCode.size(ZSTD_compressBound(bytes.count))
        var result = 0
        let output = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            result = ZSTD_compressCCtx(context, buffer.baseAddress, bound, bytes.baseAddress, bytes.count, level)
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        _ = try ZstdCode.size(result)
        return output
    }

    /// Compresses an array into one frame.
    public func compress(_ bytes: [UInt8]) throws(CompressionError) -> [UInt8] {
        try bytes.span.bytes.withUnsafeBytes { (raw) throws(CompressionError) in try compress(raw) }
    }
}
