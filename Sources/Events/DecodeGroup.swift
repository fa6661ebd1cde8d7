/// Decodes the single events of many requests into batches they share, so that a commit of many small requests costs
/// what one large request costs.
///
/// Every event is held to the rules of its own request. A group has at most ``maxEvents`` events, and an event adds at
/// most one combination of site and month, so that the limit of those is never what costs an event its place. Not
/// thread-safe; the decoder must not be used for anything else as long as the group is being filled.
public final class DecodeGroup {
    /// Events of one group at most.
    public static let maxEvents = 512

    /// What became of one event.
    public enum Outcome {
        /// It is a row of a batch; whether its id was stored before is known when the group is committed.
        case taken
        /// An earlier event of the group has its site and id.
        case duplicate
        /// It is the newest of the group's rejections.
        case rejected
    }

    @exclusivity(unchecked) private var run: DecodeRun
    @exclusivity(unchecked) public private(set) var count = 0

    /// Begins a group.
    ///
    /// - Parameter context: of the first request.
    public init(_ decoder: EventDecoder, context: DecodeContext) {
        run = DecodeRun(decoder: decoder, context: context)
    }

    /// The events that follow come with another request.
    public func change(_ context: DecodeContext) {
        run.change(context)
    }

    /// The events that follow come with a request like the last, at this time.
    public func advance(to now: Int64) {
        run.context.now = now
        run.context.receivedAt = now
    }

    /// Whether a body is one that a group takes: one line that begins as an object does. Others are decoded by
    /// themselves.
    ///
    /// - Complexity: O(bytes), by `memchr`.
    public static func takes(_ body: UnsafeRawBufferPointer) -> Bool {
        DecodeRun.isOneLineObject(body)
    }

    /// Decodes an event.
    ///
    /// - Parameter body: one that ``takes(_:)`` is true of, followed by ``EventDecoder/padding`` more readable bytes.
    /// - Throws: ``DecodeError`` when the body is no JSON. The group is as it was before.
    public func add(_ body: UnsafeRawBufferPointer) throws(DecodeError) -> Outcome {
        precondition(count < DecodeGroup.maxEvents, "the caller ends a full group")
        let outcome = try run.takeOne(body, origin: UInt32(count))
        count += 1
        return outcome
    }

    /// The rejection of the last event that was rejected.
    public var newestRejection: Rejection? { run.result.rejections.last }

    /// What the events came to. Rows carry the number of their request in ``ColumnBatch/origins``, counted from 0 in
    /// the order of ``add(_:)``; rejections too, as their index.
    public func finish() -> DecodedBody { run.collected() }
}

extension DecodeRun {
    /// Makes what follows another request's.
    mutating func change(_ next: DecodeContext) {
        context = next
        defaults = RequestDefaults(context: next, limits: limits, hash: hash)
        // Derived from the address, which is another one now.
        visitors = AnonymousVisitors()
    }

    static func isOneLineObject(_ body: UnsafeRawBufferPointer) -> Bool {
        guard let first = body.first, first == UInt8(ascii: "{") else { return false }
        return lineEnd(body) == body.count
    }

    /// Takes the one event that `body` is, or leaves everything as it was.
    mutating func takeOne(_ body: UnsafeRawBufferPointer, origin: UInt32) throws(DecodeError) -> DecodeGroup.Outcome {
        let (received, duplicates, rejections) = (result.received, result.duplicates, result.rejections.count)
        self.origin = origin
        // An event that is no JSON is the request's fault as a whole, as when it comes alone.
        do throws(DecodeError) {
            try decode(body)
        } catch {
            result.received = received
            throw error
        }
        if result.rejections.count > rejections {
            // Its place in its own request, which has no other.
            result.rejections[rejections].index = Int(origin)
            return .rejected
        }
        return result.duplicates > duplicates ? .duplicate : .taken
    }
}
