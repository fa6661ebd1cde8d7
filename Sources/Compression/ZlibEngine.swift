import CZlib

/// Owns a `z_stream` that inflates gzip members, a zlib stream or a raw deflate stream.
final class ZlibEngine: InflateEngine {
    /// What surrounds the deflate stream.
    enum Wrapper {
        case gzip, zlib, none

        /// zlib's `windowBits`: 15 with 16 added for gzip, negative without a wrapper.
        fileprivate var windowBits: Int32 {
            switch self {
            case .gzip: 15 + 16
            case .zlib: 15
            case .none: -15
            }
        }
    }

    private(set) var isAtBoundary = false
    private let wrapper: Wrapper
    /// On the heap, because zlib keeps a pointer to it and refuses a stream that has moved.
    private let stream: UnsafeMutablePointer<z_stream>

    init(_ wrapper: Wrapper) throws(CompressionError) {
        self.wrapper = wrapper
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = inflateInit2_(
            stream, wrapper.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            stream.deallocate()
            throw CompressionError(.internal, "zlib cannot start (\(status))")
        }
        self.stream = stream
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func step(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(CompressionError) -> InflateStep {
        if isAtBoundary, !input.isEmpty {
            guard wrapper == .gzip else {
                throw CompressionError(.corrupt, "bytes follow the end of the deflate stream")
            }
            isAtBoundary = false
        }
        let offered = min(input.count, Int(UInt32.max))
        let room = min(output.count, Int(UInt32.max))
        // zlib's interface is not const-correct; it does not write through `next_in`.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(offered)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room)
        let status = CZlib.inflate(stream, Z_NO_FLUSH)
        let step = InflateStep(
            consumed: offered - Int(stream.pointee.avail_in), produced: room - Int(stream.pointee.avail_out))
        switch status {
        case Z_OK, Z_BUF_ERROR:
            return step
        case Z_STREAM_END:
            isAtBoundary = true
            inflateReset(stream)
            return step
        case Z_NEED_DICT:
            throw CompressionError(.unsupported, "the stream needs a preset dictionary")
        case Z_MEM_ERROR:
            throw CompressionError(.internal, "zlib has no memory")
        default:
            let reason = stream.pointee.msg.map { String(cString: $0) } ?? "status \(status)"
            throw CompressionError(.corrupt, "zlib: \(reason)")
        }
    }
}
