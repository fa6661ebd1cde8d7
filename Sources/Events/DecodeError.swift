/// Why a body could not be read as a whole; nothing of it was taken.
public struct DecodeError: Error, Sendable, Hashable {
    /// The kinds of failure. The raw values are part of the API.
    public enum Code: String, CaseIterable, Sendable {
        /// There is nothing in the body, or only white space.
        case emptyBody = "empty_body"
        /// The body is neither a JSON object, nor an array, nor lines of JSON.
        case invalidJSON = "invalid_json"
        /// The body is JSON, but a number, a string, a boolean or null.
        case notAnObject = "not_an_object"
        /// The body has more than ``DecodeLimits/maxBodyBytes``.
        case bodyTooLarge = "body_too_large"
        /// The body has more than ``DecodeLimits/maxEventsPerBody`` events.
        case tooManyEvents = "too_many_events"
    }

    /// The kind of failure.
    public var code: Code
    /// A sentence or two for a person: what is wrong, why, and what to do.
    public var detail: String
    /// Offset of the mistake in the body, bytes; `nil` where it has no place.
    public var position: Int?

    /// Creates an error.
    public init(_ code: Code, _ detail: String, position: Int? = nil) {
        self.code = code
        self.detail = detail
        self.position = position
    }
}
