import Storage

/// What an answer depends on besides the query's own bytes: an answer that is kept at a place is that of every asking
/// whose place it ``covers(_:)``.
struct AnswerPlace: Sendable {
    /// The state of the site.
    private let version: UInt64
    private let watermark: Int64?
    /// The first millisecond that counts, where there are events before it; and the last one with which the same events
    /// would count.
    private var from: ClosedRange<Int64>?
    /// The millisecond after the last that counts, where there are events from there on; and the same.
    private var to: ClosedRange<Int64>?
    /// Where the first and the last interval start, for answers with intervals.
    private let intervals: ClosedRange<Int64>?
    /// Whether only the events in the range matter, and not where exactly it ends.
    private let isOfEvents: Bool

    /// The place of a query; `nil` for a query whose answer is not remembered.
    ///
    /// A range that ends with the clock's now ends somewhere else every time it is asked, but as long as no event lies
    /// behind either end, the events in it are the same ones: such an end is no part of the place.
    ///
    /// - Throws: what is wrong with the query's intervals.
    init?(_ query: Query, range: ResolvedRange, snapshot: Store.Snapshot, now: Int64) throws(QueryError) {
        version = snapshot.version
        watermark = snapshot.watermark
        let interval: Interval?
        switch query {
        case .aggregate(let query):
            // The range before is as long as this one, so both ends matter.
            if query.comparePrevious {
                (from, to, intervals) = (range.from...range.from, range.to...range.to, nil)
                isOfEvents = false
                return
            }
            interval = nil
        case .timeseries(let query): interval = query.interval
        case .top(let query): interval = query.seriesInterval
        case .funnel(let query):
            // Which windows are unfinished is a matter of the clock.
            guard query.interval == nil else { return nil }
            interval = nil
        case .retention:
            // Which intervals are over is a matter of the clock, until all are.
            guard range.to <= now else { return nil }
            (from, to, intervals) = (range.from...range.from, range.to...range.to, nil)
            isOfEvents = false
            return
        case .funnelVisitors, .paths, .sessions, .events, .values, .schema: interval = nil
        }
        isOfEvents = true
        from = snapshot.first.map { $0 < range.from } ?? false ? range.from...range.from : nil
        to = snapshot.last.map { $0 >= range.to } ?? false ? range.to...range.to : nil
        if let interval {
            let series = query.common.seriesRange(range, snapshot)
            let all = try Intervals(series, every: interval, in: query.common.timezone)
            intervals = all.count > 0 ? all.start(0)...all.start(all.count - 1) : nil
        } else {
            intervals = nil
        }
    }

    /// Whether an answer that is kept here is that of an asking.
    func covers(_ asked: AnswerPlace) -> Bool {
        func holds(_ kept: ClosedRange<Int64>?, _ asked: ClosedRange<Int64>?) -> Bool {
            guard let kept, let asked else { return kept == nil && asked == nil }
            return kept.contains(asked.lowerBound)
        }
        return version == asked.version && watermark == asked.watermark && intervals == asked.intervals
            && holds(from, asked.from) && holds(to, asked.to)
    }

    /// Rows that ``extend(_:range:)`` looks at, at the most.
    private static let maxRows = 4_000_000

    /// Finds out how far the ends of a range that moves with the clock may go before another event is in it or none
    /// any more, so that a query that is repeated is answered from what is kept as long as nothing has changed.
    ///
    /// - Complexity: O(rows of the segments that lie across an end); where those are more than some millions, it looks
    ///   at nothing and the ends stay as they are.
    mutating func extend(_ query: Query, range: ResolvedRange, execution: Execution) throws(QueryError) {
        guard isOfEvents, query.common.range.movesWithTheClock else { return }
        for end in [\Self.from, \Self.to] {
            guard let now = self[keyPath: end]?.lowerBound,
                let next = try Self.firstEvent(notBefore: now, execution)
            else { continue }
            self[keyPath: end] = now...max(now, next)
        }
    }

    /// The time of the first event at or after a time; `nil` if there is none, or if finding it would take long.
    private static func firstEvent(notBefore time: Int64, _ execution: Execution) throws(QueryError) -> Int64? {
        let later = execution.segments.filter { $0.header.first >= time }.map(\.header.first).min()
        let across = execution.segments.filter {
            $0.header.first < time && $0.header.last >= time
        }
        guard across.reduce(0, { $0 + $1.header.rows }) <= maxRows else { return nil }
        var earliest = later
        for segment in across {
            let month = segment.header.month
            let least = UInt32(clamping: time.subtractingClamped(month))
            var found = UInt32.max
            for piece in segment.pieces(names: Array(segment.header.names.indices)) {
                try execution.check()
                let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
                precondition(piece.range.upperBound <= times.count)
                times.withUnsafeBufferPointer { times in
                    for row in piece.range { found = min(found, times[row] >= least ? times[row] : .max) }
                }
            }
            if found < .max { earliest = min(earliest ?? .max, month + Int64(found)) }
        }
        return earliest
    }
}

extension TimeRange {
    /// Whether the ends depend on when it is asked.
    var movesWithTheClock: Bool {
        switch self {
        case .last, .today, .month, .all: true
        case .absolute(let from, let to): from == nil || to == nil
        case .yesterday: false
        }
    }
}
