import Storage

/// Rows that lie together in one chunk and have one event name: what operators work on at a time.
struct Piece {
    /// Position of the name in the segment's header.
    var name: Int
    var chunk: Int
    /// Rows within the chunk.
    var range: Range<Int>
}

extension Segment {
    /// Cuts rows of one name (positions in the segment) where chunks end.
    func pieces(name: Int, rows: Range<Int>) -> [Piece] {
        var pieces: [Piece] = []
        var start = rows.lowerBound
        while start < rows.upperBound {
            let chunk = start / CodeChunk.rows
            let end = min(rows.upperBound, (chunk + 1) * CodeChunk.rows)
            let base = chunk * CodeChunk.rows
            pieces.append(Piece(name: name, chunk: chunk, range: (start - base)..<(end - base)))
            start = end
        }
        return pieces
    }

    /// The pieces of all rows of the given names.
    func pieces(names: some Sequence<Int>) -> [Piece] {
        names.flatMap { pieces(name: $0, rows: header.names[$0].rows) }
    }

    /// Whether all rows, some or none lie in a time range.
    func coverage(of range: ResolvedRange) -> Coverage {
        if header.rows == 0 || header.last < range.from || header.first >= range.to { return .none }
        return header.first >= range.from && header.last < range.to ? .all : .some
    }

    enum Coverage {
        case none
        case some
        case all
    }
}
