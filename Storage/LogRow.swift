import Compression
import Events

/// A committed run as one value: all its parts, one after the other. See `FORMAT.md`, "Log rows".
package enum LogRow {
    /// zstd level of log rows: they live for an hour, so speed counts more than size.
    static let compressionLevel: Int32 = 1

    /// The payload of a run's log row.
    package static func encode(_ header: SegmentHeader, _ columns: RunColumns) -> [UInt8] {
        let parts = SegmentParts.encode(header, columns)
        var writer = ByteWriter()
        writer.reserve(parts.reduce(16) { $0 + $1.payload.count + 12 })
        writer.varint(parts.count)
        for part in parts {
            writer.u8(part.id.part.rawValue)
            writer.fixed(part.id.column)
            writer.fixed(part.id.chunk)
            writer.varint(part.payload.count)
            writer.array(part.payload)
        }
        return writer.bytes
    }

    /// The run a payload holds.
    package static func decode(
        _ payload: UnsafeRawBufferPointer, hash: EventHash
    ) throws(DecodingFault) -> (SegmentHeader, RunColumns) {
        var reader = ByteReader(payload)
        var parts: [PartID: UnsafeRawBufferPointer] = [:]
        for _ in 0..<(try reader.count(ofSize: 8)) {
            guard let part = Part(rawValue: try reader.u8()) else { throw DecodingFault("has an unknown part") }
            let id = PartID(part: part, column: try reader.fixed(UInt16.self), chunk: try reader.fixed(UInt32.self))
            parts[id] = try reader.slice(try reader.count(ofSize: 1))
        }
        try reader.end()
        func part(_ id: PartID) throws(DecodingFault) -> UnsafeRawBufferPointer {
            guard let bytes = parts[id] else { throw DecodingFault("lacks its part \(id.part)") }
            return bytes
        }
        let header = try SegmentHeader(decoding: try part(PartID(part: .header)), hash: hash)
        guard header.columns.count <= Int(UInt16.max) else { throw DecodingFault("has too many columns") }
        var columns = RunColumns(
            visitorHashes: try SegmentParts.decodeHashes(
                try part(PartID(part: .visitorHashes)), count: header.visitors),
            visitorNames: try SegmentParts.decodeTable(
                try part(PartID(part: .visitorNames)), count: header.visitors + 1, hash: hash),
            ordinals: [], times: [], values: [], columns: [])
        for chunk in 0..<header.chunks {
            let rows = header.rows(inChunk: chunk)
            columns.ordinals.append(
                try SegmentParts.decodeWide(
                    try part(PartID(part: .ordinals, chunk: UInt32(chunk))), rows: rows, below: header.visitors))
            columns.times.append(
                try SegmentParts.decodeWide(
                    try part(PartID(part: .times, chunk: UInt32(chunk))), rows: rows,
                    below: Int(header.last - header.month) + 1))
            if header.hasValues {
                columns.values.append(
                    try SegmentParts.decodeValues(try part(PartID(part: .values, chunk: UInt32(chunk))), rows: rows))
            }
        }
        for (index, summary) in header.columns.enumerated() {
            let table = try SegmentParts.decodeTable(
                try part(PartID(part: .dictionary, column: UInt16(index))), count: summary.distinct, hash: hash)
            var chunks: [CodeChunk] = []
            for chunk in 0..<header.chunks {
                chunks.append(
                    try SegmentParts.decodeIntegers(
                        try part(PartID(part: .codes, column: UInt16(index), chunk: UInt32(chunk))),
                        rows: header.rows(inChunk: chunk), below: summary.distinct))
            }
            columns.columns.append(RunColumn(table: table, chunks: chunks))
        }
        return (header, columns)
    }
}
