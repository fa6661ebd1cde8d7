import Events

/// Turns a run into the payloads of its parts, and payloads back into what they hold. See `FORMAT.md`, "A segment".
enum SegmentParts {
    /// The parts of a run, in the order of the table in `FORMAT.md`, without roll-ups.
    static func encode(_ header: SegmentHeader, _ columns: RunColumns) -> [(id: PartID, payload: [UInt8])] {
        var parts: [(id: PartID, payload: [UInt8])] = [(PartID(part: .header), header.encode())]
        var writer = ByteWriter()
        writer.array(columns.visitorHashes)
        parts.append((PartID(part: .visitorHashes), writer.bytes))
        parts.append((PartID(part: .visitorNames), encode(columns.visitorNames)))
        for (chunk, values) in columns.ordinals.enumerated() {
            parts.append((PartID(part: .ordinals, chunk: UInt32(chunk)), encode(values)))
        }
        for (chunk, values) in columns.times.enumerated() {
            parts.append((PartID(part: .times, chunk: UInt32(chunk)), encode(values)))
        }
        for (chunk, values) in columns.values.enumerated() {
            var writer = ByteWriter()
            writer.array(values)
            parts.append((PartID(part: .values, chunk: UInt32(chunk)), writer.bytes))
        }
        for (index, column) in columns.columns.enumerated() {
            parts.append((PartID(part: .dictionary, column: UInt16(index)), encode(column.table)))
            for (chunk, codes) in column.chunks.enumerated() {
                var writer = ByteWriter()
                IntegerCodec.encodeFast(codes, into: &writer)
                parts.append((PartID(part: .codes, column: UInt16(index), chunk: UInt32(chunk)), writer.bytes))
            }
        }
        return parts
    }

    static func encode(_ values: [UInt32]) -> [UInt8] {
        var writer = ByteWriter()
        IntegerCodec.encodeFast(values[...], into: &writer)
        return writer.bytes
    }

    /// Decodes what this process has encoded a moment ago: if it cannot be read now, an invariant is broken.
    static func ownBytes<R>(_ bytes: [UInt8], _ decode: (UnsafeRawBufferPointer) throws(DecodingFault) -> R) -> R {
        do throws(DecodingFault) {
            return try bytes.withBytes(decode)
        } catch {
            preconditionFailure("what was just encoded cannot be read: \(error.reason)")
        }
    }

    /// Integers of a sealed part, in the encoding that fits them best.
    static func encodeMeasured(_ values: [UInt32]) -> [UInt8] {
        var writer = ByteWriter()
        IntegerCodec.encode(values[...], into: &writer)
        return writer.bytes
    }

    static func encodePacked(_ values: [UInt32], in range: ClosedRange<UInt32>) -> [UInt8] {
        var writer = ByteWriter()
        IntegerCodec.encodePacked(values[...], in: range, into: &writer)
        return writer.bytes
    }

    static func encode(_ table: ValueTable) -> [UInt8] {
        var writer = ByteWriter()
        writer.varint(table.count - 1)
        writer.reserve(table.bytes.count + table.count * 3)
        for code in 1..<max(1, table.count) { writer.u8(table.kinds[code]) }
        for code in 1..<max(1, table.count) { writer.varint(UInt64(table.ends[code] - table.ends[code - 1])) }
        table.bytes.withUnsafeBytes { writer.raw($0) }
        return writer.bytes
    }

    /// A dictionary of strings only, from their lengths and their bytes one after the other.
    static func encodeNames(lengths: [UInt32], _ bytes: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.varint(lengths.count)
        writer.reserve(bytes.count + lengths.count * 3)
        for _ in lengths { writer.u8(ValueKind.string.rawValue) }
        for length in lengths { writer.varint(UInt64(length)) }
        writer.array(bytes)
        return writer.bytes
    }

    static func decodeTable(
        _ bytes: UnsafeRawBufferPointer, count: Int, hash: EventHash
    ) throws(DecodingFault) -> ValueTable {
        var reader = ByteReader(bytes)
        guard count > 0, try reader.varint() == UInt64(count - 1) else {
            throw DecodingFault("has another number of values")
        }
        let kinds = try reader.array(UInt8.self, count: count - 1)
        var lengths: [Int] = []
        lengths.reserveCapacity(count - 1)
        for _ in 1..<max(1, count) { lengths.append(try reader.bounded(ValueTable.maxBytes)) }
        var table = ValueTable()
        for (kind, length) in zip(kinds, lengths) {
            let value = try reader.slice(length)
            guard let kind = ValueKind(rawValue: kind), kind != .missing else {
                throw DecodingFault("holds a value of unknown kind")
            }
            guard kind == .list else {
                table.appendUnindexed(value, kind: kind, hash: hash(value))
                continue
            }
            // Members are written before the lists that hold them, so that their hashes are known here.
            guard length % 4 == 0 else { throw DecodingFault("holds a broken list") }
            var identity: [UInt64] = []
            for index in 0..<(length / 4) {
                let member = Int(UInt32(littleEndian: value.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
                guard member > 0, member < table.count, table.kinds[member] != ValueKind.list.rawValue else {
                    throw DecodingFault("holds a list of unknown members")
                }
                identity.append(table.hashes[member] &+ UInt64(table.kinds[member]))
            }
            table.appendUnindexed(value, kind: .list, hash: identity.withUnsafeBytes { hash($0) })
        }
        try reader.end()
        return table
    }

    static func decodeIntegers(
        _ bytes: UnsafeRawBufferPointer, rows: Int, below limit: Int
    ) throws(DecodingFault) -> CodeChunk {
        var reader = ByteReader(bytes)
        let chunk = try IntegerCodec.decode(&reader, count: rows, below: limit)
        try reader.end()
        return chunk
    }

    static func decodeWide(
        _ bytes: UnsafeRawBufferPointer, rows: Int, below limit: Int
    ) throws(DecodingFault) -> [UInt32] {
        let chunk = try decodeIntegers(bytes, rows: rows, below: limit)
        if case .wide(let values) = chunk { return values }
        var values: [UInt32] = []
        values.reserveCapacity(rows)
        chunk.append(to: &values)
        return values
    }

    static func decodeHashes(_ bytes: UnsafeRawBufferPointer, count: Int) throws(DecodingFault) -> [UInt64] {
        var reader = ByteReader(bytes)
        let hashes = try reader.array(UInt64.self, count: count)
        try reader.end()
        for index in hashes.indices.dropFirst() where hashes[index - 1] >= hashes[index] {
            throw DecodingFault("has visitors out of order")
        }
        return hashes
    }

    static func decodeMeasures(_ bytes: UnsafeRawBufferPointer, rows: Int) throws(DecodingFault) -> [Double] {
        var reader = ByteReader(bytes)
        let values = try NumberCodec.decode(&reader, count: rows)
        try reader.end()
        return values
    }

    static func decodeValues(_ bytes: UnsafeRawBufferPointer, rows: Int) throws(DecodingFault) -> [Double] {
        var reader = ByteReader(bytes)
        let values = try reader.array(Double.self, count: rows)
        try reader.end()
        return values
    }
}
