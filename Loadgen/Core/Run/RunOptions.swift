/// What a run sends, to whom, and how fast.
public struct RunOptions: Sendable {
    /// Whom the events are sent to.
    public enum Target: Sendable {
        /// `POST …/v1/events`.
        case http(TargetURL)
        /// Datagrams, to which nothing is answered.
        case udp(HostPort)
    }

    /// Where the events come from.
    public enum Source: Sendable {
        /// A stream made on the way; every event's time is the time at which it is sent.
        case generated(GeneratorOptions)
        /// The lines of a file, sent as they are; `-` is standard input.
        case file(String)
    }

    /// Whom the events are sent to.
    public var target: Target
    /// Where the events come from.
    public var source: Source
    /// Events a second, sent whether or not the server keeps up; 0 is as fast as the connections allow.
    public var rate: Double = 0
    /// No request is begun after this time.
    public var duration: DurationText?
    /// No more events than these are sent.
    public var events: Int?
    /// Connections, each with one request at a time.
    public var connections = 4
    /// Events a request or datagram.
    public var batch = 100
    /// Threads that send.
    public var threads = 1
    /// Whether the server shall take events of any age.
    public var backfill = false
    /// The site that the URL names, for lines that name none.
    public var site: String?
    /// Further header fields of every request, such as an authorization.
    public var headers: [(name: String, value: String)] = []

    /// The most connections of one run.
    public static let connectionLimit = 10_000
    /// The most events of one request.
    public static let batchLimit = 100_000
    /// The most threads of one run.
    public static let threadLimit = 64
    /// The most bytes of one datagram.
    public static let datagramByteLimit = 60 * 1024

    /// A run with the defaults: 4 connections, 100 events a request, as fast as they allow.
    public init(target: Target, source: Source) {
        self.target = target
        self.source = source
    }

    /// Finds the first option that is out of bounds.
    func validate() throws(RunError) {
        guard rate >= 0, rate.isFinite else { throw .invalidOption("the rate must be 0 or more events a second") }
        guard (1...Self.connectionLimit).contains(connections) else {
            throw .invalidOption("connections must be 1 to \(Self.connectionLimit)")
        }
        guard (1...Self.batchLimit).contains(batch) else {
            throw .invalidOption("the batch must be 1 to \(Self.batchLimit) events")
        }
        guard (1...Self.threadLimit).contains(threads) else {
            throw .invalidOption("threads must be 1 to \(Self.threadLimit)")
        }
        guard events.map({ $0 > 0 }) ?? true else { throw .invalidOption("the number of events must be positive") }
    }
}

/// Why a run could not begin, or could not go on.
public enum RunError: Error, Equatable, CustomStringConvertible {
    /// An option has a value that it cannot have.
    case invalidOption(String)
    /// Nobody answers at the address.
    case cannotConnect(address: String, reason: String)
    /// The server went away and did not come back.
    case connectionLost(address: String, reason: String)
    /// The file could not be opened or read.
    case cannotRead(path: String, reason: String)

    /// A sentence for people.
    public var description: String {
        switch self {
        case .invalidOption(let reason): reason
        case .cannotConnect(let address, let reason): "cannot connect to \(address): \(reason)"
        case .connectionLost(let address, let reason): "lost the connection to \(address): \(reason)"
        case .cannotRead(let path, let reason): "cannot read \(path): \(reason)"
        }
    }
}
