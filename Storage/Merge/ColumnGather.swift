import Events

/// The codes of one column of all sources, brought into the order of the new rows chunk by chunk.
///
/// Each source is read once, front to back, through a buffer of one chunk whose codes are mapped already. Owns the
/// buffers' memory: the loop over rows needs plain addresses, and checks that a buffer has a row left before it takes one.
final class ColumnGather {
    private let sources: MergeSources
    private let selection: MergeSelection
    private let positions: [Int?]
    private let maps: [[UInt32]]
    /// The next row of each source's buffer, and the end of it.
    private let next: UnsafeMutablePointer<UnsafeMutablePointer<UInt32>>
    private let end: UnsafeMutablePointer<UnsafeMutablePointer<UInt32>>
    private let buffers: [UnsafeMutablePointer<UInt32>]
    /// Places of the source's rows that have been put into the buffer.
    private var taken: [Int]
    private var chunks: [Int]

    /// - Parameters:
    ///   - positions: the column's position in each source's header.
    ///   - maps: the new code of each source's codes.
    init(_ sources: MergeSources, _ selection: MergeSelection, positions: [Int?], maps: [[UInt32]]) {
        self.sources = sources
        self.selection = selection
        self.positions = positions
        self.maps = maps
        let count = sources.segments.count
        buffers = sources.segments.map {
            let capacity = max(1, min(CodeChunk.rows, $0.header.rows))
            let buffer = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity)
            buffer.initialize(repeating: 0, count: capacity)
            return buffer
        }
        next = .allocate(capacity: count)
        end = .allocate(capacity: count)
        for source in 0..<count {
            next.advanced(by: source).initialize(to: buffers[source])
            end.advanced(by: source).initialize(to: buffers[source])
        }
        taken = [Int](repeating: 0, count: count)
        chunks = [Int](repeating: 0, count: count)
    }

    deinit {
        next.deallocate()
        end.deallocate()
        for buffer in buffers { buffer.deallocate() }
    }

    /// Writes the new codes of the next rows.
    ///
    /// - Parameters:
    ///   - order: the source of each of these rows.
    ///   - output: made as long as that.
    func read(_ order: ArraySlice<UInt8>, into output: inout [UInt32]) throws(StorageError) {
        let count = order.count
        if output.count != count { output = [UInt32](repeating: 0, count: count) }
        var done = 0
        while done < count {
            done = output.withUnsafeMutableBufferPointer { output in
                order.withUnsafeBufferPointer { order in
                    var row = done
                    while row < count {
                        let source = Int(order[row])
                        let place = next[source]
                        if place == end[source] { return row }
                        output[row] = place.pointee
                        next[source] = place + 1
                        row &+= 1
                    }
                    return row
                }
            }
            if done < count { try fill(Int(order[order.startIndex + done])) }
        }
    }

    /// Fills a source's buffer with its next rows.
    private func fill(_ source: Int) throws(StorageError) {
        let segment = sources.segments[source]
        let buffer = buffers[source]
        var count = 0
        let rows = selection.rows[source]
        let total = rows?.count ?? segment.header.rows
        precondition(taken[source] < total, "the order takes no more rows of a source than it has")
        guard let column = positions[source] else {
            // The buffer is all zeros and stays so.
            count = min(CodeChunk.rows, segment.header.rows, total - taken[source])
            advance(source, by: count)
            return
        }
        let map = maps[source]
        if let rows {
            let first = taken[source]
            let chunk = Int(rows[first]) / CodeChunk.rows
            var last = first + 1
            while last < rows.count, Int(rows[last]) / CodeChunk.rows == chunk { last += 1 }
            let codes = try segment.codes(column: column, chunk: chunk)
            precondition(codes.count == segment.header.rows(inChunk: chunk), "a chunk has its rows")
            codes.pick(rows[first..<last], map, into: buffer)
            count = last - first
        } else {
            let codes = try segment.codes(column: column, chunk: chunks[source])
            chunks[source] += 1
            count = codes.count
            map.withUnsafeBufferPointer { codes.map(0..<count, through: $0, into: buffer) }
        }
        advance(source, by: count)
    }

    private func advance(_ source: Int, by count: Int) {
        taken[source] += count
        next[source] = buffers[source]
        end[source] = buffers[source] + count
    }
}

