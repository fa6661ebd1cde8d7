extension RateSchedule {
    /// Up or down in a straight line.
    public static func ramp(from: Double, to: Double, seconds: Double) -> RateSchedule? {
        RateSchedule([Segment(seconds: seconds, from: from, to: to)])
    }

    /// One rate after the other, each for as long.
    public static func steps(_ rates: [Double], each seconds: Double) -> RateSchedule? {
        RateSchedule(rates.map { Segment(seconds: seconds, from: $0, to: $0) })
    }

    /// A base rate with a spike at the end of each period.
    public static func spikes(base: Double, peak: Double, every: Double, length: Double) -> RateSchedule? {
        guard length < every else { return nil }
        return RateSchedule([
            Segment(seconds: every - length, from: base, to: base), Segment(seconds: length, from: peak, to: peak),
        ])
    }

    /// A recorded curve, such as a day's traffic hour by hour, stretched over a length of time: straight lines between
    /// its points, and from the last one back to the first.
    ///
    /// - Parameters:
    ///   - points: The traffic at evenly spaced times, in any unit.
    ///   - rate: The mean in events a second.
    ///   - seconds: How long the curve takes.
    public static func curve(_ points: [Double], mean rate: Double, seconds: Double) -> RateSchedule? {
        let sum = points.reduce(0, +)
        guard points.count > 1, sum > 0, points.allSatisfy({ $0 >= 0 }) else { return nil }
        let scale = rate * Double(points.count) / sum
        return RateSchedule(
            points.indices.map { index in
                Segment(
                    seconds: seconds / Double(points.count), from: points[index] * scale,
                    to: points[(index + 1) % points.count] * scale)
            })
    }

    /// Reads a schedule as it is typed: `RATE@TIME`, or `FROM-TO@TIME` for a straight line, one after the other with
    /// commas between, such as `100@30s,100-1000@1m,1000@30s`.
    ///
    /// - Returns: Nil for anything else.
    public init?(_ text: String) {
        var segments: [Segment] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "@", omittingEmptySubsequences: false)
            guard sides.count == 2, let time = DurationText(String(sides[1])) else { return nil }
            let rates = sides[0].split(separator: "-", omittingEmptySubsequences: false).map { Self.rate($0) }
            guard (1...2).contains(rates.count), let from = rates[0], let to = rates[rates.count - 1] else {
                return nil
            }
            segments.append(Segment(seconds: time.seconds, from: from, to: to))
        }
        self.init(segments)
    }

    private static func rate(_ text: Substring) -> Double? {
        guard let first = text.utf8.first, (48...57).contains(first),
            text.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") })
        else { return nil }
        return Double(text)
    }
}
