import Synchronization

/// Counts every event once: `received = accepted + duplicate + rejected + dropped` at every moment, because all of a
/// request's numbers are added in one step.
final class IngestCounters: Sendable {
    struct Counts: Sendable {
        var received: [Transport: Int] = [:]
        var accepted = 0
        var duplicate = 0
        var rejected: [String: Int] = [:]
        var dropped: [DropReason: Int] = [:]
        var ignoredFields = 0
        var deadLetters = 0
        /// Dead letters that were admitted anew, by what became of them.
        var replayed: [ReplayResult: Int] = [:]
        /// Events of requests that only asked what would become of them; they are counted nowhere else.
        var rehearsed = 0
        /// Accepted events that break a rule of a schema that only warns, by the rule.
        var schemaWarnings: [String: Int] = [:]
        /// Properties and events kept under a common name, since their site has as many names as it may have.
        var overflowedProperties = 0
        var overflowedEvents = 0
        /// Requests answered with the answer that their key had got before, and those whose key was another request's.
        var repeatedRequests = 0
        var reusedKeys = 0
        var overloaded = 0
        var commits = 0
        var committedRequests = 0
        var maintenanceFailures = 0
        /// Backups, by whether they were made.
        var backups: [Bool: Int] = [:]
    }

    private let counts = Mutex(Counts())

    /// Changes several numbers in one step.
    func add(_ change: (inout Counts) -> Void) {
        counts.withLock { change(&$0) }
    }

    /// The numbers at one moment.
    var now: Counts { counts.withLock { $0 } }
}

/// A metric as Prometheus knows it.
public struct MetricFamily: Sendable {
    /// What its numbers mean over time.
    public enum Kind: Sendable {
        case counter
        case gauge
    }

    public var name: String
    public var help: String
    public var kind: Kind
    public var samples: [(labels: [(String, String)], value: Double)]

    /// Creates a family.
    public init(
        name: String, help: String, kind: Kind, samples: [(labels: [(String, String)], value: Double)]
    ) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    init(_ name: String, _ help: String, _ kind: Kind, _ value: Int) {
        self.init(name: name, help: help, kind: kind, samples: [(labels: [], value: Double(value))])
    }
}
