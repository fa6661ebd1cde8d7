/// What is known of every chunk of a sealed segment without reading it: the zone maps. See `FORMAT.md`, "Directory".
package struct ChunkDirectory: Sendable, Equatable {
    /// How a chunk of a column's codes is stored.
    enum Kind: UInt8, Sendable {
        /// Not at all: every row has the code ``Zone/minimum``.
        case constant = 0
        /// As a block of codes.
        case stored = 1
        /// Not at all: every row's code follows from its visitor or its base column.
        case derived = 2
        /// As ``derived``, but for some rows, which a block lists.
        case corrected = 3
    }

    /// One chunk of one column.
    struct Zone: Sendable, Equatable {
        var kind: Kind
        /// The least and the greatest code.
        var minimum: UInt32
        var maximum: UInt32
    }

    /// The least and the greatest time of each chunk, milliseconds since the month's start.
    var times: [ClosedRange<UInt32>] = []
    /// Whether a chunk has measures at all.
    var hasValues: [Bool] = []
    /// The chunks of each dictionary column.
    var columns: [[Zone]] = []

    /// Bytes held, approximately.
    var bytes: Int { times.count * 8 + hasValues.count + columns.reduce(0) { $0 + $1.count * 12 + 32 } + 96 }

    func encode() -> [UInt8] {
        var writer = ByteWriter()
        IntegerCodec.encodeLong(times.map(\.lowerBound), into: &writer)
        IntegerCodec.encodeLong(times.map(\.upperBound), into: &writer)
        IntegerCodec.encodeLong(hasValues.map { $0 ? 1 : 0 }, into: &writer)
        for zones in columns {
            IntegerCodec.encodeLong(zones.map { UInt32($0.kind.rawValue) }, into: &writer)
            IntegerCodec.encodeLong(zones.map(\.minimum), into: &writer)
            IntegerCodec.encodeLong(zones.map(\.maximum), into: &writer)
        }
        return writer.bytes
    }

    init() {}

    init(decoding bytes: UnsafeRawBufferPointer, _ header: SegmentHeader) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        let chunks = header.chunks
        func long(below limit: Int) throws(DecodingFault) -> [UInt32] {
            let values = try IntegerCodec.decodeLong(&reader, atMost: chunks, below: limit)
            guard values.count == chunks else { throw DecodingFault("lists another number of chunks") }
            return values
        }
        let end = Int(header.last - header.month) + 1
        let first = try long(below: end)
        let last = try long(below: end)
        for (first, last) in zip(first, last) {
            guard first <= last else { throw DecodingFault("has a chunk that ends before it begins") }
            times.append(first...last)
        }
        hasValues = try long(below: 2).map { $0 != 0 }
        for column in header.columns {
            let kinds = try long(below: 4)
            let minima = try long(below: column.distinct)
            let maxima = try long(below: column.distinct)
            var zones: [Zone] = []
            zones.reserveCapacity(chunks)
            for chunk in 0..<chunks {
                guard let kind = Kind(rawValue: UInt8(kinds[chunk])), minima[chunk] <= maxima[chunk],
                    kind == .constant || kind == .stored || column.storage != .plain
                else { throw DecodingFault("has a chunk that cannot be") }
                zones.append(Zone(kind: kind, minimum: minima[chunk], maximum: maxima[chunk]))
            }
            columns.append(zones)
        }
        try reader.end()
    }
}
