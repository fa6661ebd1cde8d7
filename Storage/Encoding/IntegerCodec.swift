/// Columns of unsigned 32-bit integers as bytes. See `FORMAT.md`, "Integers".
///
/// What is written says itself how to read it, so that a reader of this version reads every earlier one.
package enum IntegerCodec {
    /// How a column is laid out; the raw value is the byte on disk.
    package enum Encoding: UInt8, CaseIterable, Sendable {
        /// One value for all rows.
        case constant = 0
        /// One, two or four bytes a value.
        case bytes1 = 1
        case bytes2 = 2
        case bytes4 = 4
        /// Varints of the zigzag differences. Written for log rows only, where speed counts.
        case varintDelta = 8
        /// Differences to the least value, bit-packed (frame of reference).
        case packed = 9
        /// The least difference between neighbours, and what each exceeds it by, as integers again.
        case delta = 10
        /// The same of the differences' differences.
        case deltaOfDelta = 11
        /// Runs of equal values: the values and the lengths, as integers again.
        case runs = 12
        /// One stream for each byte of the values, compressed by itself.
        case planes = 13
        /// Values or differences, bit-packed to a width that most of them fit into; the high bits of the others follow
        /// apart (patched frame of reference, after Zukowski et al., "Super-Scalar RAM-CPU Cache Compression", 2006).
        case patched = 14
    }

    /// Nested columns end at this depth, so that a damaged payload cannot recurse without end.
    static let maxDepth = 3

    /// Appends `values` in the encoding that is smallest, or nearly so and quicker to read.
    ///
    /// - Complexity: O(n), a few passes.
    package static func encode(_ values: ArraySlice<UInt32>, into writer: inout ByteWriter) {
        encode(values, into: &writer, depth: 0)
    }

    static func encode(_ values: ArraySlice<UInt32>, into writer: inout ByteWriter, depth: Int) {
        writer.varint(values.count)
        let shape = IntegerShape(values)
        IntegerPlan.choose(shape, values, depth: depth).write(values, shape, into: &writer, depth: depth)
    }

    /// Appends `values` packed, without a look at what else there is: for segments that are merged into longer ones soon.
    ///
    /// - Parameter range: holds all values.
    /// - Complexity: O(n), one pass.
    package static func encodePacked(
        _ values: ArraySlice<UInt32>, in range: ClosedRange<UInt32>, into writer: inout ByteWriter
    ) {
        var shape = IntegerShape()
        shape.count = values.count
        shape.minimum = range.lowerBound
        shape.maximum = range.upperBound
        let isConstant = values.isEmpty || range.lowerBound == range.upperBound
        writer.varint(values.count)
        IntegerPlan(encoding: isConstant ? .constant : .packed, bytes: 0).write(values, shape, into: &writer, depth: 0)
    }

    /// Appends `values` quickly: constant, plain bytes or varint differences, whichever is shortest. For log rows, which
    /// live for an hour and are compressed as a whole.
    ///
    /// - Complexity: O(n), two passes.
    package static func encodeFast(_ values: ArraySlice<UInt32>, into writer: inout ByteWriter) {
        writer.varint(values.count)
        let first = values.first ?? 0
        var all: UInt32 = 0
        var same = true
        var deltaBytes = 0
        var previous: Int64 = 0
        for value in values {
            all |= value
            same = same && value == first
            deltaBytes += varintBytes(zigzag(Int64(value) - previous))
            previous = Int64(value)
        }
        if same {
            writer.u8(Encoding.constant.rawValue)
            writer.varint(UInt64(first))
            return
        }
        let width = all < 1 << 8 ? 1 : all < 1 << 16 ? 2 : 4
        if deltaBytes < width * values.count {
            writer.u8(Encoding.varintDelta.rawValue)
            var previous: Int64 = 0
            for value in values {
                writer.varint(zigzag(Int64(value) - previous))
                previous = Int64(value)
            }
            return
        }
        writer.u8(UInt8(width))
        writePlain(values, width: width, into: &writer)
    }

    /// Appends codes quickly: as wide as they are in memory.
    ///
    /// - Complexity: O(n), a copy.
    static func encodeFast(_ codes: CodeChunk, into writer: inout ByteWriter) {
        writer.varint(codes.count)
        switch codes {
        case .constant(let value, _):
            writer.u8(Encoding.constant.rawValue)
            writer.varint(UInt64(value))
        case .narrow(let values):
            writer.u8(Encoding.bytes1.rawValue)
            writer.array(values)
        case .medium(let values):
            writer.u8(Encoding.bytes2.rawValue)
            writer.array(values)
        case .wide(let values):
            writer.u8(Encoding.bytes4.rawValue)
            writer.array(values)
        }
    }

    static func writePlain(_ values: ArraySlice<UInt32>, width: Int, into writer: inout ByteWriter) {
        writer.reserve(width * values.count)
        switch width {
        case 1: writer.array(values.map { UInt8(truncatingIfNeeded: $0) })
        case 2: writer.array(values.map { UInt16(truncatingIfNeeded: $0) })
        default: writer.array(Array(values))
        }
    }

    /// Reads integers that are below `limit` each, `count` of them.
    ///
    /// - Returns: the narrowest chunk for `limit`, so that equal columns look the same whatever their encoding was.
    package static func decode(
        _ reader: inout ByteReader, count: Int, below limit: Int
    ) throws(DecodingFault) -> CodeChunk {
        var ahead = reader
        guard try ahead.varint() == UInt64(count) else { throw DecodingFault("has another number of rows") }
        if try ahead.u8() == Encoding.constant.rawValue {
            let value = try ahead.varint()
            guard value < UInt64(limit) || count == 0 else { throw DecodingFault("holds a code out of range") }
            reader = ahead
            return .constant(UInt32(truncatingIfNeeded: value), count: count)
        }
        if limit <= 1 << 8 { return .narrow(try decode(&reader, count: count, below: limit, as: UInt8.self)) }
        if limit <= 1 << 16 { return .medium(try decode(&reader, count: count, below: limit, as: UInt16.self)) }
        return .wide(try decode(&reader, count: count, below: limit, as: UInt32.self))
    }

    /// Reads integers into an array whose elements hold every number below `limit`.
    ///
    /// - Complexity: O(n); one allocation for most encodings.
    static func decode<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ reader: inout ByteReader, count: Int, below limit: Int, as type: T.Type
    ) throws(DecodingFault) -> [T] {
        // A chunk is never longer, and a count is never trusted with memory.
        guard count <= CodeChunk.rows else { throw DecodingFault("holds more rows than a chunk has") }
        var fault: DecodingFault?
        let values = [T](unsafeUninitializedCapacity: count) { output, initialized in
            do throws(DecodingFault) {
                try IntegerReader.read(&reader, into: UnsafeMutableBufferPointer(rebasing: output[..<count]), depth: 0)
                initialized = count
            } catch {
                fault = error
                initialized = 0
            }
        }
        if let fault { throw fault }
        guard count == 0 || Int(IntegerReader.maximum(values)) < limit else {
            throw DecodingFault("holds a code out of range")
        }
        return values
    }

    static func zigzag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: (value << 1) ^ (value >> 63))
    }

    private static func varintBytes(_ value: UInt64) -> Int {
        (max(1, 64 - value.leadingZeroBitCount) + 6) / 7
    }
}

extension UInt32 {
    /// Maps small differences of either sign to small numbers; differences are modulo 2³².
    @inline(__always)
    var zigzagged: UInt32 {
        let signed = Int32(bitPattern: self)
        return UInt32(bitPattern: (signed &<< 1) ^ (signed &>> 31))
    }

    /// The inverse of ``zigzagged``.
    @inline(__always)
    var unzigzagged: UInt32 { (self &>> 1) ^ (0 &- (self & 1)) }
}
