/// Which code of a column each code of its base column means, by event name. See `FORMAT.md`, "Derived columns".
struct ColumnMap: Sendable, Equatable {
    /// Where each name's pairs begin; one more than there are names.
    var starts: [Int] = [0]
    /// Codes of the base column, ascending within a name.
    var bases: [UInt32] = []
    /// The codes that they mean.
    var codes: [UInt32] = []
    /// For a name that has many of the base's codes, the meaning of all of them; empty for the others.
    private var tables: [[UInt32]] = []

    /// A name has a table if it has a pair for at least one of this many codes of the base.
    private static let codesAPair = 8

    /// Bytes held, approximately.
    var bytes: Int {
        starts.count * 8 + bases.count * 8 + tables.reduce(96) { $0 + $1.count * 4 + 32 }
    }

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
        tables = (0..<names).map { name in
            let pairs = starts[name]..<starts[name + 1]
            guard pairs.count * Self.codesAPair >= base else { return [] }
            var table = [UInt32](repeating: DerivedCodes.undefined, count: base)
            for pair in pairs { table[Int(bases[pair])] = codes[pair] }
            return table
        }
    }

    /// The codes that the base's codes of some rows mean.
    ///
    /// - Parameters:
    ///   - base: the base column's codes of these rows, all below `distinct`.
    ///   - parts: the names in them with their rows, numbered within the chunk: all rows, in order.
    ///   - limit: that the codes are below.
    func follow(
        _ base: CodeChunk, below distinct: Int, _ parts: [(name: Int, rows: Range<Int>)], limit: Int
    ) throws(DecodingFault) -> CodeChunk {
        if limit <= 1 << 8 { return .narrow(try follow(base, below: distinct, parts)) }
        if limit <= 1 << 16 { return .medium(try follow(base, below: distinct, parts)) }
        return .wide(try follow(base, below: distinct, parts))
    }

    private func follow<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ base: CodeChunk, below distinct: Int, _ parts: [(name: Int, rows: Range<Int>)]
    ) throws(DecodingFault) -> [T] {
        var greatest: UInt32 = 0
        let meanings = [T](unsafeUninitializedCapacity: base.count) { output, count in
            var scratch: [UInt32] = []
            for part in parts {
                if tables.isEmpty || tables[part.name].isEmpty {
                    if scratch.isEmpty { scratch = [UInt32](repeating: DerivedCodes.undefined, count: distinct) }
                    let pairs = starts[part.name]..<starts[part.name + 1]
                    for pair in pairs { scratch[Int(bases[pair])] = codes[pair] }
                    greatest = max(greatest, base.follow(part.rows, scratch, into: output))
                    for pair in pairs { scratch[Int(bases[pair])] = DerivedCodes.undefined }
                } else {
                    greatest = max(greatest, base.follow(part.rows, tables[part.name], into: output))
                }
            }
            count = parts.last?.rows.upperBound ?? 0
        }
        guard greatest != DerivedCodes.undefined else { throw DecodingFault("lacks a pair") }
        return meanings
    }
}

extension CodeChunk {
    /// `output[row] = table[code of row]` for the rows of `range`.
    ///
    /// - Precondition: every code is below the table's length, and `output` has room for the rows.
    /// - Returns: the greatest of them, before it is cut to the output's width.
    fileprivate func follow<T: FixedWidthInteger & UnsignedInteger>(
        _ range: Range<Int>, _ table: [UInt32], into output: UnsafeMutableBufferPointer<T>
    ) -> UInt32 {
        switch self {
        case .constant(let value, _):
            let meaning = table[Int(value)]
            output[range].update(repeating: T(truncatingIfNeeded: meaning))
            return range.isEmpty ? 0 : meaning
        case .narrow(let values): return Self.follow(values, range, table, output)
        case .medium(let values): return Self.follow(values, range, table, output)
        case .wide(let values): return Self.follow(values, range, table, output)
        }
    }

    @inline(__always)
    private static func follow<C: FixedWidthInteger & UnsignedInteger, T: FixedWidthInteger & UnsignedInteger>(
        _ codes: [C], _ range: Range<Int>, _ table: [UInt32], _ output: UnsafeMutableBufferPointer<T>
    ) -> UInt32 {
        var greatest: UInt32 = 0
        codes.withUnsafeBufferPointer { codes in
            table.withUnsafeBufferPointer { table in
                for row in range {
                    let meaning = table[Int(truncatingIfNeeded: codes[row])]
                    greatest = max(greatest, meaning)
                    output[row] = T(truncatingIfNeeded: meaning)
                }
            }
        }
        return greatest
    }
}
