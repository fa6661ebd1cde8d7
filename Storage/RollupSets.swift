/// The visitor sets of a block's heads: those cells, and entries over all names, that have many visitors.
public struct RollupSets: Sendable {
    /// Which set is whose, ascending: the entry in the high half, in the low one the name plus one, or 0 for all names.
    private var keys: [UInt64] = []
    private var sets: [VisitorSet] = []

    /// Number of sets.
    public var count: Int { sets.count }

    /// Bytes held, approximately.
    var bytes: Int { sets.reduce(keys.count * 24 + 64) { $0 + $1.bytes } }

    /// The set of one cell, by its entry and the position of its name.
    public func set(entry: Int, name: UInt32) -> VisitorSet? { set(Self.key(entry, name)) }

    /// The set of an entry over all names. An entry with one name has none of its own: the cell's is the same.
    public func set(entry: Int, of block: RollupBlock) -> VisitorSet? {
        let cells = block.cells(of: entry)
        return cells.count == 1 ? set(entry: entry, name: block.cellNames[cells.lowerBound]) : set(Self.key(entry, nil))
    }

    private func set(_ key: UInt64) -> VisitorSet? {
        let position = keys.partitioningIndex { $0 >= key }
        return position < keys.count && keys[position] == key ? sets[position] : nil
    }

    /// The order of sets: by entry, then all names before each.
    static func key(_ entry: Int, _ name: UInt32?) -> UInt64 {
        UInt64(entry) << 32 | (name.map { UInt64($0) + 1 } ?? 0)
    }

    /// Writes sets that are encoded already.
    ///
    /// - Parameter sets: ascending by key, see ``key(_:_:)``.
    static func encode(_ sets: [(key: UInt64, bytes: [UInt8])]) -> [UInt8] {
        var writer = ByteWriter()
        writer.varint(sets.count)
        writer.integers(sets.map { UInt32($0.key >> 32) })
        writer.integers(sets.map { UInt32(truncatingIfNeeded: $0.key) })
        for set in sets { writer.array(set.bytes) }
        return writer.bytes
    }

    /// Decodes the sets of a block.
    init(
        decoding bytes: UnsafeRawBufferPointer, _ summary: RollupDirectory.Summary, _ shape: RollupShape
    ) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        let count = try reader.count(ofSize: 2)
        let entries = try reader.integers(count: count, below: summary.entries)
        let names = try reader.integers(count: count, below: shape.names + 1)
        keys.reserveCapacity(count)
        sets.reserveCapacity(count)
        // The sketch of the entry's visitors over all names, of which those of its names are parts.
        var whole: VisitorSketch?
        for (entry, name) in zip(entries, names) {
            let key = UInt64(entry) << 32 | UInt64(name)
            guard key > keys.last ?? 0 || keys.isEmpty else { throw DecodingFault("has sets out of order") }
            if key >> 32 != keys.last.map({ $0 >> 32 }) { whole = nil }
            keys.append(key)
            let set = try VisitorSet(decoding: &reader, visitors: shape.visitors, partOf: whole)
            if name == 0 { whole = set.denseSketch }
            sets.append(set)
        }
        try reader.end()
    }
}
