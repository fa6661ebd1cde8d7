extension IntegerCodec {
    /// Appends any number of values: their count, then pieces of a chunk's length, each in an encoding of its own.
    package static func encodeLong(_ values: [UInt32], into writer: inout ByteWriter) {
        writer.varint(values.count)
        for start in stride(from: 0, to: values.count, by: CodeChunk.rows) {
            encode(values[start..<min(start + CodeChunk.rows, values.count)], into: &writer)
        }
    }

    /// Reads what ``encodeLong(_:into:)`` wrote.
    ///
    /// - Parameter most: more values than this are a fault. Memory grows with what the payload really holds, a piece at a
    ///   time, except that a constant piece of some bytes stands for up to 65,536 values.
    package static func decodeLong(
        _ reader: inout ByteReader, atMost most: Int, below limit: Int
    ) throws(DecodingFault) -> [UInt32] {
        let count = try reader.bounded(most)
        var values: [UInt32] = []
        while values.count < count {
            let piece = min(CodeChunk.rows, count - values.count)
            values.append(contentsOf: try decode(&reader, count: piece, below: limit, as: UInt32.self))
        }
        return values
    }
}
