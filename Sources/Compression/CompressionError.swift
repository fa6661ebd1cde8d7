/// Why bytes could not be compressed or decompressed.
public struct CompressionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, for a caller that reacts differently to each.
    public enum Kind: Sendable, Equatable {
        /// The input is not what its encoding says, or something follows its end.
        case corrupt
        /// The output would be larger than the caller allows.
        ///
        /// `limit` is in bytes.
        case tooLarge(limit: Int)
        /// The input is well formed, but asks for something that is not offered: a dictionary, a larger window, a
        /// newer format.
        case unsupported
        /// The input ends in the middle.
        case truncated
        /// The library failed for a reason that is not the input's, such as a lack of memory.
        case `internal`
    }

    /// What went wrong.
    public var kind: Kind
    /// One sentence for a person, without any of the input's bytes.
    public var detail: String

    /// Creates an error.
    public init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// The detail.
    public var description: String { detail }
}
