import NIOCore

/// What the HTTP face may use. Units are in the names; each limit's answer is in its comment.
public enum WebLimits {
    /// Bytes of an event body as sent, that is, before it is inflated: 413 `body_too_large`.
    public static let eventBodyBytes = 16 * 1024 * 1024
    /// Bytes of an event body after it is inflated: 413 `body_too_large`.
    public static let inflatedBodyBytes = 64 * 1024 * 1024
    /// Bytes of a query's JSON: 413 `body_too_large`.
    public static let queryBodyBytes = 1024 * 1024
    /// Bytes of all event bodies that are held at one moment: 429 `overloaded`.
    public static let bodyBytesInFlight = 512 * 1024 * 1024
    /// Seconds in which a body must have arrived: 408 `request_timeout`.
    public static let bodySeconds = 120
    /// Seconds in which the head of a request must have arrived, however steadily it drips: 408 `request_timeout`.
    public static let headSeconds = 15
    /// Bytes of an event body that is read and answered by the front, without the HTTP library.
    public static let frontBodyBytes = 16 * 1024
    /// Seconds in which such a body must have arrived: 408 `request_timeout`.
    public static let frontBodySeconds = 30
    /// Seconds in which a client must have read an answer of the front.
    public static let answerSeconds = 30
    /// Seconds that connections of the front have to end when the server stops.
    public static let drainSeconds = 10
    /// Seconds without a byte of a request, or between requests, after which a connection is closed.
    public static let idleSeconds = 60
    /// Seconds a refused request's connection stays open so that the client can read the answer.
    public static let lingerSeconds = 2
    /// Open connections: further ones wait in the listen queue.
    public static let connections = 10_000
    /// Open connections of one address: further ones are closed at once.
    public static let connectionsPerAddress = 5_000
    /// Files that the process keeps for itself, the store's above all, when it may have few: fewer connections then.
    public static let filesInReserve = 384
    /// Connections the kernel queues before they are accepted.
    public static let listenBacklog = 1024
    /// Bytes of a request's target, its query included: 414.
    public static let targetBytes = 8 * 1024
    /// Bytes of all header fields, the request line included: 431.
    public static let headerListBytes = 64 * 1024
    /// Header fields: 431.
    public static let headerFields = 200
    /// Queries that wait for a thread: 429 `too_many_queries`.
    public static let waitingQueries = 64
    /// Seconds a query may wait for a thread: 503 `query_queue_timeout`.
    public static let queryWaitSeconds = 10
    /// Erasures, deletions of sites and confirmations that wait for each other: 429 `too_many_removals`.
    public static let waitingRemovals = 64
    /// Seconds a client is asked to wait when a site has too many erasures that are not carried out on disk.
    public static let erasureRetrySeconds = 60
    /// Bytes of a visitor's id: 400 `invalid_visitor`.
    public static let visitorBytes = 200
    /// Dead letters an answer lists.
    public static let deadLetters = 1000
    /// Dead letters that one request admits anew; the rest is counted as `remaining`.
    public static let replayedLetters = 10_000
    /// Stricter rules that the answer to a schema lists.
    public static let schemaBreaks = 1000
    /// Bytes of a site's name: 400 `invalid_site`.
    public static let siteBytes = 64
    /// Seconds a client is asked to wait when the server pushes back without saying how long.
    public static let retryAfterSeconds = 1

    static let idleTimeout = TimeAmount.seconds(Int64(idleSeconds))
}
