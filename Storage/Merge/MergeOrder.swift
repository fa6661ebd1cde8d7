import Events

/// The order in which sources' rows follow each other in a new segment, and what of it is column data already.
struct MergeOrder {
    /// The source of each new row; the rows of one source come in their own order.
    var sources: [UInt8] = []
    /// Rows of each of the sources' names, in their order.
    var rowsOfName: [Int] = []
    /// The new rows' visitors, encoded by chunk.
    var ordinals: [[UInt8]] = []
    /// The new rows' times, encoded by chunk.
    var times: [[UInt8]] = []
    /// The least and the greatest time of each chunk.
    var timeRanges: [ClosedRange<UInt32>] = []
    /// The places in ``MergeSources/visitors`` of the visitors that have rows; `nil` if all have.
    var usedVisitors: [UInt32]?
    /// How many visitors have rows.
    var visitors = 0

    var rows: Int { sources.count }

    /// The visitors of a chunk's rows.
    func ordinals(chunk: Int, rows: Int) -> [UInt32] {
        SegmentParts.ownBytes(ordinals[chunk]) { (raw) throws(DecodingFault) in
            try SegmentParts.decodeWide(raw, rows: rows, below: max(1, visitors))
        }
    }

    /// A chunk's times, as they were written.
    func times(chunk: Int, rows: Int) -> [UInt32] {
        // Written a moment ago by the same code, as above.
        SegmentParts.ownBytes(times[chunk]) { (raw) throws(DecodingFault) in
            try SegmentParts.decodeWide(raw, rows: rows, below: 1 << 32)
        }
    }
}

/// Merges the sources' rows by (event name, visitor, time); among equals earlier sources first.
///
/// Names follow each other, and within a name ranges of visitors, so that what is being sorted at a time is bounded.
/// The sources' rows are sorted already: their parts of such a window are merged pairwise.
struct OrderBuilder {
    /// Rows of a window, about. A visitor's events of one name are never split, however many they are.
    private static let windowRows = 1 << 20

    private struct Row {
        /// Visitor and time.
        var key: UInt64
        var source: UInt8
    }

    private let sources: MergeSources
    private let selection: MergeSelection
    private let renumbered: [UInt32]?
    private var cursors: [RowCursor]
    private var order = MergeOrder()
    private var ordinals: [UInt32] = []
    private var times: [UInt32] = []

    /// - Complexity: O(rows · log sources).
    static func build(
        _ sources: MergeSources, _ selection: MergeSelection, check: () throws(StorageError) -> Void
    ) throws(StorageError) -> MergeOrder {
        var builder = try OrderBuilder(sources, selection)
        for name in sources.names {
            try builder.merge(name)
            try check()
        }
        builder.flush()
        return builder.order
    }

    private init(_ sources: MergeSources, _ selection: MergeSelection) throws(StorageError) {
        self.sources = sources
        self.selection = selection
        cursors = sources.segments.indices.map {
            RowCursor(sources.segments[$0], rows: selection.rows[$0], map: sources.visitorMaps[$0])
        }
        order.sources.reserveCapacity(
            sources.segments.indices.reduce(0) {
                $0 + (selection.rows[$1]?.count ?? sources.segments[$1].header.rows)
            })
        if selection.rows.allSatisfy({ $0 == nil }) {
            renumbered = nil
            order.visitors = sources.visitors.count
        } else {
            let used = try Self.usedVisitors(sources, selection)
            var numbers = [UInt32](repeating: 0, count: sources.visitors.count)
            for (number, visitor) in used.enumerated() { numbers[Int(visitor)] = UInt32(number) }
            renumbered = numbers
            order.usedVisitors = used
            order.visitors = used.count
        }
        ordinals.reserveCapacity(CodeChunk.rows)
        times.reserveCapacity(CodeChunk.rows)
    }

