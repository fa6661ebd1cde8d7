/// Decompresses a file or a body piece by piece, in bounded memory.
///
/// The caller brings both buffers: ``step(_:into:)`` takes what it can of the input and fills what it can of the
/// output, however much the input would expand to. It is **not** thread-safe.
public final class StreamingInflater {
    /// `nil` for `identity`, which has no decoder.
    private let engine: (any InflateEngine)?

    /// Creates a decoder for `gzip` (all members), `zstd` (all frames) or `identity`.
    ///
    /// `deflate` is `unsupported`: which of its two forms it is can only be told from its first two bytes, see
    /// ``inflate(_:encoding:limit:)``.
    public convenience init(encoding: ContentEncoding) throws(CompressionError) {
        switch encoding {
        case .identity: self.init(engine: nil)
        case .gzip: self.init(engine: try ZlibEngine(.gzip))
        case .zstd: self.init(engine: try ZstdEngine())
        case .deflate: throw CompressionError(.unsupported, "deflate cannot be read piece by piece")
        }
    }

    init(engine: (any InflateEngine)?) {
        self.engine = engine
    }

    /// Takes bytes from the front of `input` and writes to the front of `output`.
    ///
    /// Call it again with the rest of the input until it has consumed all of it **and** left room in the output: while
    /// the output comes back full, more may be held back. An empty `input` fetches what is held back.
    ///
    /// - Parameters:
    ///   - input: what comes next of the stream; may be empty.
    ///   - output: must not be empty.
    /// - Returns: what was taken and written.
    public func step(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(CompressionError) -> InflateStep {
        precondition(!output.isEmpty, "an output buffer without room never makes progress")
        guard let engine else {
            let count = min(input.count, output.count)
            output.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[..<count]))
            return InflateStep(consumed: count, produced: count)
        }
        if input.isEmpty, engine.isAtBoundary { return InflateStep(consumed: 0, produced: 0) }
        let step = try engine.step(input, into: output)
        if step.consumed == 0, step.produced == 0, !input.isEmpty {
            // A decoder that neither takes nor gives would be asked for ever.
            throw CompressionError(.corrupt, "the stream makes no progress")
        }
        return step
    }

    /// Tells that the input has ended; `truncated` when it ended in the middle of a member or frame, or held none.
    ///
    /// Everything held back must have been fetched.
    public func finish() throws(CompressionError) {
        if let engine, !engine.isAtBoundary {
            throw CompressionError(.truncated, "the compressed data end in the middle")
        }
    }
}
