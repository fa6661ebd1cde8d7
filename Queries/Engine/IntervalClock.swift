/// Which of intervals of one length a row's time lies in, without dividing.
///
/// A quotient is the high half of a product with the divisor's reciprocal, rounded up: exact for numbers below 2^33 and
/// divisors below 2^31 (Granlund and Montgomery 1994, "Division by invariant integers using multiplication").
struct IntervalClock: Sendable {
    private let reciprocal: UInt64
    /// Interval of the month's start, and how far into it that is.
    private let before: Int64
    private let offset: UInt64
    private let last: Int64

    /// For rows whose times count from `month`; `nil` if the intervals differ in length or are too long.
    init?(_ intervals: Intervals, month: Int64) {
        guard let length = intervals.uniformLength, let first = intervals.boundaries.first, length > 1,
            length < 1 << 31
        else { return nil }
        let shift = month.subtractingClamped(first)
        let remainder = shift % length
        offset = UInt64(remainder < 0 ? remainder + length : remainder)
        before = (shift - (remainder < 0 ? remainder + length : remainder)) / length
        reciprocal = UInt64.max / UInt64(length) + 1
        last = Int64(max(0, intervals.count - 1))
    }

    /// The interval of a time, milliseconds since the month's start. A time outside of all gets the first or the last.
    @inline(__always)
    func index(of time: UInt32) -> UInt32 {
        let quotient = reciprocal.multipliedFullWidth(by: UInt64(time) &+ offset).high
        return UInt32(truncatingIfNeeded: min(max(before &+ Int64(truncatingIfNeeded: quotient), 0), last))
    }
}
