/// What a run sends, to whom, and how fast.
public struct RunOptions: Sendable {
    /// Whom the events are sent to.
    public enum Target: Sendable {
        /// `POST …/v1/events`.
        case http(TargetURL)
        /// `GET …/v1/pixel.gif`, an event a request.
        case pixel(TargetURL)
        /// Datagrams, to which nothing is answered.
        case udp(HostPort)
    }

    /// Where the events come from.
    public enum Source: Sendable {
        /// A stream of which event i follows from the seed and i; its times go on from the run's start.
        case generated(StreamOptions)
        /// The lines of a file, sent as they are; `-` is standard input.
        case file(String)
        /// A file's events at the distances of their times, so many times as fast.
        case replay(String, ReplayFormat, speed: Double)
    }

    /// A dashboard's queries beside the events.
    public struct QueryLoad: Sendable {
        /// The server that is asked.
        public var url: TargetURL
        /// Queries a second.
        public var rate: Double
        /// Connections, each with one query at a time.
        public var connections = 4
        /// The site that is asked about.
        public var site: String?

        /// Queries at a rate.
        public init(url: TargetURL, rate: Double, site: String? = nil) {
            self.url = url
            self.rate = rate
            self.site = site
        }
    }

    /// Whom the events are sent to.
    public var target: Target
    /// Where the events come from.
    public var source: Source
    /// Events a second, sent whether or not the server keeps up; 0 is as fast as the connections allow.
    public var rate: Double = 0
    /// A rate that changes; goes before ``rate``.
    public var schedule: RateSchedule?
    /// No request is begun after this time.
    public var duration: DurationText?
    /// Requests that are due before this time are sent and not measured.
    public var warmup: DurationText?
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
    /// The share of connections whose clients send a few bytes at a time.
    public var slowClients = 0.0
    /// Queries beside the events.
    public var queries: QueryLoad?
    /// Whether the run remembers what was sent and acknowledged, so that it can be verified.
    public var keepsRecord = false
    /// Where a histogram a second is written, in HdrHistogram's log format.
    public var histogramLog: String?

    /// The most connections of one run.
    public static let connectionLimit = 10_000
    /// The most events of one request.
    public static let batchLimit = 100_000
    /// The most threads of one run.
    public static let threadLimit = 64
    /// The most bytes of one datagram.
    public static let datagramByteLimit = 60 * 1024
    /// Bytes that a slow client sends at a time.
    static let dribble = 64

    /// A run with the defaults: 4 connections, 100 events a request, as fast as they allow.
    public init(target: Target, source: Source) {
        self.target = target
        self.source = source
    }

    /// When events are due; nil for as fast as possible.
    var pace: RateSchedule? { schedule ?? (rate > 0 ? RateSchedule(constant: rate) : nil) }

    /// Finds the first option that is out of bounds.
    func validate() throws(RunError) {
        guard rate >= 0, rate <= RateSchedule.rateLimit else {
            throw .invalidOption("the rate must be 0 to 1000000000 events a second")
        }
        guard (1...Self.connectionLimit).contains(connections),
            queries.map({ (1...Self.connectionLimit).contains($0.connections) }) ?? true
        else { throw .invalidOption("connections must be 1 to \(Self.connectionLimit)") }
        guard (1...Self.batchLimit).contains(batch) else {
            throw .invalidOption("the batch must be 1 to \(Self.batchLimit) events")
        }
        guard (1...Self.threadLimit).contains(threads) else {
            throw .invalidOption("threads must be 1 to \(Self.threadLimit)")
        }
        guard events.map({ $0 > 0 }) ?? true else { throw .invalidOption("the number of events must be positive") }
        guard (0...1).contains(slowClients) else { throw .invalidOption("slow clients are a share from 0 to 1") }
        guard queries.map({ $0.rate > 0 && $0.rate <= RateSchedule.rateLimit }) ?? true else {
            throw .invalidOption("the rate of queries must be positive")
        }
        if case .replay(_, _, let speed) = source, !(speed > 0 && speed <= 1e6) {
            throw .invalidOption("the speed must be above 0 and at most 1000000")
        }
        if keepsRecord {
            guard case .generated = source else {
                throw .invalidOption("only generated events can be verified, since a file is not known by its seed")
            }
        }
        if case .pixel = target {
            guard case .generated = source else { throw .invalidOption("the pixel takes generated events") }
        }
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
    /// The system lacks something.
    case system(reason: String)

    /// A sentence for people.
    public var description: String {
        switch self {
        case .invalidOption(let reason): reason
        case .cannotConnect(let address, let reason): "cannot connect to \(address): \(reason)"
        case .connectionLost(let address, let reason): "lost the connection to \(address): \(reason)"
        case .cannotRead(let path, let reason): "cannot read \(path): \(reason)"
        case .system(let reason): "the system refuses: \(reason)"
        }
    }
}
