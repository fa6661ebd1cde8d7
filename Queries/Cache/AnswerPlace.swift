import Storage

/// What an answer depends on besides the query's own bytes. Two askings with equal keys and equal places have equal
/// answers.
struct AnswerPlace: Equatable, Sendable {
    /// The state of the site.
    let version: UInt64
    let watermark: Int64?
    /// The first millisecond that counts, where there are events before it.
    let from: Int64?
    /// The millisecond after the last that counts, where there are events from there on.
    let to: Int64?
    /// Where the first and the last interval start, for answers with intervals.
    let intervals: ClosedRange<Int64>?

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
                (from, to, intervals) = (range.from, range.to, nil)
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
            (from, to, intervals) = (range.from, range.to, nil)
            return
        case .funnelVisitors, .paths, .sessions, .events, .values, .schema: interval = nil
        }
        from = snapshot.first.map { $0 < range.from } ?? false ? range.from : nil
        to = snapshot.last.map { $0 >= range.to } ?? false ? range.to : nil
        if let interval {
            let series = query.common.seriesRange(range, snapshot)
            let all = try Intervals(series, every: interval, in: query.common.timezone)
            intervals = all.count > 0 ? all.start(0)...all.start(all.count - 1) : nil
        } else {
            intervals = nil
        }
    }
}