    private static func usedVisitors(
        _ sources: MergeSources, _ selection: MergeSelection
    ) throws(StorageError) -> [UInt32] {
        var isUsed = [Bool](repeating: false, count: sources.visitors.count)
        for (source, segment) in sources.segments.enumerated() {
            let map = sources.visitorMaps[source]
            guard let rows = selection.rows[source] else {
                for visitor in map { isUsed[Int(visitor)] = true }
                continue
            }
            var chunk = -1
            var ordinals: [UInt32] = []
            for row in rows {
                if Int(row) / CodeChunk.rows != chunk {
                    chunk = Int(row) / CodeChunk.rows
                    ordinals = try segment.ordinals(chunk: chunk)
                }
                isUsed[Int(map[Int(ordinals[Int(row) % CodeChunk.rows])])] = true
            }
        }
        return isUsed.indices.filter { isUsed[$0] }.map { UInt32($0) }
    }

    private mutating func merge(_ name: MergeSources.Name) throws(StorageError) {
        let before = order.sources.count
        var parts: [(source: Int, end: Int)] = []
        var total = 0
        for (source, range) in name.ranges {
            let places = selection.places(source: source, in: range)
            guard !places.isEmpty else { continue }
            parts.append((source, places.upperBound))
            total += places.count
        }
        if parts.count == 1 {
            try copy(parts[0].source, until: parts[0].end)
        } else if !parts.isEmpty {
            let windows = (total + Self.windowRows - 1) / Self.windowRows
            for window in 1...windows {
                // Visitors are hashes, so equal ranges of them have about equally many rows.
                let bound = window == windows ? UInt32.max : UInt32(sources.visitors.count * window / windows)
                try merge(parts, below: bound)
            }
        }
        order.rowsOfName.append(order.sources.count - before)
    }

    private mutating func copy(_ source: Int, until end: Int) throws(StorageError) {
        while cursors[source].place < end {
            var list: [Row] = []
            try cursors[source].take(until: min(end, cursors[source].place + Self.windowRows), below: .max) {
                list.append(Row(key: $0, source: UInt8(source)))
            }
            append(list)
        }
    }

    private mutating func merge(_ parts: [(source: Int, end: Int)], below bound: UInt32) throws(StorageError) {
        var lists: [[Row]] = []
        for (source, end) in parts {
            var list: [Row] = []
            try cursors[source].take(until: end, below: bound) { list.append(Row(key: $0, source: UInt8(source))) }
            if !list.isEmpty { lists.append(list) }
        }
        while lists.count > 1 {
            var next: [[Row]] = []
            next.reserveCapacity((lists.count + 1) / 2)
            for index in stride(from: 0, to: lists.count - 1, by: 2) {
                next.append(Self.merge(lists[index], lists[index + 1]))
            }
            if lists.count % 2 == 1 { next.append(lists[lists.count - 1]) }
            lists = next
        }
        append(lists.first ?? [])
    }

    private static func merge(_ left: [Row], _ right: [Row]) -> [Row] {
        [Row](unsafeUninitializedCapacity: left.count + right.count) { output, count in
            left.withUnsafeBufferPointer { left in
                right.withUnsafeBufferPointer { right in
                    var (l, r, n) = (0, 0, 0)
                    while l < left.count, r < right.count {
                        // Without a branch on the comparison, which is as good as random.
                        let takesRight = right[r].key < left[l].key
                        output.initializeElement(at: n, to: takesRight ? right[r] : left[l])
                        r &+= takesRight ? 1 : 0
                        l &+= takesRight ? 0 : 1
                        n &+= 1
                    }
                    while l < left.count {
                        output.initializeElement(at: n, to: left[l])
                        l &+= 1
                        n &+= 1
                    }
                    while r < right.count {
                        output.initializeElement(at: n, to: right[r])
                        r &+= 1
                        n &+= 1
                    }
                    count = n
                }
            }
        }
    }

