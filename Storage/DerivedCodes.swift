/// Codes that follow from something else, and the rows for which they do not. See `FORMAT.md`, "Derived columns".
enum DerivedCodes {
    /// A row's code where its source has none: never written, so that it shows a damaged block.
    static let undefined = UInt32.max

    /// The payload of a chunk's exceptions.
    static func encodeExceptions(rows: [UInt32], codes: [UInt32]) -> [UInt8] {
        var writer = ByteWriter()
        IntegerCodec.encodeLong(rows, into: &writer)
        IntegerCodec.encodeLong(codes, into: &writer)
        return writer.bytes
    }
}

extension CodeChunk {
    /// Chunks one after the other, however many rows that makes.
    ///
    /// - Parameter limit: that all of them were read with, so that they are equally wide.
    init(joining chunks: [CodeChunk], below limit: Int) {
        if let first = chunks.first, chunks.count == 1 {
            self = first
        } else if limit <= 1 << 8 {
            self = .narrow(chunks.reduce(into: []) { $1.append(to: &$0) })
        } else if limit <= 1 << 16 {
            self = .medium(chunks.reduce(into: []) { $1.append(to: &$0) })
        } else {
            self = .wide(chunks.reduce(into: []) { $1.append(to: &$0) })
        }
    }

    private func append<T: FixedWidthInteger & UnsignedInteger>(to output: inout [T]) {
        switch self {
        case .constant(let value, let count):
            output.append(contentsOf: repeatElement(T(truncatingIfNeeded: value), count: count))
        case .narrow(let values): output.append(contentsOf: values.lazy.map { T(truncatingIfNeeded: $0) })
        case .medium(let values): output.append(contentsOf: values.lazy.map { T(truncatingIfNeeded: $0) })
        case .wide(let values): output.append(contentsOf: values.lazy.map { T(truncatingIfNeeded: $0) })
        }
    }

    /// The codes at some positions: of visitors by their ordinals.
    ///
    /// - Parameter limit: all positions are below it.
    func picked(at positions: [UInt32], below limit: Int) throws(DecodingFault) -> CodeChunk {
        guard limit <= count else { throw DecodingFault("lacks a visitor's code") }
        switch self {
        case .constant(let value, _): return .constant(value, count: positions.count)
        case .narrow(let values): return .narrow(CodeChunk.pick(values, positions))
        case .medium(let values): return .medium(CodeChunk.pick(values, positions))
        case .wide(let values): return .wide(CodeChunk.pick(values, positions))
        }
    }

    private static func pick<T: BitwiseCopyable>(_ values: [T], _ positions: [UInt32]) -> [T] {
        [T](unsafeUninitializedCapacity: positions.count) { output, count in
            values.withUnsafeBufferPointer { values in
                positions.withUnsafeBufferPointer { positions in
                    for index in positions.indices {
                        output.initializeElement(at: index, to: values[Int(positions[index])])
                    }
                }
            }
            count = positions.count
        }
    }

    /// The same with other codes in rows that are exceptions.
    func corrected(_ bytes: UnsafeRawBufferPointer, below limit: Int) throws(DecodingFault) -> CodeChunk {
        var reader = ByteReader(bytes)
        let rows = try IntegerCodec.decodeLong(&reader, atMost: count, below: count)
        let codes = try IntegerCodec.decodeLong(&reader, atMost: rows.count, below: limit)
        guard rows.count == codes.count else { throw DecodingFault("has another number of exceptions") }
        try reader.end()
        func patched<T: FixedWidthInteger & UnsignedInteger>(_ values: consuming [T]) -> [T] {
            var values = values
            for (row, code) in zip(rows, codes) { values[Int(row)] = T(truncatingIfNeeded: code) }
            return values
        }
        switch self {
        case .constant:
            var values: [UInt32] = []
            append(to: &values)
            return CodeChunk(patched(values)[...], below: limit)
        case .narrow(let values): return .narrow(patched(values))
        case .medium(let values): return .medium(patched(values))
        case .wide(let values): return .wide(patched(values))
        }
    }
}
