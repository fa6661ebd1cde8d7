import Histogram

extension RunReport {
    /// Why reports cannot be merged.
    public enum MergeError: Error, Equatable, CustomStringConvertible {
        /// There are none.
        case nothing

        /// A sentence for people.
        public var description: String { "there are no reports to merge" }
    }

    /// The results of several processes that ran at the same time as one: counts and rates added up, percentiles of
    /// all latencies together, which no mean of percentiles would give.
    ///
    /// - Throws: ``MergeError``, or a reason where a report's histogram cannot be read.
    public static func merged(_ reports: [RunReport]) throws -> RunReport {
        guard var sum = reports.first else { throw MergeError.nothing }
        var latencies = try histogram(sum.histogram)
        var queryLatencies = try histogram(sum.queries?.histogram)
        for report in reports.dropFirst() {
            if report.target != sum.target { sum.target += ", \(report.target)" }
            if report.seed != sum.seed { sum.seed = nil }
            sum.connections += report.connections
            sum.rate += report.rate
            sum.warmupSeconds = max(sum.warmupSeconds, report.warmupSeconds)
            sum.elapsedSeconds = max(sum.elapsedSeconds, report.elapsedSeconds)
            sum.requests += report.requests
            sum.retries += report.retries
            sum.eventsSent += report.eventsSent
            sum.accepted += report.accepted
            sum.duplicate += report.duplicate
            sum.rejected += report.rejected
            sum.failed += report.failed
            sum.unanswered += report.unanswered
            sum.unsent += report.unsent
            sum.bytesSent += report.bytesSent
            sum.eventsPerSecond += report.eventsPerSecond
            sum.megabytesPerSecond += report.megabytesPerSecond
            sum.errors.merge(report.errors, uniquingKeysWith: +)
            sum.firstError = sum.firstError ?? report.firstError
            sum.failure = sum.failure ?? report.failure
            latencies.add(try histogram(report.histogram))
            queryLatencies.add(try histogram(report.queries?.histogram))
            sum.queries = merged(sum.queries, report.queries)
        }
        sum.latencyMilliseconds = LatencySummary(latencies)
        sum.histogram = latencies.totalCount > 0 ? try HistogramCode.encode(latencies) : nil
        sum.queries?.latencyMilliseconds = LatencySummary(queryLatencies)
        sum.queries?.histogram = queryLatencies.totalCount > 0 ? try HistogramCode.encode(queryLatencies) : nil
        return sum
    }

    private static func histogram(_ text: String?) throws -> Latencies {
        try text.map { try HistogramCode.decode($0) } ?? .latencies()
    }

    private static func merged(_ first: QueryReport?, _ second: QueryReport?) -> QueryReport? {
        guard var sum = first, let second else { return first ?? second }
        sum.rate += second.rate
        sum.requests += second.requests
        sum.answered += second.answered
        sum.failed += second.failed
        sum.errors.merge(second.errors, uniquingKeysWith: +)
        sum.firstError = sum.firstError ?? second.firstError
        return sum
    }
}
