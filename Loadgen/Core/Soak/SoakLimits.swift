/// How much a server may grow under a load that does not.
public struct SoakLimits: Sendable {
    /// By how many bytes its memory may grow an hour, once it is warm.
    public var memoryPerHour = 64.0 * 1_048_576
    /// What is allowed besides, since memory goes up and down with caches and compactions.
    public var memorySlack = 192.0 * 1_048_576
    /// By how many its open descriptors may grow an hour.
    public var descriptorsPerHour = 10.0
    /// What is allowed besides: files come and go with compactions.
    public var descriptorSlack = 40.0
    /// The most bytes on disk an event, the log's included, and what is allowed besides.
    public var diskPerEvent = 1024.0
    /// What is allowed besides.
    public var diskSlack = 256.0 * 1_048_576
    /// By how many times the 99th percentile may grow from the first to the last sample; nil is not looked at.
    public var latencyGrowth: Double? = 3
    /// Percentiles below this many milliseconds are as good as each other.
    public var latencyFloor = 50.0
    /// The share of the samples at the start in which it gets warm.
    public var warmup = 0.25

    /// The limits for hours.
    public init() {}

    /// Finds what grows too much.
    ///
    /// Growth is the slope of a line through the samples that outliers do not bend: the median of the slopes between all
    /// pairs of samples (Theil and Sen).
    ///
    /// - Complexity: O(n²) in the samples, of which at most ``sampleLimit`` evenly spaced ones are taken.
    /// - Returns: Each excess in words; nothing where there are fewer than four warm samples.
    public func excesses(_ samples: [ProcessSample]) -> [String] {
        let all = samples.dropFirst(Int(Double(samples.count) * warmup))
        let step = max(1, all.count / Self.sampleLimit)
        let warm = all.enumerated().filter { $0.offset % step == 0 }.map(\.element)
        guard warm.count >= 4, let first = warm.first, let last = warm.last else { return [] }
        let hours = (last.seconds - first.seconds) / 3600
        var excesses: [String] = []
        func check(
            _ what: String, _ value: (ProcessSample) -> Double?, _ perHour: Double, _ slack: Double, unit: Double
        ) {
            guard let slope = Self.slope(warm, value) else { return }
            let growth = slope * (last.seconds - first.seconds)
            if growth > perHour * hours + slack {
                let grown = RunReport.decimal(growth / unit, digits: 1)
                let allowed = RunReport.decimal((perHour * hours + slack) / unit, digits: 1)
                excesses.append("\(what) grew by \(grown) where \(allowed) are allowed")
            }
        }
        check("memory (MiB)", { Double($0.residentBytes) }, memoryPerHour, memorySlack, unit: 1_048_576)
        check("open descriptors", { Double($0.descriptors) }, descriptorsPerHour, descriptorSlack, unit: 1)
        let disk = Double(last.diskBytes) - Double(first.diskBytes)
        let allowed = Double(last.events - first.events) * diskPerEvent + diskSlack
        if disk > allowed {
            excesses.append(
                "the directory grew by \(RunReport.decimal(disk / 1_048_576, digits: 1)) MiB where "
                    + "\(RunReport.decimal(allowed / 1_048_576, digits: 1)) are allowed")
        }
        if let latencyGrowth, let slope = Self.slope(warm, \.p99) {
            let median = Self.median(warm.compactMap(\.p99))
            let half = slope * (last.seconds - first.seconds) / 2
            let (start, end) = (max(median - half, latencyFloor), max(median + half, latencyFloor))
            if end > start * latencyGrowth {
                excesses.append(
                    "the 99th percentile went from \(RunReport.decimal(start, digits: 1)) to "
                        + "\(RunReport.decimal(end, digits: 1)) ms where \(latencyGrowth) times is allowed")
            }
        }
        return excesses
    }

    /// The most samples that slopes are worked out from.
    static let sampleLimit = 500

    /// The slope a second; nil for fewer than two values.
    static func slope(_ samples: [ProcessSample], _ value: (ProcessSample) -> Double?) -> Double? {
        let points = samples.compactMap { sample in value(sample).map { (sample.seconds, $0) } }
        var slopes: [Double] = []
        for (index, first) in points.enumerated() {
            for second in points[(index + 1)...] where second.0 > first.0 {
                slopes.append((second.1 - first.1) / (second.0 - first.0))
            }
        }
        return slopes.isEmpty ? nil : median(slopes)
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }
}