    /// Appends rows, a chunk's at a time.
    private mutating func append(_ rows: [Row]) {
        order.sources.append(contentsOf: rows.lazy.map(\.source))
        var start = 0
        while start < rows.count {
            let end = min(rows.count, start + CodeChunk.rows - ordinals.count)
            let part = rows[start..<end]
            if let renumbered {
                ordinals.append(contentsOf: part.lazy.map { renumbered[Int($0.key >> 32)] })
            } else {
                ordinals.append(contentsOf: part.lazy.map { UInt32(truncatingIfNeeded: $0.key >> 32) })
            }
            times.append(contentsOf: part.lazy.map { UInt32(truncatingIfNeeded: $0.key) })
            if ordinals.count == CodeChunk.rows { flush() }
            start = end
        }
    }

    private mutating func flush() {
        guard let first = times.first else { return }
        let range = times.reduce(into: (first, first)) { $0 = (min($0.0, $1), max($0.1, $1)) }
        order.timeRanges.append(range.0...range.1)
        if selection.isBrief {
            order.ordinals.append(SegmentParts.encodePacked(ordinals, in: 0...UInt32(max(1, order.visitors) - 1)))
            order.times.append(SegmentParts.encodePacked(times, in: range.0...range.1))
        } else {
            order.ordinals.append(SegmentParts.encodeMeasured(ordinals))
            order.times.append(SegmentParts.encodeMeasured(times))
        }
        ordinals.removeAll(keepingCapacity: true)
        times.removeAll(keepingCapacity: true)
    }
}

/// A walk over the rows taken from one source: visitor (united) and time of each.
struct RowCursor {
    private let segment: Segment
    private let rows: [UInt32]?
    private let map: [UInt32]
    /// How many rows have been passed.
    private(set) var place = 0
    private var chunk = -1
    private var ordinals: [UInt32] = []
    private var times: [UInt32] = []

    init(_ segment: Segment, rows: [UInt32]?, map: [UInt32]) {
        self.segment = segment
        self.rows = rows
        self.map = map
    }

    /// Passes the rows up to a place, or up to the first of a visitor that is not below `bound`.
    ///
    /// - Parameter body: gets each row's visitor in the high half, its time in the low one.
    @inline(__always)
    mutating func take(until end: Int, below bound: UInt32, _ body: (UInt64) -> Void) throws(StorageError) {
        while place < end {
            let first = if let rows { Int(rows[place]) } else { place }
            if first / CodeChunk.rows != chunk { try load(first / CodeChunk.rows) }
            let before = place
            let last = min(end, rows == nil ? place + CodeChunk.rows - first % CodeChunk.rows : place + CodeChunk.rows)
            place = ordinals.withUnsafeBufferPointer { ordinals in
                times.withUnsafeBufferPointer { times in
                    map.withUnsafeBufferPointer { map in
                        for place in before..<last {
                            let row = if let rows { Int(rows[place]) } else { place }
                            guard row / CodeChunk.rows == chunk else { return place }
                            let offset = row % CodeChunk.rows
                            let visitor = map[Int(ordinals[offset])]
                            guard visitor < bound else { return place }
                            body(UInt64(visitor) << 32 | UInt64(times[offset]))
                        }
                        return last
                    }
                }
            }
            if place < end, isBeyond(bound) { return }
        }
    }

    /// Whether the next row, if it is in the chunk that is loaded, is of a visitor that is not below `bound`.
    private func isBeyond(_ bound: UInt32) -> Bool {
        let row = if let rows { Int(rows[place]) } else { place }
        return row / CodeChunk.rows == chunk && map[Int(ordinals[row % CodeChunk.rows])] >= bound
    }

    @inline(never)
    private mutating func load(_ chunk: Int) throws(StorageError) {
        ordinals = try segment.ordinals(chunk: chunk)
        times = try segment.times(chunk: chunk)
        self.chunk = chunk
    }
}
