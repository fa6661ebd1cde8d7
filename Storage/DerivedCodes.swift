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
    func picked(at positions: [UInt32]) throws(DecodingFault) -> CodeChunk {
        guard positions.isEmpty || Int(IntegerReader.maximum(positions)) < count else {
            throw DecodingFault("lacks a visitor's code")
        }
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

/// Which code of a column each code of its base column means, by event name. See `FORMAT.md`, "Derived columns".
struct ColumnMap: Sendable, Equatable {
    /// Where each name's pairs begin; one more than there are names.
    var starts: [Int] = [0]
    /// Codes of the base column, ascending within a name.
    var bases: [UInt32] = []
    /// The codes that they mean.
    var codes: [UInt32] = []

    /// Bytes held, approximately.
    var bytes: Int { starts.count * 8 + bases.count * 8 + 96 }

    init() {}

    func encode() -> [UInt8] {
        var writer = ByteWriter()
        let counts = starts.indices.dropFirst().map { UInt32(starts[$0] - starts[$0 - 1]) }
        IntegerCodec.encodeLong(counts, into: &writer)
        IntegerCodec.encodeLong(bases, into: &writer)
        IntegerCodec.encodeLong(codes, into: &writer)
        return writer.bytes
    }

    init(
        decoding bytes: UnsafeRawBufferPointer, names: Int, rows: Int, base: Int, below limit: Int
    ) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        let counts = try IntegerCodec.decodeLong(&reader, atMost: names, below: 1 << 32)
        guard counts.count == names else { throw DecodingFault("has another number of names") }
        bases = try IntegerCodec.decodeLong(&reader, atMost: rows, below: base)
        codes = try IntegerCodec.decodeLong(&reader, atMost: rows, below: limit)
        for count in counts { starts.append(starts[starts.count - 1] + Int(count)) }
        guard starts[names] == bases.count, codes.count == bases.count else {
            throw DecodingFault("has another number of pairs")
        }
        try reader.end()
    }

    /// Appends the codes that the base's codes of some rows of one name mean.
    ///
    /// - Parameter scratch: as long as the base column has codes; kept from call to call.
    func follow(
        name: Int, _ base: CodeChunk, _ rows: Range<Int>, scratch: inout [UInt32], into output: inout [UInt32]
    ) throws(DecodingFault) {
        let pairs = starts[name]..<starts[name + 1]
        for pair in pairs { scratch[Int(bases[pair])] = codes[pair] }
        let before = output.count
        output.append(contentsOf: repeatElement(0, count: rows.count))
        output.withUnsafeMutableBufferPointer { output in
            guard let start = output.baseAddress else { return }
            scratch.withUnsafeBufferPointer { base.map(rows, through: $0, into: start + before) }
        }
        for pair in pairs { scratch[Int(bases[pair])] = DerivedCodes.undefined }
        var greatest: UInt32 = 0
        for index in before..<output.count { greatest = max(greatest, output[index]) }
        guard greatest != DerivedCodes.undefined else { throw DecodingFault("lacks a pair") }
    }
}
