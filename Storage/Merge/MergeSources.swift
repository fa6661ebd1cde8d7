import Events

/// Segments of one site and month that are to become other segments: their visitors united, their names and columns
/// listed. Sealing and compaction begin here.
///
/// Sources are runs in memory, sealed segments or masked ones, all read through ``Segment``, a chunk at a time: what is
/// held besides is bounded by visitors and dictionaries, not by rows.
struct MergeSources {
    /// An event name with its rows in each source that has some.
    struct Name {
        let text: String
        let hash: UInt64
        var ranges: [(source: Int, rows: Range<Int>)]
    }

    /// A dictionary column with its position in each source's header; `nil` where a source has none.
    struct Column {
        let text: String
        var positions: [Int?]
    }

    let segments: [Segment]
    let hash: EventHash
    /// Start of the calendar month of all of them.
    let month: Int64
    /// The visitors of all sources, ascending by hash.
    let visitors: [UInt64]
    /// For each source the place of each of its visitors in ``visitors``.
    let visitorMaps: [[UInt32]]
    /// In the order of their bytes.
    let names: [Name]
    /// In the order of their bytes.
    let columns: [Column]

    /// The most sources of one merge: a row's source is kept in a byte.
    static let maxSources = 255

    /// Lines sources up.
    ///
    /// - Precondition: there are between 1 and ``maxSources`` of them, of one month.
    /// - Complexity: O(visitors · log sources + names · sources).
    init(_ segments: [Segment], hash: EventHash) throws(StorageError) {
        precondition((1...Self.maxSources).contains(segments.count), "merges are planned within their limit")
        self.segments = segments
        self.hash = hash
        month = segments[0].header.month
        precondition(segments.allSatisfy { $0.header.month == segments[0].header.month }, "a merge stays in its month")
        var hashes: [[UInt64]] = []
        for segment in segments { hashes.append(try segment.visitorHashes()) }
        let visitors = AlignedRuns.unite(hashes)
        self.visitors = visitors
        visitorMaps = hashes.map { own in
            var position = 0
            return own.map { visitor in
                while visitors[position] != visitor { position += 1 }
                return UInt32(truncatingIfNeeded: position)
            }
        }
        // By bytes: as strings, names that only look alike would be one.
        var names: [[UInt8]: Name] = [:]
        var columns: [[UInt8]: Column] = [:]
        for (source, segment) in segments.enumerated() {
            for run in segment.header.names {
                names[Array(run.name.utf8), default: Name(text: run.name, hash: run.hash, ranges: [])]
                    .ranges.append((source, run.rows))
            }
            for (position, column) in segment.header.columns.enumerated() {
                let none = [Int?](repeating: nil, count: segments.count)
                columns[Array(column.name.utf8), default: Column(text: column.name, positions: none)]
                    .positions[source] = position
            }
        }
        self.names = names.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
        self.columns = columns.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    /// Rows of all sources.
    var rows: Int { segments.reduce(0) { $0 + $1.header.rows } }
}

/// Which of the sources' rows go into one new segment.
struct MergeSelection {
    /// The bucket of the segment.
    var bucket: Bucket
    /// For each source the rows to take, ascending; `nil` for all of them.
    var rows: [[UInt32]?]

    /// Whether the segment is written quickly rather than small: one of an hour, or of a day that has not ended, is part of a
    /// longer one soon. It has the same parts, but they are packed without looking for what would be smaller.
    var isBrief: Bool

    init(bucket: Bucket, rows: [[UInt32]?], isBrief: Bool? = nil) {
        self.bucket = bucket
        self.rows = rows
        self.isBrief = isBrief ?? (bucket.level == .hour)
    }

    /// All rows.
    static func all(of sources: MergeSources, bucket: Bucket, isBrief: Bool? = nil) -> MergeSelection {
        MergeSelection(
            bucket: bucket, rows: [[UInt32]?](repeating: nil, count: sources.segments.count), isBrief: isBrief)
    }

    /// The places among the rows taken from a source that lie in a range of its rows.
    func places(source: Int, in range: Range<Int>) -> Range<Int> {
        guard let rows = rows[source] else { return range }
        return rows.firstPlace(notBelow: range.lowerBound)..<rows.firstPlace(notBelow: range.upperBound)
    }
}

extension [UInt32] {
    /// The first place of an ascending list whose number is not below `bound`.
    func firstPlace(notBelow bound: Int) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if Int(self[middle]) < bound { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
