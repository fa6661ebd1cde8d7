/// The hours (UTC) that a segment's events fall into: the values of its roll-up by time, so that a series over whole
/// hours or days needs no rows.
public struct SegmentHours: Sendable, Equatable {
    /// Start of the calendar month that the rows' times count from, Unix milliseconds.
    private let month: Int64
    /// The first hour, counted from the month's start.
    private let first: UInt32
    /// Number of hours from the first event's to the last one's.
    public let count: Int

    private static let length: UInt32 = 3_600_000
    /// The column that the roll-up is stored under, which no dictionary column has.
    package static let column = UInt16.max

    /// The hours from the first event to the last; both are within the month and 49 days from its start.
    package init(month: Int64, first: Int64, last: Int64) {
        self.month = month
        self.first = UInt32(clamping: first - month) / Self.length
        count = Int(UInt32(clamping: last - month) / Self.length - self.first) + 1
    }

    /// The hours of a segment.
    public init(_ header: SegmentHeader) {
        self.init(month: header.month, first: header.first, last: header.last)
    }

    /// Start of the hour that a code of the roll-up stands for, Unix milliseconds.
    public func start(ofCode code: UInt32) -> Int64 {
        month + (Int64(first) + Int64(code) - 1) * Int64(Self.length)
    }

    /// Number of codes; the hours begin at 1, 0 being no time, which does not occur.
    var codes: Int { count + 1 }

    /// Writes the codes of rows.
    ///
    /// - Parameter times: milliseconds since the month's start, none outside the hours.
    package func codes(of times: UnsafeBufferPointer<UInt32>, into codes: inout [UInt32]) {
        let before = first &- 1
        codes.removeAll(keepingCapacity: true)
        codes.append(contentsOf: times.lazy.map { $0 / Self.length &- before })
    }
}

extension RollupBuilder {
    /// Begins the roll-up of a segment's time: an entry an hour, and the totals of all.
    ///
    /// Rows are added with the codes that ``SegmentHours/codes(of:into:)`` gives them.
    package init(
        hours: SegmentHours, names: [NameRun], visitorHashes: [UInt64], hasValues: Bool,
        limits: RollupLimits = RollupLimits()
    ) {
        var limits = limits
        // Hours are asked for all together: every one is a head.
        limits.headsPerName = max(limits.headsPerName, hours.count)
        limits.headsOfAll = max(limits.headsOfAll, hours.count)
        limits.sketches = max(limits.sketches, hours.count)
        self.init(
            names: names, codes: hours.codes, targets: RollupTargets(), visitorHashes: visitorHashes,
            hasValues: hasValues, keepsTotals: true, limits: limits)
    }
}
