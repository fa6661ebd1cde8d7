/// When events are due in an open loop, whether or not the server keeps up: a rate that changes linearly within each of
/// a row of segments.
///
/// Latency is measured from these times, so that a request which had to wait for a slow answer before it is charged for
/// the wait (no coordinated omission). The schedule is played over and over until the run ends.
public struct RateSchedule: Sendable, Equatable {
    /// A stretch of time over which the rate goes in a straight line.
    public struct Segment: Sendable, Equatable, Codable {
        /// Its length in seconds.
        public var seconds: Double
        /// Events a second at its start.
        public var from: Double
        /// Events a second at its end.
        public var to: Double

        /// A segment; equal rates are a constant one.
        public init(seconds: Double, from: Double, to: Double) {
            self.seconds = seconds
            self.from = from
            self.to = to
        }

        /// How many events are due in it.
        var events: Double { (from + to) / 2 * seconds }

        /// How many events are due in its first seconds.
        func events(within seconds: Double) -> Double {
            from * seconds + (to - from) / (2 * self.seconds) * seconds * seconds
        }

        /// After how many seconds so many events are due.
        ///
        /// The root of `slope/2 t² + from t = events` in the form that does not cancel.
        func time(of events: Double) -> Double {
            let slope = (to - from) / self.seconds
            let root = max(0, from * from + 2 * slope * events).squareRoot()
            let divisor = from + root
            return divisor > 0 ? min(seconds, 2 * events / divisor) : 0
        }
    }

    /// The segments, at least one.
    public let segments: [Segment]
    /// The events due before each segment of a round; the last element is the whole round's.
    private let before: [Double]
    /// The seconds before each segment.
    private let starts: [Double]

    /// The most segments of a schedule.
    public static let segmentLimit = 10_000
    /// The highest rate in events a second.
    public static let rateLimit = 1e9

    /// A schedule of segments.
    ///
    /// - Returns: Nil without a segment, with too many, where a length or a rate is out of bounds, and where nothing is
    ///   ever due.
    public init?(_ segments: [Segment]) {
        guard (1...Self.segmentLimit).contains(segments.count),
            segments.allSatisfy({ segment in
                segment.seconds > 0 && segment.seconds <= 366 * 86_400
                    && (0...Self.rateLimit).contains(segment.from) && (0...Self.rateLimit).contains(segment.to)
            })
        else { return nil }
        var before = [0.0]
        var starts = [0.0]
        for segment in segments {
            before.append(before[before.count - 1] + segment.events)
            starts.append(starts[starts.count - 1] + segment.seconds)
        }
        guard before[segments.count] > 0 else { return nil }
        self.segments = segments
        self.before = before
        self.starts = starts
    }

    /// The same rate for ever.
    public init?(constant rate: Double) {
        self.init([Segment(seconds: 3600, from: rate, to: rate)])
    }

    /// The length of a round in seconds.
    public var seconds: Double { starts[segments.count] }

    /// The events of a round.
    public var events: Double { before[segments.count] }

    /// The mean rate in events a second.
    public var meanRate: Double { events / seconds }

    /// When an event is due, in nanoseconds since the start.
    ///
    /// - Complexity: O(log n) in the segments.
    public func due(_ event: Int) -> Int64 {
        if isSimple { return Int64(Double(event) / segments[0].from * 1e9) }
        let number = Double(event)
        let round = (number / events).rounded(.down)
        let rest = max(0, number - round * events)
        let index = segment(where: { before[$0] <= rest })
        let time = starts[index] + segments[index].time(of: rest - before[index])
        return Int64((round * seconds + time) * 1e9)
    }

    /// How many events are due before a time in nanoseconds since the start.
    public func count(before nanoseconds: Int64) -> Int {
        guard nanoseconds > 0 else { return 0 }
        // The closed form is off by rounding alone; what `due` says is what counts.
        let time = Double(nanoseconds) / 1e9
        let round = (time / seconds).rounded(.down)
        let rest = time - round * seconds
        let index = segment(where: { starts[$0] <= rest })
        var count = Int(round * events + before[index] + segments[index].events(within: rest - starts[index]))
        while count > 0, due(count - 1) >= nanoseconds { count -= 1 }
        while due(count) < nanoseconds { count += 1 }
        return count
    }

    private var isSimple: Bool { segments.count == 1 && segments[0].from == segments[0].to }

    /// The last segment for which a condition holds that holds for all before it.
    private func segment(where holds: (Int) -> Bool) -> Int {
        var low = 0
        var high = segments.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if holds(middle) { low = middle } else { high = middle - 1 }
        }
        return low
    }
}
