import CZlib

/// Compresses a whole body for an encoding: gzip and zlib-wrapped deflate through zlib, zstd as ``Zstd`` does.
///
/// - Parameters:
///   - bytes: what to compress; for gzip and deflate at most 4 GiB.
///   - encoding: `identity` returns a copy.
///   - level: on the encoding's own scale (gzip and deflate 1…9, zstd 1…19).
/// - Returns: one member, stream or frame.
public func compress(
    _ bytes: UnsafeRawBufferPointer, encoding: ContentEncoding, level: Int32
) throws(CompressionError) -> [UInt8] {
    switch encoding {
    case .identity: [UInt8](bytes)
    case .gzip: try deflate(bytes, windowBits: 15 + 16, level: level)
    case .deflate: try deflate(bytes, windowBits: 15, level: level)
    case .zstd: try Zstd.compress(bytes, level: level)
    }
}

/// As ``compress(_:encoding:level:)`` for an array.
public func compress(
    _ bytes: [UInt8], encoding: ContentEncoding, level: Int32
) throws(CompressionError) -> [UInt8] {
    try bytes.span.bytes.withUnsafeBytes { (raw) throws(CompressionError) in
        try compress(raw, encoding: encoding, level: level)
    }
}

/// One call of zlib with an output buffer of the worst case's size.
private func deflate(
    _ bytes: UnsafeRawBufferPointer, windowBits: Int32, level: Int32
) throws(CompressionError) -> [UInt8] {
    let memoryLevel: Int32 = 8
    guard bytes.count <= Int(UInt32.max) - (1 << 24) else {
        throw CompressionError(.tooLarge(limit: Int(UInt32.max) - (1 << 24)), "too much for one call of zlib")
    }
    // On the heap, because zlib keeps a pointer to it and refuses a stream that has moved.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    let started = deflateInit2_(
        stream, min(max(level, 0), 9), Z_DEFLATED, windowBits, memoryLevel, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size))
    guard started == Z_OK else { throw CompressionError(.internal, "zlib cannot start (\(started))") }
    defer { deflateEnd(stream) }
    let bound = Int(deflateBound(stream, UInt(bytes.count)))
    var status = Z_OK
    let output = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(bytes.count)
        stream.pointee.next_out = buffer.baseAddress
        stream.pointee.avail_out = UInt32(bound)
        status = CZlib.deflate(stream, Z_FINISH)
        count = bound - Int(stream.pointee.avail_out)
    }
    guard status == Z_STREAM_END else { throw CompressionError(.internal, "zlib cannot finish (\(status))") }
    return output
}
