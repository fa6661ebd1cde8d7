/// One event of a visitor as the funnel's matchers see it, beside its time.
struct FunnelEvent: BitwiseCopyable {
    /// The steps it can take, by ``FunnelPlan``'s bits.
    var steps: UInt32
    /// The exclusions it is, by their place in the query.
    var excludes: UInt32
    /// The steps it is a repeat of, which `same` does not ask about: ``steps``, also where it takes none of them.
    var repeats: UInt32
    /// First of its values of `by` among the worker's, and how many.
    var firstKey: UInt32 = 0
    var keys: UInt32 = 0
    /// First of its values of `same` among the worker's, and how many.
    var firstValue: UInt32 = 0
    var values: UInt32 = 0
    /// Where its visitor stands, for lists of visitors: ordinal within a segment.
    var segment: UInt32 = 0
    var ordinal: UInt32 = 0
    /// Hash of the session id, 0 for none; only when sessions are counted.
    var session: UInt64 = 0
    /// Whether it passes the query's `where`; what does not only keeps sessions open.
    var counts = true

    init(steps: UInt32, excludes: UInt32) {
        self.steps = steps
        self.excludes = excludes
        repeats = steps
    }
}

/// A visitor's, or a session's, events in order of time.
typealias FunnelEvents = UnsafeBufferPointer<VisitorEvents<FunnelEvent>.Entry>

/// The best chain of one search: the longest, of those the fastest, of those the one that begins first.
struct FunnelFound: Equatable {
    /// Number of its events; 0 for none.
    var length = 0
    /// Time of its first event.
    var start: Int64 = 0
    /// Time of its last event.
    var end: Int64 = 0

    /// From first to last event, milliseconds.
    var duration: Int64 { end.subtractingClamped(start) }

    /// Takes another chain if it is better.
    @inline(__always)
    mutating func note(_ length: Int, _ start: Int64, _ end: Int64) {
        if length < self.length { return }
        if length == self.length {
            let (old, new) = (duration, end.subtractingClamped(start))
            if new > old || (new == old && start >= self.start) { return }
        }
        self = FunnelFound(length: length, start: start, end: end)
    }

    /// Whether another chain is longer, faster or earlier.
    func isWorse(than other: FunnelFound) -> Bool {
        if length != other.length { return length < other.length }
        if duration != other.duration { return duration > other.duration }
        return start > other.start
    }

    /// Whether neither is better.
    func isEqual(to other: FunnelFound) -> Bool {
        length == other.length && start == other.start && end == other.end
    }
}
