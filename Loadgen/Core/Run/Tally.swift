import Histogram
import Synchronization

/// What one sending thread has counted.
///
/// Every event sent ends in exactly one of: accepted, duplicate, rejected, failed, unanswered.
struct Tally: Sendable {
    var requests = 0
    var retries = 0
    var events = 0
    var bytes = 0
    var accepted = 0
    var duplicate = 0
    var rejected = 0
    /// Events of bodies that were given up.
    var failed = 0
    /// Events of bodies without an answer when the run ended.
    var unanswered = 0
    /// Events that were due but never sent, since all connections were busy.
    var unsent = 0
    /// Answers by HTTP status.
    var statuses: [Int: Int] = [:]
    /// Connections that broke while a request was under way.
    var brokenConnections = 0
    /// Answers with status 200 that could not be understood.
    var unreadableAnswers = 0
    /// Datagrams that the system did not take.
    var sendErrors = 0
    /// The first answer that was an error, for the report.
    var firstError: String?

    /// Events that have come to an end.
    var settled: Int { accepted + duplicate + rejected + failed }

    /// Adds another thread's counts.
    mutating func add(_ other: Tally) {
        requests += other.requests
        retries += other.retries
        events += other.events
        bytes += other.bytes
        accepted += other.accepted
        duplicate += other.duplicate
        rejected += other.rejected
        failed += other.failed
        unanswered += other.unanswered
        unsent += other.unsent
        statuses.merge(other.statuses, uniquingKeysWith: +)
        brokenConnections += other.brokenConnections
        unreadableAnswers += other.unreadableAnswers
        sendErrors += other.sendErrors
        firstError = firstError ?? other.firstError
    }
}

/// A thread's counts and latencies, where the thread that shows progress can look at them too.
final class SharedTally: Sendable {
    /// Latencies in microseconds, up to an hour, with three digits.
    typealias Latencies = Histogram<UInt64>

    private static let longestLatency: UInt64 = 3_600_000_000

    private struct State: Sendable {
        var tally = Tally()
        var latencies = Latencies(
            highestTrackableValue: SharedTally.longestLatency, numberOfSignificantValueDigits: .three)
    }

    private let state = Mutex(State())

    /// Changes the counts.
    func update(_ change: (inout Tally) -> Void) {
        state.withLock { change(&$0.tally) }
    }

    /// Records a latency in nanoseconds.
    func record(latency nanoseconds: Int64) {
        let microseconds = UInt64(max(0, nanoseconds) / 1000)
        state.withLock { _ = $0.latencies.record(min(microseconds, Self.longestLatency)) }
    }

    /// The counts by now.
    var tally: Tally { state.withLock { $0.tally } }

    /// The latencies by now.
    var latencies: Latencies { state.withLock { $0.latencies } }
}
