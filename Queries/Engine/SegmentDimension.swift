import Events
import Storage

/// A dimension within one segment: its distinct values, and each row's code in them. Code 0 is the missing value.
///
/// Dictionary columns are read as they are. Names and visitors have their own order of codes. The two numeric fields
/// are given a dictionary for the query, since their text is asked for rarely.
struct SegmentDimension: Sendable {
    enum Kind: Sendable {
        /// No row of the segment has a value.
        case absent
        case column(Int)
        /// Code = position in the header's names + 1.
        case names
        /// Code = ordinal + 1.
        case visitors
        /// Codes made for this query, by chunk.
        case made([CodeChunk])
    }

    let kind: Kind
    let table: ValueTable

    init(_ dimension: Dimension, of segment: Segment, hash: EventHash) throws(QueryError) {
        switch dimension {
        case .field(.event):
            kind = .names
            var names = ValueTable()
            for name in segment.header.names {
                var text = name.name
                text.withUTF8 {
                    names.appendUnindexed(UnsafeRawBufferPointer($0), kind: .string, hash: name.hash)
                }
            }
            table = names
        case .field(.visitor):
            kind = .visitors
            table = try stored { () throws(StorageError) in try segment.visitorNames() }
        case .field(.time):
            let month = segment.header.month
            let chunks = try SegmentDimension.chunks(segment) { (chunk) throws(StorageError) in
                try segment.times(chunk: chunk).map { Double(month + Int64($0)) }
            }
            (kind, table) = SegmentDimension.make(chunks, hash: hash)
        case .field(.value):
            guard segment.header.hasValues else {
                kind = .absent
                table = ValueTable()
                return
            }
            let chunks = try SegmentDimension.chunks(segment) { (chunk) throws(StorageError) in
                try segment.values(chunk: chunk) ?? []
            }
            (kind, table) = SegmentDimension.make(chunks, hash: hash)
        case .field, .property:
            guard let column = segment.header.column(dimension.name) else {
                kind = .absent
                table = ValueTable()
                return
            }
            kind = .column(column)
            table = try stored { () throws(StorageError) in try segment.table(column: column) }
        }
    }

    /// Number of codes.
    var count: Int { table.count }

    /// `output[i] = map[code of row i]` for rows of a chunk that all have the same event name.
    func map<T: BitwiseCopyable>(
        _ map: [T], segment: Segment, piece: Piece, into output: inout [T]
    ) throws(QueryError) {
        let range = piece.range
        switch kind {
        case .absent: output.fill(map[0], count: range.count)
        case .names: output.fill(map[piece.name + 1], count: range.count)
        case .visitors:
            let ordinals = try stored { () throws(StorageError) in try segment.ordinals(chunk: piece.chunk) }
            output.fill(map[0], count: range.count)
            for (position, row) in range.enumerated() { output[position] = map[Int(ordinals[row]) + 1] }
        case .column(let column):
            let codes = try stored { () throws(StorageError) in try segment.codes(column: column, chunk: piece.chunk) }
            codes.gather(range, map, &output)
        case .made(let chunks): chunks[piece.chunk].gather(range, map, &output)
        }
    }

    /// Writes 1 for each row whose code passes and 0 for the others.
    func test(
        _ matches: CodeMatches, segment: Segment, piece: Piece, into mask: inout [UInt8]
    ) throws(QueryError) {
        guard case .column(let column) = kind, let few = matches.few else {
            try map(matches.byCode, segment: segment, piece: piece, into: &mask)
            return
        }
        let codes = try stored { () throws(StorageError) in try segment.codes(column: column, chunk: piece.chunk) }
        codes.compare(piece.range, with: few, into: &mask)
    }

    /// The range of a chunk's codes, where that is known without reading the chunk.
    func zone(segment: Segment, chunk: Int) throws(QueryError) -> ClosedRange<UInt32>? {
        guard case .column(let column) = kind else { return nil }
        return try stored { () throws(StorageError) in try segment.zone(column: column, chunk: chunk) }
    }

    private static func chunks(
        _ segment: Segment, _ read: (Int) throws(StorageError) -> [Double]
    ) throws(QueryError) -> [[Double]] {
        var chunks: [[Double]] = []
        for chunk in 0..<segment.header.chunks {
            chunks.append(try stored { () throws(StorageError) in try read(chunk) })
        }
        return chunks
    }

    private static func make(_ chunks: [[Double]], hash: EventHash) -> (Kind, ValueTable) {
        var table = ValueTable()
        var known: [UInt64: UInt32] = [:]
        var codes: [[UInt32]] = []
        for chunk in chunks {
            codes.append(
                chunk.map { number in
                    if number.isNaN { return 0 }
                    if let code = known[number.bitPattern] { return code }
                    var text = NumberText.canonical(number)
                    let code = text.withUTF8 {
                        table.intern(
                            UnsafeRawBufferPointer($0), kind: .number, hash: hash(UnsafeRawBufferPointer($0)))
                    }
                    known[number.bitPattern] = code
                    return code
                })
        }
        return (.made(codes.map { CodeChunk($0[...], below: table.count) }), table)
    }
}

extension Array where Element: BitwiseCopyable {
    /// Makes the array `count` long with one value in every place, keeping its memory.
    mutating func fill(_ value: Element, count: Int) {
        removeAll(keepingCapacity: true)
        append(contentsOf: repeatElement(value, count: count))
    }
}

extension CodeChunk {
    /// Writes 1 for each row of a range that has one of some codes and 0 for the others.
    func compare(_ range: Range<Int>, with wanted: [UInt32], into mask: inout [UInt8]) {
        mask.fill(0, count: range.count)
        for code in wanted {
            switch self {
            case .constant(let value, _): if value == code { mask.fill(1, count: range.count) }
            case .narrow(let codes): Self.compare(codes, range, UInt8(truncatingIfNeeded: code), &mask)
            case .medium(let codes): Self.compare(codes, range, UInt16(truncatingIfNeeded: code), &mask)
            case .wide(let codes): Self.compare(codes, range, code, &mask)
            }
        }
    }

    /// The loop over one code; a code that the width cannot hold is above every dictionary of such a width.
    @inline(__always)
    private static func compare<C: FixedWidthInteger & UnsignedInteger>(
        _ codes: [C], _ range: Range<Int>, _ wanted: C, _ mask: inout [UInt8]
    ) {
        precondition(range.upperBound <= codes.count && mask.count == range.count)
        codes.withUnsafeBufferPointer { codes in
            mask.withUnsafeMutableBufferPointer { mask in
                let start = range.lowerBound
                for position in 0..<mask.count {
                    mask[position] |= codes[start &+ position] == wanted ? 1 : 0
                }
            }
        }
    }

    /// `output[i] = table[code of row i]`, with `output` made as long as the range.
    func gather<T: BitwiseCopyable>(_ range: Range<Int>, _ table: [T], _ output: inout [T]) {
        output.fill(table[0], count: range.count)
        output.withUnsafeMutableBufferPointer { output in
            guard let base = output.baseAddress else { return }
            table.withUnsafeBufferPointer { map(range, through: $0, into: base) }
        }
    }
}
