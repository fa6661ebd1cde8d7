import Events

/// Which of a partition's rows go into which new segments when it is sealed.
struct SealPlan {
    /// The segments to write.
    private(set) var outputs: [MergeSelection] = []
    /// Rows that stay in flight.
    private(set) var openRows = 0
    /// Whether each hour of the month, counted from its start, stays in flight.
    private var isOpen: [Bool]

    /// Fewer late rows of a bucket than this do not become a segment of their own: those of all such buckets go into one
    /// segment together, so that events that trickle in over a month's buckets do not leave a small segment in each.
    static let minLateRows = 32_768

    /// - Parameters:
    ///   - watermark: buckets that end up to here are sealed.
    ///   - sealedThrough: buckets that end up to here were sealed before.
    ///   - all: whether rows of open buckets are sealed as well.
    ///   - longest: the longest bucket that is made; a site whose events are soon deleted has none of a month.
    /// - Complexity: O(rows).
    init(
        _ sources: MergeSources, watermark: Int64, sealedThrough: Int64, all: Bool, longest: BucketLevel = .month
    ) throws(StorageError) {
        let month = sources.month
        let monthEnd = CivilTime.monthEnd(of: month)
        let hours = Int((monthEnd - month) / Bucket.hour)
        let hour = UInt32(Bucket.hour)
        var rowsOfHour = [Int](repeating: 0, count: hours)
        for segment in sources.segments {
            for chunk in 0..<segment.header.chunks {
                for time in try segment.times(chunk: chunk) { rowsOfHour[Int(time / hour)] += 1 }
            }
        }
        isOpen = [Bool](repeating: false, count: hours)
        var bucketOfHour: [Bucket] = []
        var rows: [Bucket: Int] = [:]
        for index in 0..<hours {
            let (bucket, closed) = Bucket.longestClosed(
                holding: month + Int64(index) * Bucket.hour, month: month, monthEnd: monthEnd, watermark: watermark,
                longest: longest)
            bucketOfHour.append(bucket)
            isOpen[index] = !closed && !all
            if isOpen[index] {
                openRows += rowsOfHour[index]
            } else if rowsOfHour[index] > 0 {
                rows[bucket, default: 0] += rowsOfHour[index]
            }
        }
        let late = rows.filter { $0.value < Self.minLateRows && $0.key.end(monthEnd: monthEnd) <= sealedThrough }
        let common = late.count > 1 ? Set(late.keys) : []
        let wide = Bucket(level: .month, start: month)
        var targets = Set(rows.keys.filter { !common.contains($0) })
        if !common.isEmpty { targets.insert(wide) }
        let ordered = targets.sorted { ($0.start, $0.level) < ($1.start, $1.level) }
        let places = Dictionary(uniqueKeysWithValues: ordered.enumerated().map { ($1, $0) })
        let outputOfHour = (0..<hours).map { index -> Int in
            guard !isOpen[index], rowsOfHour[index] > 0 else { return -1 }
            let bucket = bucketOfHour[index]
            return places[common.contains(bucket) ? wide : bucket] ?? -1
        }
        if openRows == 0, ordered.count == 1 {
            outputs = [.all(of: sources, bucket: ordered[0])]
            return
        }
        outputs = ordered.map { MergeSelection(bucket: $0, rows: []) }
        for segment in sources.segments {
            let places = Set(
                Self.hours(of: segment.header).filter { rowsOfHour[$0] > 0 }.map { outputOfHour[$0] })
            if let place = places.first, places.count == 1, place >= 0 {
                for output in ordered.indices { outputs[output].rows.append(output == place ? nil : []) }
                continue
            }
            var taken = [[UInt32]](repeating: [], count: ordered.count)
            var row: UInt32 = 0
            for chunk in 0..<segment.header.chunks {
                for time in try segment.times(chunk: chunk) {
                    let output = outputOfHour[Int(time / hour)]
                    if output >= 0 { taken[output].append(row) }
                    row += 1
                }
            }
            for output in ordered.indices { outputs[output].rows.append(taken[output]) }
        }
    }

    /// The hours of the month, counted from its start, that rows may be of.
    private static func hours(of header: SegmentHeader) -> ClosedRange<Int> {
        Int((header.first - header.month) / Bucket.hour)...Int((header.last - header.month) / Bucket.hour)
    }

    /// Whether a run may have rows that stay in flight.
    func mayBeOpen(_ header: SegmentHeader) -> Bool {
        isOpen[Self.hours(of: header)].contains(true)
    }

    /// Whether a time, counted from the month's start, stays in flight.
    func isOpen(_ time: UInt32) -> Bool { isOpen[Int(time / UInt32(Bucket.hour))] }
}

extension Bucket {
    /// Where it ends, Unix milliseconds.
    ///
    /// - Parameter monthEnd: the end of its month.
    func end(monthEnd: Int64) -> Int64 {
        switch level {
        case .none, .month: monthEnd
        case .day: start + Bucket.day
        case .hour: start + Bucket.hour
        }
    }

    /// The shortest bucket that covers two of the same month.
    func union(_ other: Bucket, month: Int64) -> Bucket {
        if self == other { return self }
        let day = start - (start - month) % Bucket.day
        let isOneDay =
            level != .month && other.level != .month && level != .none && other.level != .none
            && other.start >= day && other.start < day + Bucket.day
        return isOneDay ? Bucket(level: .day, start: day) : Bucket(level: .month, start: month)
    }
}
