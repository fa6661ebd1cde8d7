/// Turns bodies of requests into columns: reads the JSON, applies every rule an event must keep, derives dimensions.
///
/// One event never costs another: what is wrong with one becomes a ``Rejection``. Only a body that cannot be read as a
/// whole is an error. A decoder is a state machine without I/O; clock, visitor derivation and property names are handed
/// to it. It is reusable and meant to be reused (it holds about two megabytes of scratch memory, most of it untouched
/// as long as events are of the usual size), but not thread-safe: each thread or task needs its own.
public final class EventDecoder {
    /// The store's hash function.
    public let hash: EventHash
    /// What a body and an event may use.
    public let limits: DecodeLimits
    /// The property names of every site.
    public let propertyNames: PropertyNames
    /// The event names of every site; `nil` where their number has no bound.
    public let eventNames: PropertyNames?
    /// The schemas of every site; `nil` where none has one.
    public let schemas: SchemaRegistry?

    let parser: JSONParser
    let scratch: DecodeScratch
    let columns = FieldColumns()

    /// Creates a decoder.
    ///
    /// - Parameters:
    ///   - hash: the store's hash function.
    ///   - limits: all of them positive.
    ///   - propertyNames: shared by the decoders of a server, with the same hash function; so are the next two.
    ///   - eventNames: bounds the names that events can have.
    ///   - schemas: what events must be.
    public init(
        hash: EventHash, limits: DecodeLimits = DecodeLimits(), propertyNames: PropertyNames,
        eventNames: PropertyNames? = nil, schemas: SchemaRegistry? = nil
    ) {
        self.eventNames = eventNames
        self.schemas = schemas
        self.hash = hash
        self.limits = limits
        self.propertyNames = propertyNames
        parser = JSONParser(capacity: limits.maxEventBytes, maxDepth: limits.maxNestingDepth)
        scratch = DecodeScratch(limits: limits)
    }

    /// Decodes a body: one JSON object, an array of objects, or NDJSON.
    ///
    /// The form is told by the content: a body that begins with `[` is an array; a body that as a whole is one object
    /// is that, over however many lines; everything else is NDJSON, each line by itself, blank lines skipped, the last
    /// one with or without its line feed. A byte order mark at the start is skipped.
    ///
    /// - Parameters:
    ///   - body: the bytes, decompressed, followed by 64 more readable bytes of whatever content.
    ///   - context: the rest of the request.
    /// - Returns: the accepted events as batches, and what became of the others.
    /// - Throws: ``DecodeError`` when the body cannot be read as a whole: it is empty, too large, or neither of the
    ///   three forms. In an array, one element that is not JSON spoils the array, since then it is none; an element
    ///   that is JSON but has a value that cannot be held costs only itself.
    /// - Complexity: O(bytes). Allocates for each batch, each new value and each rejection, not for each event.
    public func decode(_ body: UnsafeRawBufferPointer, context: DecodeContext) throws(DecodeError) -> DecodedBody {
        guard body.count <= limits.maxBodyBytes else {
            throw DecodeError(
                .bodyTooLarge,
                "The body has \(body.count) bytes, more than the \(limits.maxBodyBytes) allowed. Send several smaller ones."
            )
        }
        var run = DecodeRun(decoder: self, context: context)
        try run.decode(body)
        return run.collected()
    }

    /// Decodes a body that has no readable bytes behind it, by way of a copy.
    ///
    /// Otherwise the same as ``decode(_:context:)-(UnsafeRawBufferPointer,_)``.
    public func decode(_ body: [UInt8], context: DecodeContext) throws(DecodeError) -> DecodedBody {
        let padded = UnsafeMutableRawBufferPointer.allocate(byteCount: body.count + EventDecoder.padding, alignment: 8)
        defer { padded.deallocate() }
        padded.copyBytes(from: body)
        UnsafeMutableRawBufferPointer(rebasing: padded[body.count...]).initializeMemory(as: UInt8.self, repeating: 0)
        return try decode(UnsafeRawBufferPointer(rebasing: padded[..<body.count]), context: context)
    }

    /// The property under which properties are kept whose names are more than a site may have, as `NAME=VALUE`.
    public static let overflowProperty = "__overflow__"
    /// The name of events whose own names are more than a site may have.
    public static let overflowEvent = "__other__"

    /// Readable bytes that must lie behind a body.
    public static let padding = 64
}
