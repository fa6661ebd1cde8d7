/// An event that was refused, kept with its reason and with all that admitting it anew takes.
public struct DeadLetter: Sendable, Equatable {
    /// Its position; ascending in order of receipt. 0 until it is stored.
    public var sequence: UInt64
    /// When it came, Unix milliseconds.
    public var time: Int64
    /// The stable code of the reason.
    public var code: String
    /// The reason in words.
    public var detail: String
    /// The event as it came, or its beginning: see ``isTruncated``.
    public var event: [UInt8]
    /// How it came: `http`, `pixel`, `udp`; empty where that was not written down (format versions 1 and 2).
    public var transport: String
    /// Bytes the event had when it came.
    public var receivedBytes: Int
    /// Whether it came as a backfill.
    public var isBackfill: Bool
    /// The request's `User-Agent`, for an event that names none; empty if there was none.
    public var userAgent: [UInt8]
    /// The visitor that was derived for it, empty where the event names one.
    public var visitor: String

    /// Whether ``event`` is only its beginning, so that it cannot be admitted anew.
    public var isTruncated: Bool { receivedBytes > event.count }

    /// Creates a dead letter.
    public init(
        sequence: UInt64 = 0, time: Int64, code: String, detail: String, event: [UInt8], transport: String = "",
        receivedBytes: Int? = nil, isBackfill: Bool = false, userAgent: [UInt8] = [], visitor: String = ""
    ) {
        self.sequence = sequence
        self.time = time
        self.code = code
        self.detail = detail
        self.event = event
        self.transport = transport
        self.receivedBytes = max(receivedBytes ?? event.count, event.count)
        self.isBackfill = isBackfill
        self.userAgent = userAgent
        self.visitor = visitor
    }

    /// The payload of its block. See `FORMAT.md`, "Dead letters".
    func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.fixed(time)
        writer.u8(isBackfill ? 1 : 0)
        writer.text(transport)
        writer.varint(receivedBytes)
        writer.text(code)
        writer.text(detail)
        writer.varint(userAgent.count)
        writer.array(userAgent)
        writer.text(visitor)
        writer.array(event)
        return writer.bytes
    }

    /// Reads a payload.
    ///
    /// - Parameter version: that of its block.
    init(sequence: UInt64, decoding bytes: UnsafeRawBufferPointer, version: UInt8) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        guard version >= 2 else {
            self.init(
                sequence: sequence, time: try reader.fixed(Int64.self), code: try reader.text(),
                detail: try reader.text(), event: [UInt8](try reader.slice(reader.remaining)))
            return
        }
        let time = try reader.fixed(Int64.self)
        let flags = try reader.u8()
        let transport = try reader.text()
        let receivedBytes = try reader.bounded(Int(UInt32.max))
        let code = try reader.text()
        let detail = try reader.text()
        let agent = [UInt8](try reader.slice(try reader.count(ofSize: 1)))
        let visitor = try reader.text()
        self.init(
            sequence: sequence, time: time, code: code, detail: detail,
            event: [UInt8](try reader.slice(reader.remaining)), transport: transport, receivedBytes: receivedBytes,
            isBackfill: flags & 1 != 0, userAgent: agent, visitor: visitor)
    }
}

extension DeadLetter {
    /// The code of a dead letter that cannot be read.
    public static let damagedCode = "damaged_block"

    /// Checks and decodes a stored dead letter.
    init(sequence: UInt64, site: UInt32, block: UnsafeRawBufferPointer) throws(StorageError) {
        let identity = Block.Identity(kind: .deadLetter, site: site, number: sequence)
        let payload = try Block.decode(block, identity: identity)
        let version = Block.version(block)
        self = try StoredParts.decoding(identity, payload) { (bytes) throws(DecodingFault) in
            try DeadLetter(sequence: sequence, decoding: bytes, version: version)
        }
    }

    /// What is listed in the place of a dead letter whose block is damaged.
    init(damaged sequence: UInt64, _ error: StorageError) {
        self.init(
            sequence: sequence, time: 0, code: DeadLetter.damagedCode, detail: error.description, event: [])
    }

    /// Whether it names a visitor, or is one of a visitor derived for it.
    func names(_ text: VisitorText, visitor name: String) -> Bool {
        visitor == name || event.withUnsafeBytes { text.occurs(in: $0) }
    }
}
