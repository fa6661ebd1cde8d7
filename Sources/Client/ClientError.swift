/// Why a client command could not do its work.
public struct ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Whose fault it is, for the exit code and the words around it.
    public enum Kind: Sendable, Equatable {
        /// The arguments make no sense, by themselves or for the file they name.
        case usage
        /// A file cannot be opened, read or decompressed.
        case file
        /// The server cannot be reached; nothing was sent.
        case unreachable
        /// The connection broke, or time ran out, before the server answered; what was sent may have got there.
        case connection
        /// The server answered, and refused.
        case refused
    }

    /// Whose fault it is.
    public var kind: Kind
    /// What happened and what to do about it, for a person.
    public var message: String

    /// Creates an error.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