extension CodeChunk {
    /// `output[i] = map[code of row rows[i]]`; rows are numbered within the segment and lie in this chunk.
    func pick(_ rows: ArraySlice<UInt32>, _ map: [UInt32], into output: UnsafeMutablePointer<UInt32>) {
        switch self {
        case .constant(let value, _): output.update(repeating: map[Int(value)], count: rows.count)
        case .narrow(let values): CodeChunk.pick(values, rows, map, output)
        case .medium(let values): CodeChunk.pick(values, rows, map, output)
        case .wide(let values): CodeChunk.pick(values, rows, map, output)
        }
    }

    private static func pick<T: FixedWidthInteger & UnsignedInteger>(
        _ values: [T], _ rows: ArraySlice<UInt32>, _ map: [UInt32], _ output: UnsafeMutablePointer<UInt32>
    ) {
        let low = UInt32(CodeChunk.rows - 1)
        values.withUnsafeBufferPointer { values in
            map.withUnsafeBufferPointer { map in
                var place = 0
                for row in rows {
                    output[place] = map[Int(truncatingIfNeeded: values[Int(row & low)])]
                    place &+= 1
                }
            }
        }
    }

    /// Adds how often each code occurs to `counts`.
    func count(into counts: inout [UInt32]) {
        switch self {
        case .constant(let value, let count): counts[Int(value)] += UInt32(count)
        case .narrow(let values): CodeChunk.count(values, into: &counts)
        case .medium(let values): CodeChunk.count(values, into: &counts)
        case .wide(let values): CodeChunk.count(values, into: &counts)
        }
    }

    private static func count<T: FixedWidthInteger & UnsignedInteger>(_ values: [T], into counts: inout [UInt32]) {
        counts.withUnsafeMutableBufferPointer { counts in
            values.withUnsafeBufferPointer { values in
                for value in values { counts[Int(truncatingIfNeeded: value)] &+= 1 }
            }
        }
    }

    /// Adds how often each code occurs among some rows, which lie in this chunk.
    ///
    /// - Parameters:
    ///   - times: those of the chunk's rows.
    ///   - first: lowered to the least time of these rows with a value, `last` raised to the greatest.
    func count(
        _ rows: ArraySlice<UInt32>, times: [UInt32], into counts: inout [UInt32], first: inout UInt32,
        last: inout UInt32
    ) {
        switch self {
        case .constant(let value, let count):
            CodeChunk.count([UInt32](repeating: value, count: count), rows, times, &counts, &first, &last)
        case .narrow(let values): CodeChunk.count(values, rows, times, &counts, &first, &last)
        case .medium(let values): CodeChunk.count(values, rows, times, &counts, &first, &last)
        case .wide(let values): CodeChunk.count(values, rows, times, &counts, &first, &last)
        }
    }

    private static func count<T: FixedWidthInteger & UnsignedInteger>(
        _ values: [T], _ rows: ArraySlice<UInt32>, _ times: [UInt32], _ counts: inout [UInt32], _ first: inout UInt32,
        _ last: inout UInt32
    ) {
        let low = UInt32(CodeChunk.rows - 1)
        var (earliest, latest) = (first, last)
        counts.withUnsafeMutableBufferPointer { counts in
            values.withUnsafeBufferPointer { values in
                times.withUnsafeBufferPointer { times in
                    for row in rows {
                        let code = values[Int(row & low)]
                        let time = times[Int(row & low)]
                        counts[Int(truncatingIfNeeded: code)] &+= 1
                        earliest = min(earliest, code == 0 ? .max : time)
                        latest = max(latest, code == 0 ? 0 : time)
                    }
                }
            }
        }
        (first, last) = (earliest, latest)
    }
}
