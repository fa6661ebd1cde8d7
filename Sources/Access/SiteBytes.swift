/// The name of a site as a value that is found without making a text of it: up to 64 bytes, the rest zero.
struct SiteBytes: Hashable, Sendable {
    private var words = SIMD8<UInt64>()

    /// `nil` for what is too long to be a site's name, or empty.
    ///
    /// - Complexity: O(1), no allocation.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, (1...64).contains(bytes.count) else { return nil }
        withUnsafeMutableBytes(of: &words) { target in
            guard let start = target.baseAddress else { return }
            start.copyMemory(from: source, byteCount: bytes.count)
        }
    }

    init?(_ name: String) {
        var copy = name
        guard let bytes = copy.withUTF8({ SiteBytes(UnsafeRawBufferPointer($0)) }) else { return nil }
        self = bytes
    }

    /// The site of requests that name none.
    static let standard = SiteBytes("default")
}
