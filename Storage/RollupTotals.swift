/// A segment's numbers by event name, over all values of a dimension.
///
/// For most dimensions they are the segment's own and are kept once, with its ``Segment/hours()``; where an event can
/// have several values and so counts several times, they are kept with the dimension's roll-up.
public struct RollupTotals: Sendable, Equatable {
    /// In the order of the segment's names.
    public internal(set) var names: [Name] = []

    /// The numbers of one event name.
    public struct Name: Sendable, Equatable {
        /// Events; an event with several values counts once for each.
        public var events = 0
        /// Distinct visitors with an event of the name.
        public var visitors = 0
        /// Events with a `value`, and its sum and extremes; those are meaningless without one.
        public var values = 0
        public var sum = ExactSum()
        public var minimum = Double.infinity
        public var maximum = -Double.infinity
    }

    init() {}

    /// Bytes held, approximately.
    var bytes: Int { names.count * MemoryLayout<Name>.stride + 64 }

    func encode(into writer: inout ByteWriter) {
        for name in names {
            writer.varint(name.events)
            writer.varint(name.visitors)
            writer.varint(name.values)
            guard name.values > 0 else { continue }
            writer.sum(name.sum)
            writer.f64(name.minimum)
            writer.f64(name.maximum)
        }
    }

    init(decoding reader: inout ByteReader, _ shape: RollupShape) throws(DecodingFault) {
        guard shape.names <= reader.remaining / 3 else { throw DecodingFault("declares more than it holds") }
        for _ in 0..<shape.names {
            var name = Name()
            name.events = try reader.bounded(.max)
            name.visitors = try reader.bounded(shape.visitors)
            name.values = try reader.bounded(name.events)
            if name.values > 0 {
                name.sum = try reader.sum()
                name.minimum = try reader.f64()
                name.maximum = try reader.f64()
            }
            names.append(name)
        }
    }
}

extension ByteWriter {
    /// Appends an exact sum: its millionths in 128 bits, then what does not fit into them.
    mutating func sum(_ sum: ExactSum) {
        fixed(UInt64(truncatingIfNeeded: sum.millionths))
        fixed(Int64(truncatingIfNeeded: sum.millionths >> 64))
        varint(sum.partials.count)
        for partial in sum.partials { f64(partial) }
    }
}

extension ByteReader {
    /// Reads what ``ByteWriter/sum(_:)`` wrote.
    mutating func sum() throws(DecodingFault) -> ExactSum {
        let millionths = try millionths()
        var partials: [Double] = []
        for _ in 0..<(try count(ofSize: 8)) { partials.append(try f64()) }
        return ExactSum(millionths: millionths, partials: partials)
    }

    /// Reads 128 bits of millionths: 2^32 rows below 2^54 each are far below the bound, within which sums of sums do
    /// not overflow.
    mutating func millionths() throws(DecodingFault) -> Int128 {
        let low = try fixed(UInt64.self)
        let millionths = Int128(try fixed(Int64.self)) << 64 | Int128(low)
        guard millionths.magnitude < 1 << 100 else { throw DecodingFault("holds a sum out of range") }
        return millionths
    }
}
