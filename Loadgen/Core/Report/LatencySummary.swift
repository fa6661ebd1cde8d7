import Histogram

/// Latencies of answered requests in milliseconds, from the time at which each was due.
public struct LatencySummary: Sendable, Codable, Equatable {
    /// The least.
    public var min: Double
    /// The mean.
    public var mean: Double
    /// Half are not above this.
    public var p50: Double
    /// Nine in ten are not above this.
    public var p90: Double
    /// 99 in a hundred are not above this.
    public var p99: Double
    /// 999 in a thousand are not above this.
    public var p999: Double
    /// The greatest.
    public var max: Double

    private enum CodingKeys: String, CodingKey {
        case min, mean, p50, p90, p99
        case p999 = "p99.9"
        case max
    }

    /// The summary of a histogram in microseconds; nil for an empty one.
    init?(_ latencies: Latencies) {
        guard latencies.totalCount > 0 else { return nil }
        func milliseconds(_ percentile: Double) -> Double { Double(latencies.valueAtPercentile(percentile)) / 1000 }
        min = Double(latencies.min) / 1000
        mean = latencies.mean / 1000
        p50 = milliseconds(50)
        p90 = milliseconds(90)
        p99 = milliseconds(99)
        p999 = milliseconds(99.9)
        max = Double(latencies.max) / 1000
    }

    /// Rows of a table.
    func rows(_ name: String) -> [(String, String)] {
        [("p50", p50), ("p90", p90), ("p99", p99), ("p99.9", p999), ("max", max)].map { percentile, value in
            ("\(name) \(percentile)", RunReport.decimal(value, digits: 2) + " ms")
        }
    }
}

/// What the queries beside the events came to.
public struct QueryReport: Sendable, Codable {
    /// The wanted queries a second.
    public var rate: Double
    /// Queries sent.
    public var requests: Int
    /// Queries answered with success.
    public var answered: Int
    /// Queries that came back with an error, or were given up.
    public var failed: Int
    /// Errors by HTTP status, `connection` and `unreadable`.
    public var errors: [String: Int]
    /// The first error that the server gave, shortened.
    public var firstError: String?
    /// Nil where nothing was answered.
    public var latencyMilliseconds: LatencySummary?
    /// As ``RunReport/histogram``.
    public var histogram: String?

    private enum CodingKeys: String, CodingKey {
        case rate, requests, answered, failed, errors, histogram
        case firstError = "first_error"
        case latencyMilliseconds = "latency_ms"
    }
}
