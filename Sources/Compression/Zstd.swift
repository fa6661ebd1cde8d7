import Synchronization

/// zstd for callers that keep no context of their own.
///
/// The functions may be called from any thread. They borrow a context from a small pool, so that nothing large is
/// created on each call.
public enum Zstd {
    /// Compresses into one frame that states its content's size.
    ///
    /// - Complexity: O(*n*).
    public static func compress(
        _ bytes: UnsafeRawBufferPointer, level: Int32
    ) throws(CompressionError) -> [UInt8] {
        let compressor =
            if let parked = compressors.take() { parked } else { try ZstdCompressor(level: level) }
        defer { compressors.give(compressor) }
        return try compressor.compress(bytes, level: level)
    }

    /// Compresses an array into one frame.
    public static func compress(_ bytes: [UInt8], level: Int32) throws(CompressionError) -> [UInt8] {
        try bytes.span.bytes.withUnsafeBytes { (raw) throws(CompressionError) in try compress(raw, level: level) }
    }

    /// Decompresses one or more whole frames to exactly `expectedCount` bytes.
    ///
    /// The frame's own claim about its size is never used to allocate; more bytes, or fewer, than expected are
    /// `corrupt`.
    ///
    /// - Complexity: O(*n*), one allocation of `expectedCount` bytes.
    public static func decompress(
        _ bytes: UnsafeRawBufferPointer, expectedCount: Int
    ) throws(CompressionError) -> [UInt8] {
        let decompressor = if let parked = decompressors.take() { parked } else { try ZstdDecompressor() }
        defer { decompressors.give(decompressor) }
        return try decompressor.decompress(bytes, expectedCount: expectedCount)
    }

    /// Decompresses an array to exactly `expectedCount` bytes.
    public static func decompress(_ bytes: [UInt8], expectedCount: Int) throws(CompressionError) -> [UInt8] {
        try bytes.span.bytes.withUnsafeBytes { (raw) throws(CompressionError) in
            try decompress(raw, expectedCount: expectedCount)
        }
    }

    private static let compressors = ContextPool<ZstdCompressor>(capacity: 8)
    private static let decompressors = ContextPool<ZstdDecompressor>(capacity: 32)
}

/// A bounded stack of idle contexts; beyond its capacity they are freed.
private final class ContextPool<Context: AnyObject>: Sendable {
    /// Safe to move between threads because a context is either in the pool or with the one caller that took it.
    private struct Parked: @unchecked Sendable {
        let context: Context
    }

    private let capacity: Int
    private let parked = Mutex<[Parked]>([])

    init(capacity: Int) {
        self.capacity = capacity
    }

    func take() -> Context? {
        parked.withLock { $0.popLast() }?.context
    }

    func give(_ context: Context) {
        let returned = Parked(context: context)
        parked.withLock { if $0.count < capacity { $0.append(returned) } }
    }
}
