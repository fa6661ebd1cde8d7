/// How a column's roll-up is stored; the raw value is the byte in the segment's header.
public enum RollupKind: UInt8, Sendable {
    /// There is none.
    case none = 0
    /// Row-wise, without visitors, as format version 1 has it.
    case version1 = 1
    /// In blocks, of all values.
    case complete = 2
    /// In blocks, of the most frequent values alone: there are too many to gain by the rest.
    case heads = 3
}

/// What a segment knows of a dimension's values without its rows: by event name how many events and visitors there are,
/// and the sum and the extremes of `value`.
///
/// Entries, one a value, stand in descending order of their events and are cut into blocks that are read one by one: a
/// top-N reads blocks until ``bound(fromBlock:)`` says that no later entry can change the answer (Fagin, Lotem, Naor
/// 2003, "Optimal aggregation algorithms for middleware"). The most frequent values have sets of their visitors that
/// can be united with those of other segments.
///
/// An event with several values of the dimension counts under each. Values of equal text (`3` and `"3"`) are one entry,
/// under the lowest of their codes.
public struct Rollup: Sendable {
    /// What is known of all blocks.
    public let directory: RollupDirectory
    private let first: RollupBlock
    private let source: Source

    private enum Source {
        case held(blocks: [RollupBlock], sets: [RollupSets?])
        case stored(StoredParts, column: UInt16, shape: RollupShape)
    }

    /// A roll-up whose later blocks are read when they are asked for.
    init(head: RollupHead, parts: StoredParts, column: UInt16, shape: RollupShape) {
        directory = head.directory
        first = head.block
        source = .stored(parts, column: column, shape: shape)
    }

    /// Number of blocks.
    public var blocks: Int { directory.blocks.count }

    /// One block's entries.
    ///
    /// - Complexity: O(entries) when it is not in the cache.
    public func block(_ index: Int) throws(StorageError) -> RollupBlock {
        if index == 0 { return first }
        switch source {
        case .held(let blocks, _): return blocks[index]
        case .stored(let parts, let column, let shape):
            return try parts.rollupBlock(column: column, index: index, directory.blocks[index], shape)
        }
    }

    /// The visitor sets of a block's entries; `nil` if none of them has one.
    public func sets(ofBlock index: Int) throws(StorageError) -> RollupSets? {
        guard directory.blocks[index].hasSets else { return nil }
        switch source {
        case .held(_, let sets): return sets[index]
        case .stored(let parts, let column, let shape):
            return try parts.rollupSets(column: column, index: index, directory.blocks[index], shape)
        }
    }

    /// The most events that an entry of a block or of any later one can have, and of one that is not stored.
    public func bound(fromBlock index: Int) -> Int {
        index < blocks ? directory.blocks[index].maxEvents : directory.maxEventsOfRest
    }

    /// Where a code's entry is; `nil` if it has none that is stored.
    ///
    /// - Complexity: O(distinct numbers of events · log entries) a block, blocks from the first on. For many codes,
    ///   read the blocks and their ``RollupBlock/codes``.
    public func find(_ code: UInt32) throws(StorageError) -> (block: Int, entry: Int)? {
        for index in 0..<blocks {
            if let entry = try block(index).entry(of: code) { return (index, entry) }
        }
        return nil
    }
}

extension Rollup {
    /// Number of the chunk that holds a block's entries; chunk 0 begins with the directory.
    static func chunk(ofBlock index: Int) -> UInt32 { UInt32(index) * 2 }

    /// Number of the chunk that holds a block's visitor sets.
    static func chunk(ofSets index: Int) -> UInt32 { UInt32(index) * 2 + 1 }

    /// Decodes all parts of a roll-up at once.
    ///
    /// - Parameter parts: payloads by chunk.
    package init(decoding parts: [UInt32: [UInt8]], _ shape: RollupShape) throws(DecodingFault) {
        func part(_ chunk: UInt32) throws(DecodingFault) -> [UInt8] {
            guard let bytes = parts[chunk] else { throw DecodingFault("lacks its chunk \(chunk)") }
            return bytes
        }
        let head = try part(0).withBytes { (raw) throws(DecodingFault) in try RollupHead(decoding: raw, shape) }
        var blocks = [head.block]
        var sets: [RollupSets?] = []
        for (index, summary) in head.directory.blocks.enumerated() {
            if index > 0 {
                blocks.append(
                    try part(Rollup.chunk(ofBlock: index)).withBytes { (raw) throws(DecodingFault) in
                        try RollupBlock(decoding: raw, summary, shape)
                    })
            }
            guard summary.hasSets else {
                sets.append(nil)
                continue
            }
            sets.append(
                try part(Rollup.chunk(ofSets: index)).withBytes { (raw) throws(DecodingFault) in
                    try RollupSets(decoding: raw, summary, shape)
                })
        }
        directory = head.directory
        first = head.block
        source = .held(blocks: blocks, sets: sets)
    }

    /// Decodes a roll-up of format version 1.
    package init(decodingVersion1 bytes: UnsafeRawBufferPointer, _ shape: RollupShape) throws(DecodingFault) {
        let head = try RollupHead(decodingVersion1: bytes, shape)
        directory = head.directory
        first = head.block
        source = .held(blocks: [head.block], sets: [nil])
    }
}

/// What a reader knows of a roll-up beforehand, and so what it need not be told twice.
package struct RollupShape: Sendable, Equatable {
    /// Codes are below this.
    package var codes: Int
    /// Event names of the segment.
    package var names: Int
    /// Visitors of the segment.
    package var visitors: Int
    /// Whether any row of the segment has a `value`.
    package var hasValues: Bool

    package init(codes: Int, names: Int, visitors: Int, hasValues: Bool) {
        self.codes = codes
        self.names = names
        self.visitors = visitors
        self.hasValues = hasValues
    }

    /// The shape of the roll-up of a segment's column.
    init(_ header: SegmentHeader, column: Int) {
        self.init(
            codes: header.columns[column].distinct, names: header.names.count, visitors: header.visitors,
            hasValues: header.hasValues)
    }
}
