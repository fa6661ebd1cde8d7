import Events

/// A segment without the rows of some visitors: a view that reads the segment's own parts and leaves them out.
///
/// Nothing that reads it can tell: rows, ordinals, visitors and columns are numbered as if those rows had never been.
/// Only its dictionaries may hold values that no row has. It lives until the segment is rewritten.
///
/// A mask always lies over a segment itself, never over another mask: see ``Segment/hiding(_:view:cache:)``.
struct MaskedParts: Sendable {
    /// What is underneath.
    var base: Segment
    /// Which of its rows are left.
    let splice: RowSplice
    /// The visitors that are hidden, as positions among the segment's, ascending.
    let hidden: [UInt32]
    /// Their hashes, ascending.
    let visitors: [UInt64]
    /// For each column of the masked header its position in the segment's.
    let columns: [Int]
    /// Tells this mask's parts in the cache from those of the segment itself and of earlier masks over it.
    let view: UInt64
    /// Where spliced parts are kept; `nil` for a mask over a run, which is read once.
    var cache: PartCache?

    /// Whether a visitor is hidden.
    func hides(_ visitor: UInt64) -> Bool {
        let position = visitors.firstPosition { $0 >= visitor }
        return position < visitors.count && visitors[position] == visitor
    }

    /// Visitors' hashes without the hidden ones.
    func visitorHashes() throws(StorageError) -> [UInt64] {
        let entry = try cached(PartID(part: .visitorHashes)) { () throws(StorageError) in
            let hashes = try base.visitorHashes()
            var kept: [UInt64] = []
            kept.reserveCapacity(hashes.count - hidden.count)
            forEachKeptVisitor(of: hashes.count) { kept.append(contentsOf: hashes[$0]) }
            return .hashes(kept)
        }
        guard case .hashes(let hashes) = entry else { preconditionFailure("a cache key names one kind of part") }
        return hashes
    }

    /// Visitors' names without the hidden ones.
    func visitorNames() throws(StorageError) -> ValueTable {
        let entry = try cached(PartID(part: .visitorNames)) { () throws(StorageError) in
            let names = try base.visitorNames()
            var kept = ValueTable()
            forEachKeptVisitor(of: names.count - 1) { range in
                for code in (range.lowerBound + 1)..<(range.upperBound + 1) {
                    names.withBytes(of: code) {
                        kept.appendUnindexed($0, kind: names.kind(of: code), hash: names.hashes[code])
                    }
                }
            }
            return .table(kept)
        }
        guard case .table(let table) = entry else { preconditionFailure("a cache key names one kind of part") }
        return table
    }

    /// A chunk's visitors, numbered without the hidden ones.
    func ordinals(chunk: Int) throws(StorageError) -> [UInt32] {
        try integers(PartID(part: .ordinals, chunk: UInt32(chunk))) { () throws(StorageError) in
            var ordinals = try spliced(chunk) { (chunk) throws(StorageError) in try base.ordinals(chunk: chunk) }
            // They ascend within a name, so the count of hidden ones below is found by going along.
            var below = 0
            var previous: UInt32 = 0
            for row in ordinals.indices {
                let ordinal = ordinals[row]
                if ordinal < previous { below = 0 }
                previous = ordinal
                while below < hidden.count, hidden[below] < ordinal { below += 1 }
                ordinals[row] = ordinal - UInt32(below)
            }
            return ordinals
        }
    }

    /// A chunk's times.
    func times(chunk: Int) throws(StorageError) -> [UInt32] {
        try integers(PartID(part: .times, chunk: UInt32(chunk))) { () throws(StorageError) in
            try spliced(chunk) { (chunk) throws(StorageError) in try base.times(chunk: chunk) }
        }
    }

    /// A chunk's measures; only for a header that has some.
    func values(chunk: Int) throws(StorageError) -> [Double] {
        let entry = try cached(PartID(part: .values, chunk: UInt32(chunk))) { () throws(StorageError) in
            .values(
                try spliced(chunk) { (chunk) throws(StorageError) in
                    try base.values(chunk: chunk) ?? Array(repeating: .nan, count: base.header.rows(inChunk: chunk))
                })
        }
        guard case .values(let values) = entry else { preconditionFailure("a cache key names one kind of part") }
        return values
    }

