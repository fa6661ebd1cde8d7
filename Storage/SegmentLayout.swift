extension SegmentHeader {
    /// The parts that a sealed segment must have besides its header and its roll-ups, no more and no fewer.
    ///
    /// - Parameter directory: the segment's; `nil` for version 1, which stores every chunk.
    package func parts(_ directory: ChunkDirectory?) -> [PartID] {
        var parts = [PartID(part: .visitorHashes), PartID(part: .visitorNames)]
        if directory != nil { parts.append(PartID(part: .directory)) }
        for chunk in 0..<chunks {
            parts.append(PartID(part: .ordinals, chunk: UInt32(chunk)))
            parts.append(PartID(part: .times, chunk: UInt32(chunk)))
            if hasValues, directory?.hasValues[chunk] ?? true {
                parts.append(PartID(part: .values, chunk: UInt32(chunk)))
            }
        }
        for (index, column) in columns.enumerated() {
            parts.append(PartID(part: .dictionary, column: UInt16(index)))
            for chunk in 0..<chunks {
                let kind = directory?.columns[index][chunk].kind ?? .stored
                guard kind == .stored || kind == .corrected else { continue }
                parts.append(PartID(part: .codes, column: UInt16(index), chunk: UInt32(chunk)))
            }
            switch column.storage {
            case .plain: break
            case .byVisitor:
                for chunk in 0..<((visitors + CodeChunk.rows - 1) / CodeChunk.rows) {
                    parts.append(PartID(part: .visitorCodes, column: UInt16(index), chunk: UInt32(chunk)))
                }
            case .byColumn: parts.append(PartID(part: .columnMap, column: UInt16(index)))
            }
        }
        return parts
    }
}
