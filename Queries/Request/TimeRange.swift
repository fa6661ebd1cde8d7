/// The time a query is about, as it was asked: relative ranges get their ends when the query is answered.
public enum TimeRange: Sendable, Equatable {
    /// From the first event to the last, or to now, whichever is later.
    case all
    /// Half-open, in Unix milliseconds. Without a start: from the first event; without an end: as `all`.
    case absolute(from: Int64?, to: Int64?)
    /// So many milliseconds before now, up to and with now.
    case last(Int64)
    /// Since midnight in the query's time zone.
    case today
    /// From midnight to midnight.
    case yesterday
    /// Since the first of the month.
    case month

    /// Puts the two ends of the range in.
    ///
    /// - Parameters:
    ///   - now: The clock, in Unix milliseconds. An event received in this very millisecond counts.
    ///   - firstEvent: The site's earliest event time; `nil` when it has no events.
    ///   - lastEvent: The site's latest event time; `nil` when it has no events.
    ///   - timezone: The zone of calendar ranges.
    /// - Returns: A range that may be empty but never ends before it starts.
    /// - Throws: `invalid_range` when an absolute range ends before it starts.
    public func resolve(
        now: Int64, firstEvent: Int64?, lastEvent: Int64?, timezone: TimeZoneSpec
    ) throws(QueryError) -> ResolvedRange {
        let now = now.clamped(to: Timestamp.range)
        let end = now + 1
        let dataEnd = max(now, (lastEvent ?? now).clamped(to: Timestamp.range)) + 1
        switch self {
        case .all:
            // A site without events has an empty range rather than one that starts at the beginning of time.
            return ResolvedRange(from: min(firstEvent ?? dataEnd, dataEnd), to: dataEnd)
        case .absolute(let from, let to):
            if let from, let to {
                guard from <= to else {
                    let formatter = TimeFormatter(timezone)
                    throw QueryError(
                        .invalidRange,
                        "`range`: it starts at \(formatter.string(from)), after its end at \(formatter.string(to))",
                        field: "range")
                }
                return ResolvedRange(from: from, to: to)
            }
            if let from { return ResolvedRange(from: from, to: max(from, dataEnd)) }
            let to = to ?? dataEnd
            return ResolvedRange(from: min(firstEvent ?? to, to), to: to)
        case .last(let duration):
            let earliest = Timestamp.range.lowerBound
            let (start, overflow) = now.subtractingReportingOverflow(duration)
            return ResolvedRange(from: overflow ? earliest : max(start, earliest), to: end)
        case .today:
            return ResolvedRange(from: startOfDay(now, timezone, daysBack: 0), to: end)
        case .yesterday:
            return ResolvedRange(
                from: startOfDay(now, timezone, daysBack: 1), to: startOfDay(now, timezone, daysBack: 0))
        case .month:
            var clock = ZoneClock(timezone)
            let today = CivilDate(localMs: clock.local(now))
            let first = CivilDate(year: today.year, month: today.month, day: 1)
            return ResolvedRange(from: min(clock.firstInstant(ofLocal: first.localMs), end), to: end)
        }
    }

    private func startOfDay(_ now: Int64, _ timezone: TimeZoneSpec, daysBack: Int64) -> Int64 {
        var clock = ZoneClock(timezone)
        let day = clock.local(now).flooredDivision(by: CivilDate.dayMs) - daysBack
        return min(clock.firstInstant(ofLocal: day * CivilDate.dayMs), now + 1)
    }
}

/// A time range with both ends, in Unix milliseconds: `from` belongs to it, `to` does not. `from <= to`.
public struct ResolvedRange: Sendable, Hashable {
    /// The first millisecond of the range.
    public var from: Int64
    /// The millisecond after its last.
    public var to: Int64

    public init(from: Int64, to: Int64) {
        self.from = from
        self.to = to
    }

    /// Whether no time at all lies in the range.
    public var isEmpty: Bool { from >= to }

    /// The range of the same length that ends where this one starts.
    public var previous: ResolvedRange {
        let (length, isTooLong) = to.subtractingReportingOverflow(from)
        let (start, isTooEarly) = from.subtractingReportingOverflow(length)
        return ResolvedRange(from: isTooLong || isTooEarly ? Int64.min : start, to: from)
    }

    /// Whether an instant, in Unix milliseconds, lies in the range.
    public func contains(_ time: Int64) -> Bool {
        from <= time && time < to
    }
}

extension Int64 {
    func clamped(to range: ClosedRange<Int64>) -> Int64 {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }

    /// Division that rounds down for negative numbers too.
    func flooredDivision(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }

    /// The rest of the division that rounds down; never negative.
    func flooredRemainder(by divisor: Int64) -> Int64 {
        let remainder = self % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}
