/// Codes that follow from something else, and the rows for which they do not. See `FORMAT.md`, "Derived columns".
enum DerivedCodes {
    /// A row's code where its source has none: never written, so that it shows a damaged block.
    static let undefined = UInt32.max

    /// `output[i]` = the code of row i's visitor.
    ///
    /// - Parameter visitorCodes: by chunk of 65,536 visitors.
    static func follow(
        visitors ordinals: [UInt32], _ visitorCodes: [CodeChunk], into output: inout [UInt32]
    ) throws(DecodingFault) {
        output.removeAll(keepingCapacity: true)
        output.reserveCapacity(ordinals.count)
        var start = 0
        // Ordinals ascend within a name, so that rows of one chunk of visitors lie together.
        while start < ordinals.count {
            let chunk = Int(ordinals[start]) / CodeChunk.rows
            var end = start + 1
            while end < ordinals.count, Int(ordinals[end]) / CodeChunk.rows == chunk { end += 1 }
            guard chunk < visitorCodes.count else { throw DecodingFault("lacks a visitor's code") }
            try visitorCodes[chunk].lookUp(ordinals[start..<end], into: &output)
            start = end
        }
    }

    /// Overwrites rows that are exceptions.
    static func correct(
        _ output: inout [UInt32], _ bytes: UnsafeRawBufferPointer, below limit: Int
    ) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        let rows = try IntegerCodec.decodeLong(&reader, atMost: output.count, below: output.count)
        let codes = try IntegerCodec.decodeLong(&reader, atMost: rows.count, below: limit)
        guard rows.count == codes.count else { throw DecodingFault("has another number of exceptions") }
        try reader.end()
        for (row, code) in zip(rows, codes) { output[Int(row)] = code }
    }

    /// The payload of a chunk's exceptions.
    static func encodeExceptions(rows: [UInt32], codes: [UInt32]) -> [UInt8] {
        var writer = ByteWriter()
        IntegerCodec.encodeLong(rows, into: &writer)
        IntegerCodec.encodeLong(codes, into: &writer)
        return writer.bytes
    }
}

extension CodeChunk {
    /// Appends the codes at some positions, which lie all within one chunk's multiple of ``rows``.
    func lookUp(_ positions: ArraySlice<UInt32>, into output: inout [UInt32]) throws(DecodingFault) {
        let low = UInt32(CodeChunk.rows - 1)
        switch self {
        case .constant(let value, let count):
            guard positions.allSatisfy({ Int($0 & low) < count }) else { throw DecodingFault("lacks a visitor's code") }
            output.append(contentsOf: repeatElement(value, count: positions.count))
        case .narrow(let values): try CodeChunk.gather(values, positions, low, into: &output)
        case .medium(let values): try CodeChunk.gather(values, positions, low, into: &output)
        case .wide(let values): try CodeChunk.gather(values, positions, low, into: &output)
        }
    }

    private static func gather<T: FixedWidthInteger & UnsignedInteger>(
        _ values: [T], _ positions: ArraySlice<UInt32>, _ low: UInt32, into output: inout [UInt32]
    ) throws(DecodingFault) {
        // Only the last chunk of visitors is not full; its bound is checked once instead of a row.
        if values.count < CodeChunk.rows, positions.contains(where: { Int($0 & low) >= values.count }) {
            throw DecodingFault("lacks a visitor's code")
        }
        let before = output.count
        output.append(contentsOf: repeatElement(0, count: positions.count))
        output.withUnsafeMutableBufferPointer { output in
            values.withUnsafeBufferPointer { values in
                positions.withUnsafeBufferPointer { positions in
                    for index in positions.indices {
                        output[before &+ index] = UInt32(truncatingIfNeeded: values[Int(positions[index] & low)])
                    }
                }
            }
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
