/// The encodings of a request's body, a file or a stored chunk.
public enum ContentEncoding: String, Sendable, CaseIterable {
    /// The bytes as they are.
    case identity
    /// RFC 1952, one or more members.
    case gzip
    /// RFC 1950, or, because clients have never agreed on it, RFC 1951 without a wrapper.
    case deflate
    /// RFC 8878, one or more frames.
    case zstd

    /// Reads the value of a `Content-Encoding` header: one encoding, in any case, with its registered alias.
    ///
    /// `nil` for an unknown encoding and for a list of several.
    public init?(headerValue: some StringProtocol) {
        let blanks: Set<Character> = [" ", "\t"]
        var value = headerValue[...]
        while let first = value.first, blanks.contains(first) { value.removeFirst() }
        while let last = value.last, blanks.contains(last) { value.removeLast() }
        switch value.lowercased() {
        case "", "identity": self = .identity
        case "gzip", "x-gzip": self = .gzip
        case "deflate": self = .deflate
        case "zstd": self = .zstd
        default: return nil
        }
    }
}
