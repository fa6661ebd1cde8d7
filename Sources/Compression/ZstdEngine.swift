import CZstd

/// Owns a `ZSTD_DCtx` that decodes a sequence of frames piece by piece.
final class ZstdEngine: InflateEngine {
    /// The largest window a frame may ask for: 2²⁷ bytes, what `zstd` itself accepts without `--long`.
    private static let windowLogMax: Int32 = 27

    private(set) var isAtBoundary = false
    private let context: OpaquePointer

    init() throws(CompressionError) {
        guard let context = ZSTD_createDCtx() else {
            throw CompressionError(.internal, "no memory for a zstd decompression context")
        }
        self.context = context
        _ = try ZstdCode.size(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLogMax))
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    func step(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(CompressionError) -> InflateStep {
        // At a boundary nothing is held back, and a call without input would begin another frame.
        if isAtBoundary, input.isEmpty { return InflateStep(consumed: 0, produced: 0) }
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let hint = try ZstdCode.size(ZSTD_decompressStream(context, &target, &source))
        isAtBoundary = hint == 0
        return InflateStep(consumed: source.pos, produced: target.pos)
    }
}
