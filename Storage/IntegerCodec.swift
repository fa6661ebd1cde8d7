/// Columns of unsigned 32-bit integers as bytes. See `FORMAT.md`, "Integers".
package enum IntegerCodec {
    private static let constant: UInt8 = 0
    private static let delta: UInt8 = 8

    /// Appends `values` in the shortest of the encodings.
    ///
    /// - Complexity: O(n), two passes.
    package static func encode(_ values: ArraySlice<UInt32>, into writer: inout ByteWriter) {
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
            writer.u8(constant)
            writer.varint(UInt64(first))
            return
        }
        let width = all < 1 << 8 ? 1 : all < 1 << 16 ? 2 : 4
        if deltaBytes < width * values.count {
            writer.u8(delta)
            var previous: Int64 = 0
            for value in values {
                writer.varint(zigzag(Int64(value) - previous))
                previous = Int64(value)
            }
            return
        }
        writer.u8(UInt8(width))
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
        guard try reader.varint() == UInt64(count) else { throw DecodingFault("has another number of rows") }
        let encoding = try reader.u8()
        switch encoding {
        case constant:
            let value = try reader.varint()
            guard value < UInt64(limit) || count == 0 else { throw DecodingFault("holds a code out of range") }
            return .constant(UInt32(truncatingIfNeeded: value), count: count)
        case 1: return try checked(.narrow(try reader.array(UInt8.self, count: count)), below: limit)
        case 2: return try checked(.medium(try reader.array(UInt16.self, count: count)), below: limit)
        case 4: return try checked(.wide(try reader.array(UInt32.self, count: count)), below: limit)
        case delta:
            var values: [UInt32] = []
            values.reserveCapacity(count)
            var previous: Int64 = 0
            for _ in 0..<count {
                let raw = try reader.varint()
                let difference = Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
                let (next, overflow) = previous.addingReportingOverflow(difference)
                guard !overflow, next >= 0, next < Int64(limit) else {
                    throw DecodingFault("holds a code out of range")
                }
                values.append(UInt32(truncatingIfNeeded: next))
                previous = next
            }
            return CodeChunk(values[...], below: limit)
        default: throw DecodingFault("has the unknown encoding \(encoding)")
        }
    }

    private static func checked(_ chunk: CodeChunk, below limit: Int) throws(DecodingFault) -> CodeChunk {
        guard chunk.count == 0 || Int(chunk.maximum) < limit else { throw DecodingFault("holds a code out of range") }
        return chunk
    }

    private static func zigzag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: (value << 1) ^ (value >> 63))
    }

    private static func varintBytes(_ value: UInt64) -> Int {
        (max(1, 64 - value.leadingZeroBitCount) + 6) / 7
    }
}