    /// A column's dictionary: the segment's, with values of hidden rows among them.
    func table(column: Int) throws(StorageError) -> ValueTable { try base.table(column: columns[column]) }

    /// A chunk's codes in a column.
    func codes(column: Int, chunk: Int) throws(StorageError) -> CodeChunk {
        let id = PartID(part: .codes, column: UInt16(column), chunk: UInt32(chunk))
        let entry = try cached(id) { () throws(StorageError) in
            let codes = try spliced(chunk) { (chunk) throws(StorageError) -> [UInt32] in
                var codes: [UInt32] = []
                codes.reserveCapacity(CodeChunk.rows)
                try base.codes(column: columns[column], chunk: chunk).append(to: &codes)
                return codes
            }
            return .codes(CodeChunk(codes[...], below: base.header.columns[columns[column]].distinct))
        }
        guard case .codes(let codes) = entry else { preconditionFailure("a cache key names one kind of part") }
        return codes
    }

    /// Everything, in memory.
    ///
    /// - Parameter header: the masked one.
    /// - Complexity: O(rows · columns).
    func columns(_ header: SegmentHeader) throws(StorageError) -> RunColumns {
        var result = RunColumns(
            visitorHashes: try visitorHashes(), visitorNames: try visitorNames(), ordinals: [], times: [], values: [],
            columns: [])
        for chunk in 0..<header.chunks {
            result.ordinals.append(try ordinals(chunk: chunk))
            result.times.append(try times(chunk: chunk))
            if header.hasValues { result.values.append(try values(chunk: chunk)) }
        }
        for column in header.columns.indices {
            var chunks: [CodeChunk] = []
            for chunk in 0..<header.chunks { chunks.append(try codes(column: column, chunk: chunk)) }
            result.columns.append(RunColumn(table: try table(column: column), chunks: chunks))
        }
        return result
    }

    // MARK: Splicing

    /// Calls `body` with the ranges of ordinals that are not hidden.
    private func forEachKeptVisitor(of count: Int, _ body: (Range<Int>) -> Void) {
        var next = 0
        for ordinal in hidden {
            body(next..<Int(ordinal))
            next = Int(ordinal) + 1
        }
        body(next..<count)
    }

    /// The rows of a new chunk, put together from the chunks they lie in.
    private func spliced<T>(
        _ chunk: Int, _ read: (_ chunk: Int) throws(StorageError) -> [T]
    ) throws(StorageError) -> [T] {
        let first = chunk * CodeChunk.rows
        let sources = splice.sources(of: first..<min(first + CodeChunk.rows, splice.rows))
        var result: [T] = []
        var current: (chunk: Int, values: [T])?
        for source in sources {
            var row = source.lowerBound
            while row < source.upperBound {
                let old = row / CodeChunk.rows
                let start = old * CodeChunk.rows
                let end = min(source.upperBound, start + CodeChunk.rows)
                let values: [T]
                if let current, current.chunk == old {
                    values = current.values
                } else {
                    values = try read(old)
                    current = (old, values)
                }
                // A chunk before the first hidden row is the segment's own.
                if sources.count == 1, row == start, end - row == values.count, source.upperBound == end {
                    return values
                }
                result.append(contentsOf: values[(row - start)..<(end - start)])
                row = end
            }
        }
        return result
    }

    private func integers(
        _ id: PartID, _ make: () throws(StorageError) -> [UInt32]
    ) throws(StorageError) -> [UInt32] {
        let entry = try cached(id) { () throws(StorageError) in .integers(try make()) }
        guard case .integers(let values) = entry else { preconditionFailure("a cache key names one kind of part") }
        return values
    }

    private func cached(
        _ id: PartID, _ make: () throws(StorageError) -> PartCache.Entry
    ) throws(StorageError) -> PartCache.Entry {
        guard let cache else { return try make() }
        return try cache.entry(PartCache.Key(segment: base.number, part: id, view: view), load: make)
    }
}
