/// What one step of a decoder did.
public struct InflateStep: Sendable, Equatable {
    /// Bytes taken from the front of the input.
    public var consumed: Int
    /// Bytes written to the front of the output.
    public var produced: Int
}

/// What a decoder of one encoding does; ``StreamingInflater`` drives it.
protocol InflateEngine: AnyObject {
    /// Whether everything so far forms whole members or frames, with nothing held back.
    ///
    /// False before the first byte: nothing at all is no member.
    var isAtBoundary: Bool { get }

    /// Takes from `input` and writes to `output`, at least one of which is not empty.
    func step(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(CompressionError) -> InflateStep
}
