import Histogram
import Synchronization

/// What one sending thread has counted.
///
/// Every event sent ends in exactly one of: accepted, duplicate, rejected, failed, unanswered.
struct Tally: Sendable {
    var requests = 0
    var retries = 0
    var events = 0
    /// Answered events whose requests were due after the warm-up.
    var measured = 0
    var bytes = 0
    var accepted = 0
    var duplicate = 0
    var rejected = 0
    /// Of the rejected, those that were no bad events on purpose.
    var unexpectedlyRejected = 0
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

    /// Events that were answered.
    var answered: Int { accepted + duplicate + rejected }

    /// Adds another thread's counts.
    mutating func add(_ other: Tally) {
        requests += other.requests
        retries += other.retries
        events += other.events
        measured += other.measured
        bytes += other.bytes
        accepted += other.accepted
        duplicate += other.duplicate
        rejected += other.rejected
        unexpectedlyRejected += other.unexpectedlyRejected
        failed += other.failed
        unanswered += other.unanswered
        unsent += other.unsent
        statuses.merge(other.statuses, uniquingKeysWith: +)
        brokenConnections += other.brokenConnections
        unreadableAnswers += other.unreadableAnswers
        sendErrors += other.sendErrors
        firstError = firstError ?? other.firstError
    }

    /// Errors by HTTP status, and `connection`, `unreadable` and `send`.
    var errors: [String: Int] {
        var errors: [String: Int] = [:]
        for (status, count) in statuses where !(200..<300).contains(status) { errors["\(status)"] = count }
        if brokenConnections > 0 { errors["connection"] = brokenConnections }
        if unreadableAnswers > 0 { errors["unreadable"] = unreadableAnswers }
        if sendErrors > 0 { errors["send"] = sendErrors }
        return errors
    }
}

/// A kind of traffic's counts and latencies, where all its threads and the one that shows progress get at them.
final class SharedTally: Sendable {
    private struct State: Sendable {
        var tally = Tally()
        var interval = Latencies.latencies()
        var before = Latencies.latencies()
    }

    private let state = Mutex(State())

    /// Changes the counts, and records a latency in nanoseconds where there is one.
    func update(latency: Int64? = nil, _ change: (inout Tally) -> Void) {
        state.withLock { state in
            change(&state.tally)
            if let latency {
                let microseconds = UInt64(max(0, latency) / 1000)
                _ = state.interval.record(min(microseconds, Latencies.longestLatency))
            }
        }
    }

    /// The counts by now.
    var tally: Tally { state.withLock { $0.tally } }

    /// The latencies since this was last asked.
    func takeInterval() -> Latencies {
        state.withLock { state in
            let interval = state.interval
            state.before.add(interval)
            state.interval.reset()
            return interval
        }
    }

    /// All latencies by now.
    var latencies: Latencies {
        state.withLock { state in
            var all = state.before
            all.add(state.interval)
            return all
        }
    }
}
