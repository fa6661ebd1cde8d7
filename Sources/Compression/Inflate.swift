/// Decompresses a whole body, giving up as soon as it grows past `limit` bytes.
///
/// Concatenated gzip members and zstd frames are all read; `deflate` may be wrapped as zlib does or raw. Bytes after
/// the end are `corrupt`, an end in the middle is `truncated`, more than `limit` bytes are `tooLarge`.
///
/// - Complexity: O(input + min(output, limit)); never holds more than `limit` plus one block of output.
public func inflate(
    _ bytes: UnsafeRawBufferPointer, encoding: ContentEncoding, limit: Int
) throws(CompressionError) -> [UInt8] {
    let inflater: StreamingInflater
    switch encoding {
    case .identity:
        guard bytes.count <= limit else { throw tooLarge(limit) }
        return [UInt8](bytes)
    case .gzip, .zstd: inflater = try StreamingInflater(encoding: encoding)
    case .deflate: inflater = StreamingInflater(engine: try ZlibEngine(hasZlibHeader(bytes) ? .zlib : .none))
    }
    let block = 128 * 1024
    var output: [UInt8] = []
    output.reserveCapacity(min(limit, max(bytes.count, 1024) * 4))
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: block, alignment: 16)
    defer { scratch.deallocate() }
    var rest = bytes
    while true {
        let step = try inflater.step(rest, into: scratch)
        guard step.produced <= limit - output.count else { throw tooLarge(limit) }
        output.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch[..<step.produced]))
        rest = UnsafeRawBufferPointer(rebasing: rest[step.consumed...])
        if rest.isEmpty, step.produced < block { break }
    }
    try inflater.finish()
    return output
}

/// As ``inflate(_:encoding:limit:)`` for an array.
public func inflate(
    _ bytes: [UInt8], encoding: ContentEncoding, limit: Int
) throws(CompressionError) -> [UInt8] {
    try bytes.span.bytes.withUnsafeBytes { (raw) throws(CompressionError) in
        try inflate(raw, encoding: encoding, limit: limit)
    }
}

/// Whether the first two bytes are a zlib header (RFC 1950): method 8, a window of at most 32 KiB, a check of 31.
///
/// A raw stream that looks like it would have to begin with a stored block with padding that no compressor writes.
private func hasZlibHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= 2 else { return false }
    let method = Int(bytes[0])
    return method & 0x0f == 8 && method >> 4 <= 7 && (method << 8 | Int(bytes[1])) % 31 == 0
}

@inline(never)
private func tooLarge(_ limit: Int) -> CompressionError {
    CompressionError(.tooLarge(limit: limit), "the decompressed data are larger than \(limit) bytes")
}
