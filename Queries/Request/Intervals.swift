/// The length of a calendar's intervals.
public enum Interval: String, CaseIterable, Sendable {
    case minute
    case hour
    case day
    /// From Monday on.
    case week
    case month

    /// No interval of this kind is shorter, but for those that a change of the clock cuts; in milliseconds.
    fileprivate var shortestMs: Int64 {
        switch self {
        case .minute: 60_000
        case .hour: 3_600_000
        case .day: 23 * 3_600_000
        case .week: 7 * 23 * 3_600_000
        case .month: 28 * 23 * 3_600_000
        }
    }
}

/// The intervals of a calendar that a time range touches, in order and without gaps.
///
/// Days, weeks and months start at local midnight, so that a day has 23 or 25 hours where the clock changes. Hours and
/// minutes are steps of real time from where the local clock shows a whole one; an hour never has more than 60 minutes,
/// and where a zone moves its clock by half an hour, one has 30.
public struct Intervals: Sendable, Equatable {
    /// The start of each interval and the end of the last, ascending, in Unix milliseconds. The first is at or before
    /// the range's start, the last at or after its end. Empty for an empty range.
    public let boundaries: [Int64]
    /// The length of all intervals when it is the same, in milliseconds; `nil` otherwise.
    public let uniformLength: Int64?

    /// Lays the intervals of a range out.
    ///
    /// - Throws: `too_many_intervals`.
    /// - Complexity: O(intervals).
    public init(_ range: ResolvedRange, every interval: Interval, in zone: TimeZoneSpec) throws(QueryError) {
        guard !range.isEmpty else {
            boundaries = []
            uniformLength = nil
            return
        }
        let limit = QueryLimits.maxIntervals
        let tooMany = QueryError(
            .tooManyIntervals,
            "The range has more than \(limit) intervals of a \(interval.rawValue) (limit maxIntervals). "
                + "Ask for a shorter range or for longer intervals", field: "interval")
        let (length, overflow) = range.to.subtractingReportingOverflow(range.from)
        guard !overflow, length / interval.shortestMs <= Int64(limit) * 2, Timestamp.range.contains(range.from),
            Timestamp.range.contains(range.to)
        else { throw tooMany }

        var clock = ZoneClock(zone)
        var starts: [Int64] = []
        var cursor = IntervalCursor(interval, before: range.from, clock: &clock)
        while true {
            let start = cursor.start
            // Where the clock is set back over midnight, the start before last can be the one to drop.
            while let last = starts.last, start <= range.from || start <= last { starts.removeLast() }
            starts.append(start)
            if start >= range.to { break }
            guard starts.count <= limit else { throw tooMany }
            cursor.advance(clock: &clock)
        }
        boundaries = starts
        let lengths = zip(starts.dropFirst(), starts).map { $0 - $1 }
        let isUniform = lengths.allSatisfy { $0 == lengths.first }
        uniformLength = isUniform ? lengths.first : nil
    }

    /// How many intervals there are.
    public var count: Int { max(0, boundaries.count - 1) }

    /// The start of an interval, which is also its label, in Unix milliseconds.
    public func start(_ index: Int) -> Int64 { boundaries[index] }

    /// Which interval an instant lies in; `nil` outside of all.
    ///
    /// - Complexity: O(1) for intervals of one length, O(log intervals) otherwise.
    public func index(of time: Int64) -> Int? {
        guard let first = boundaries.first, let last = boundaries.last, time >= first, time < last else { return nil }
        if let uniformLength { return Int((time - first) / uniformLength) }
        var low = 0
        var high = boundaries.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if boundaries[middle] <= time { low = middle } else { high = middle }
        }
        return low
    }
}

/// Walks from one interval's start to the next.
private struct IntervalCursor {
    private let interval: Interval
    /// The local midnight that the start stands for, for days and longer.
    private var local: Int64 = 0
    private(set) var start: Int64

    /// Stands at an interval that starts well before an instant; its reader drops those that end too early.
    init(_ interval: Interval, before time: Int64, clock: inout ZoneClock) {
        self.interval = interval
        switch interval {
        case .minute, .hour:
            let length = interval.shortestMs
            // Two hours back, so that a change of the clock in between is walked over as it is from further away.
            let earlier = time - 2 * 3_600_000
            start = earlier - clock.local(earlier).flooredRemainder(by: length)
        case .day:
            local = clock.local(time).flooredDivision(by: CivilDate.dayMs) * CivilDate.dayMs
            start = clock.firstInstant(ofLocal: local)
        case .week:
            let day = clock.local(time).flooredDivision(by: CivilDate.dayMs)
            // Day 0 was a Thursday, three days after a Monday.
            local = (day - (day + 3).flooredRemainder(by: 7)) * CivilDate.dayMs
            start = clock.firstInstant(ofLocal: local)
        case .month:
            let date = CivilDate(localMs: clock.local(time))
            local = CivilDate(year: date.year, month: date.month, day: 1).localMs
            start = clock.firstInstant(ofLocal: local)
        }
    }

    mutating func advance(clock: inout ZoneClock) {
        switch interval {
        case .minute, .hour:
            let length = interval.shortestMs
            start += length - clock.local(start).flooredRemainder(by: length)
            return
        case .day: local += CivilDate.dayMs
        case .week: local += 7 * CivilDate.dayMs
        case .month:
            let date = CivilDate(localMs: local)
            let isDecember = date.month == 12
            local =
                CivilDate(year: isDecember ? date.year + 1 : date.year, month: isDecember ? 1 : date.month + 1, day: 1)
                .localMs
        }
        start = clock.firstInstant(ofLocal: local)
    }
}
