import Events
import Synchronization

/// Decoders that are not in use; as many come to be as requests are decoded at once.
final class DecoderPool: Sendable {
    // Unchecked: a decoder is taken out of the pool while it is used, so one thread has it at a time.
    private struct Idle: @unchecked Sendable {
        var decoders: [EventDecoder] = []
    }

    private let idle = Mutex(Idle())
    private let hash: EventHash
    private let propertyNames: PropertyNames
    private let eventNames: PropertyNames
    private let schemas: SchemaRegistry

    init(hash: EventHash, propertyNames: PropertyNames, eventNames: PropertyNames, schemas: SchemaRegistry) {
        self.hash = hash
        self.propertyNames = propertyNames
        self.eventNames = eventNames
        self.schemas = schemas
    }

    /// A decoder of one's own, for who decodes all the time.
    func makeDecoder() -> EventDecoder {
        EventDecoder(hash: hash, propertyNames: propertyNames, eventNames: eventNames, schemas: schemas)
    }

    /// Decodes a body with a decoder of the pool.
    func decode(_ body: UnsafeRawBufferPointer, context: DecodeContext) throws(DecodeError) -> DecodedBody {
        let taken = idle.withLock { Idle(decoders: $0.decoders.popLast().map { [$0] } ?? []) }
        let decoder = taken.decoders.first ?? makeDecoder()
        defer {
            let back = Idle(decoders: [decoder])
            idle.withLock { $0.decoders.append(contentsOf: back.decoders) }
        }
        return try decoder.decode(body, context: context)
    }
}
