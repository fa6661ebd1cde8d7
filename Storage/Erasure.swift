/// The erasure of a visitor that has been ordered, but not yet carried out everywhere on disk.
///
/// Rows of the visitor in log rows and segments numbered below ``sequence`` do not exist any more; later ones do. See
/// `FORMAT.md`, "Erasures".
struct Erasure: Sendable, Equatable {
    /// Its number, from the counter that numbers log rows and segments.
    var sequence: UInt64
    /// When it was ordered, Unix milliseconds.
    var time: Int64
    /// The visitor's hash.
    var visitor: UInt64

    func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.fixed(time)
        writer.fixed(visitor)
        return writer.bytes
    }

    init(sequence: UInt64, time: Int64, visitor: UInt64) {
        self.sequence = sequence
        self.time = time
        self.visitor = visitor
    }

    init(sequence: UInt64, decoding bytes: UnsafeRawBufferPointer) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        self.init(
            sequence: sequence, time: try reader.fixed(Int64.self), visitor: try reader.fixed(UInt64.self))
        try reader.end()
    }
}

/// What an erasure did.
public struct ErasureOutcome: Sendable, Equatable {
    /// Events removed.
    public var events = 0
    /// Refused events removed that named the visitor.
    public var deadLetters = 0

    /// Nothing.
    public init() {}
}
