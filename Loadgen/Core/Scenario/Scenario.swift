import Foundation

/// A load as a file describes it: the stream, its faults, when events are due and how they are sent.
///
/// `Loadgen/scenarios` holds examples; every key is optional but `name` and `schedule`, and an unknown one is an error.
public struct Scenario: Sendable, Equatable {
    /// How events are sent.
    public enum Form: String, Sendable, CaseIterable {
        /// One event a request.
        case beacons
        /// Several events a request, as NDJSON.
        case batches
        /// One event a request, as parameters of the pixel.
        case pixel
        /// Datagrams.
        case udp
    }

    /// What it is, in a few words.
    public var name: String
    /// When events are due.
    public var schedule: RateSchedule
    /// What is sent; seed and origin are those of the run.
    public var stream = StreamOptions(seed: 1)
    /// How it is sent.
    public var form = Form.batches
    /// Events a request, where ``form`` is batches or udp.
    public var batch = 100
    /// Connections, each with one request at a time.
    public var connections = 16
    /// The share of connections whose clients send a few bytes at a time.
    public var slowClients = 0.0
    /// Queries a second beside the events.
    public var queries = 0.0

    /// Reads a file.
    ///
    /// - Throws: ``ScenarioError``.
    public static func read(_ path: String) throws(ScenarioError) -> Scenario {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch { throw ScenarioError(line: nil, "cannot read \(path): \(error.localizedDescription)") }
        return try Scenario(yaml: text)
    }

    /// Reads YAML.
    public init(yaml: String) throws(ScenarioError) {
        let file = try ScenarioReader(yaml: yaml)
        guard let name = try file.text("name") else { throw file.error("`name` is missing") }
        guard let schedule = try file.section("schedule") else { throw file.error("`schedule` is missing") }
        self.name = name
        self.schedule = try Self.schedule(schedule)
        var stream = StreamOptions(seed: 1)
        stream.site = try file.text("site")
        stream.sites = try file.count("sites") ?? stream.sites
        stream.visitors = try file.count("visitors") ?? stream.visitors
        stream.content = try file.choice("content") ?? stream.content
        stream.bots = try file.share("bots") ?? 0
        stream.hot = try file.share("hot") ?? 0
        stream.concurrency =
            try file.count("visits_at_once")
            ?? LoadRunner.stream(
                rate: self.schedule.meanRate, visitors: stream.visitors, seed: 1, site: nil
            ).concurrency
        if let faults = try file.section("faults") { stream.faults = try Self.faults(faults) }
        if let send = try file.section("send") {
            form = try send.choice("as") ?? form
            batch = try send.count("batch") ?? batch
            connections = try send.count("connections") ?? connections
            slowClients = try send.share("slow_clients") ?? 0
            try send.finish()
        }
        if form == .beacons || form == .pixel { batch = 1 }
        queries = try file.number("queries") ?? 0
        try file.finish()
        do { try stream.validate() } catch { throw file.error("\(error)") }
        self.stream = stream
    }

    private static func schedule(_ section: ScenarioReader) throws(ScenarioError) -> RateSchedule {
        guard let shape = try section.text("shape") else { throw section.error("`shape` is missing") }
        let schedule: RateSchedule?
        switch shape {
        case "constant": schedule = RateSchedule(constant: try section.needed("rate"))
        case "ramp":
            schedule = .ramp(
                from: try section.needed("from"), to: try section.needed("to"), seconds: try section.time("over"))
        case "steps": schedule = .steps(try section.numbers("rates"), each: try section.time("each"))
        case "spikes":
            schedule = .spikes(
                base: try section.needed("base"), peak: try section.needed("peak"), every: try section.time("every"),
                length: try section.time("length"))
        case "curve":
            schedule = .curve(
                try section.numbers("points"), mean: try section.needed("mean"), seconds: try section.time("over"))
        case "segments": schedule = RateSchedule(try section.text("segments") ?? "")
        default: throw section.error("`shape` is constant, ramp, steps, spikes, curve or segments, not `\(shape)`")
        }
        guard let schedule else { throw section.error("nothing is due by this schedule, or a number is out of bounds") }
        try section.finish()
        return schedule
    }

    private static func faults(_ section: ScenarioReader) throws(ScenarioError) -> StreamOptions.Faults {
        var faults = StreamOptions.Faults()
        faults.duplicates = try section.share("duplicates") ?? 0
        faults.bad = try section.share("bad") ?? 0
        faults.reorder = try section.count("reorder") ?? 0
        if let late = try section.section("late") {
            faults.late = try late.share("share") ?? 1
            faults.lateBy = Int64(try late.time("by") * 1000)
            try late.finish()
        }
        if let skew = try section.section("skew") {
            faults.skewed = try skew.share("share") ?? 1
            faults.skewedBy = Int64(try skew.time("by") * 1000)
            try skew.finish()
        }
        try section.finish()
        return faults
    }

    /// Options of a run of this scenario.
    ///
    /// - Parameters:
    ///   - url: The server.
    ///   - udp: Where datagrams go to, where ``form`` is udp.
    ///   - seed: The stream's seed.
    ///   - site: Another site than the file's.
    public func options(url: TargetURL, udp: HostPort?, seed: UInt64, site: String?) throws(RunError) -> RunOptions {
        var stream = stream
        stream.seed = seed
        stream.site = site ?? stream.site
        let target: RunOptions.Target
        switch form {
        case .beacons, .batches: target = .http(url)
        case .pixel: target = .pixel(url)
        case .udp:
            guard let udp else { throw .invalidOption("this scenario sends datagrams: say where to with --udp") }
            target = .udp(udp)
        }
        var options = RunOptions(target: target, source: .generated(stream))
        options.schedule = schedule
        options.batch = batch
        options.connections = connections
        options.slowClients = slowClients
        if queries > 0 {
            options.queries = RunOptions.QueryLoad(
                url: url, rate: queries, site: stream.sites > 1 ? stream.siteName(0) : stream.site)
        }
        return options
    }
}
