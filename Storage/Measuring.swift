import Events

// What the storage benchmark needs besides the interface that queries use.

extension Store {
    /// Forgets every decoded part, so that what is read next is read and decoded anew.
    package func forgetDecodedParts() { cache.removeAll() }
}

extension Segment {
    /// What a column's codes are worked out from where they are not stored themselves.
    package enum CodeSource: Sendable {
        /// Nothing: they are stored.
        case stored
        /// The visitors' codes, by each row's ordinal.
        case visitors
        /// The codes of another column.
        case column(Int)
    }

    /// Where a column's codes come from.
    package func codeSource(column: Int) -> CodeSource {
        switch header.columns[column].storage {
        case .plain: .stored
        case .byVisitor: .visitors
        case .byColumn(let base): .column(base)
        }
    }

    /// How the codes of a chunk are stored, in words: an encoding of `FORMAT.md`, "constant" or "derived" where there is
    /// nothing stored, "plain" for a run in memory.
    package func encoding(ofCodes column: Int, chunk: Int) throws(StorageError) -> String {
        guard case .stored(let parts) = source else { return "plain" }
        let id = PartID(part: .codes, column: UInt16(column), chunk: UInt32(chunk))
        if header.version >= 2 {
            switch try parts.directory(header).columns[column][chunk].kind {
            case .constant: return "constant"
            case .derived: return "derived"
            case .corrected: return "derived, corrected"
            case .stored: break
            }
        }
        return try Self.encoding(parts, id)
    }

    /// How the ordinals or the times of a chunk are stored, in words.
    package func encoding(of part: Part, chunk: Int) throws(StorageError) -> String {
        guard case .stored(let parts) = source else { return "plain" }
        return try Self.encoding(parts, PartID(part: part, chunk: UInt32(chunk)))
    }

    /// The encoding of a part's payload; not of what it may hold nested.
    private static func encoding(_ parts: StoredParts, _ id: PartID) throws(StorageError) -> String {
        let identity = Block.Identity(kind: .part, site: parts.site, number: parts.segment, part: id)
        let payload = try StoredParts.payload(
            parts.database, key: Keys.part(site: parts.site, segment: parts.segment, id), identity: identity)
        return try StoredParts.decoding(identity, payload) { (bytes) throws(DecodingFault) in
            var reader = ByteReader(bytes)
            _ = try reader.varint()
            let tag = try reader.u8()
            return IntegerCodec.Encoding(rawValue: tag).map { "\($0)" } ?? "encoding \(tag)"
        }
    }
}
