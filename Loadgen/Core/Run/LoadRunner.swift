import Histogram
import NIOCore
import NIOHTTP1
import NIOPosix

/// Runs a load against a server and reports how it went.
public struct LoadRunner: Sendable {
    /// The path that events are posted to.
    static let path = "/v1/events"
    /// How long the last answers are waited for when nothing more is to be sent.
    private static let patience = TimeAmount.seconds(30)
    /// The real rate whose sessions a generated stream without a rate imitates, in events a second.
    private static let assumedRate = 5000

    private let options: RunOptions

    /// Prepares a run.
    ///
    /// - Throws: ``RunError`` when an option is out of bounds.
    public init(_ options: RunOptions) throws(RunError) {
        try options.validate()
        self.options = options
    }

    /// Options of a stream for a run: without an end, and with its sessions about as long as the run's rate makes
    /// them in real time.
    ///
    /// - Parameters:
    ///   - rate: Events a second, 0 for as fast as possible.
    ///   - events: The end of the stream, or nil.
    ///   - visitors: The size of the population.
    ///   - seed: The stream's seed.
    ///   - site: The site that events name.
    public static func stream(rate: Double, events: Int?, visitors: Int, seed: UInt64, site: String?)
        -> GeneratorOptions
    {
        // Not so fast that most of the population would be in the shop at once.
        let perSecond = min(rate > 0 ? Int(min(rate, 1e6)) : assumedRate, assumedRate, max(1, visitors / 200))
        let days = GeneratorOptions.dayLimit
        let endless = max(1, perSecond) * 86_400 * days
        return GeneratorOptions(
            events: max(endless, events ?? 0), visitors: visitors, days: days, seed: seed, site: site)
    }

    /// Sends the events and waits for the answers.
    ///
    /// - Parameter progress: Called about once a second from another task.
    /// - Returns: The report; when the run had to end early, with the reason in ``RunReport/failure``.
    /// - Throws: ``RunError`` or ``GeneratorError`` when nothing could be sent at all.
    public func run(progress: (@Sendable (RunProgress) -> Void)? = nil) async throws -> RunReport {
        let source = try makeSource()
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: options.threads)
        let outcome: Result<RunReport, any Error>
        do {
            outcome = .success(try await run(source, pool: pool, group: group, progress: progress))
        } catch {
            outcome = .failure(error)
        }
        try await group.shutdownGracefully()
        try await pool.shutdownGracefully()
        return try outcome.get()
    }

    private func run(
        _ source: any BodySource, pool: NIOThreadPool, group: MultiThreadedEventLoopGroup,
        progress: (@Sendable (RunProgress) -> Void)?
    ) async throws -> RunReport {
        let loops = Array(group.makeIterator().prefix(options.threads))
        var bound = min(max(options.connections * 2, 8), 256)
        // Enough that a burst of datagrams is there while the next is made.
        if case .udp = options.target { bound = 8 * DatagramBurst.limit }
        let plan = RunPlan(
            stock: BodyStock(source, bound: bound, pool: pool),
            bodiesPerSecond: options.rate > 0 ? options.rate / Double(options.batch) : nil, batch: options.batch,
            duration: options.duration.map { .nanoseconds($0.nanoseconds) }, patience: Self.patience,
            threads: loops.count)
        let tallies = loops.map { _ in SharedTally() }
        let runs = try await connect(loops: loops, plan: plan, tallies: tallies)
        let start = NIODeadline.now()
        let reporter = progress.map { report in
            Task {
                while !Task.isCancelled {
                    try await Task.sleep(for: .seconds(1))
                    report(Self.progress(of: tallies, since: start))
                }
            }
        }
        var failure: RunError?
        let futures = runs.map { $0(start) }
        for future in futures {
            do { try await future.get() } catch { failure = failure ?? Self.runError(error) }
        }
        reporter?.cancel()
        let elapsed = Double((NIODeadline.now() - start).nanoseconds) / 1e9
        var tally = Tally()
        var latencies = tallies[0].latencies
        for (number, shared) in tallies.enumerated() {
            tally.add(shared.tally)
            if number > 0 { latencies.add(shared.latencies) }
        }
        return RunReport(
            options: options, tally: tally, latencies: latencies, elapsedSeconds: elapsed, failure: failure?.description
        )
    }

    private func makeSource() throws -> any BodySource {
        let byteLimit: Int
        switch options.target {
        case .http: byteLimit = .max
        case .udp: byteLimit = RunOptions.datagramByteLimit
        }
        switch options.source {
        case .generated(let stream):
            return try GeneratedBodies(stream, batch: options.batch, byteLimit: byteLimit, events: options.events)
        case .file(let path):
            do {
                let file = try SystemFile.reading(path)
                return FileBodies(file, batch: options.batch, byteLimit: byteLimit, events: options.events)
            } catch { throw RunError.cannotRead(path: error.path, reason: error.reason) }
        }
    }

    /// Opens all connections.
    ///
    /// - Returns: For each thread what starts it.
    private func connect(
        loops: [any EventLoop], plan: RunPlan, tallies: [SharedTally]
    ) async throws -> [@Sendable (NIODeadline) -> EventLoopFuture<Void>] {
        switch options.target {
        case .http(let url):
            let template = template(url)
            let connections = options.connections
            var workers: [NIOLoopBound<HTTPWorker>] = []
            for (number, loop) in loops.enumerated() {
                let share = connections / loops.count + (number < connections % loops.count ? 1 : 0)
                guard share > 0 else { break }
                let tally = tallies[number]
                let worker = try await loop.submit {
                    NIOLoopBound(
                        HTTPWorker(
                            loop: loop, plan: plan, address: url.address, template: template, connections: share,
                            tally: tally),
                        eventLoop: loop)
                }.get()
                try await loop.flatSubmit { worker.value.connect() }.get()
                workers.append(worker)
            }
            return workers.enumerated().map { number, worker in
                { start in worker.eventLoop.flatSubmit { worker.value.run(start: start, number: number) } }
            }
        case .udp(let address):
            var workers: [NIOLoopBound<UDPWorker>] = []
            for (number, loop) in loops.enumerated() {
                let tally = tallies[number]
                let worker = try await loop.submit {
                    NIOLoopBound(
                        try UDPWorker(loop: loop, plan: plan, address: address, tally: tally), eventLoop: loop)
                }.get()
                workers.append(worker)
            }
            return workers.enumerated().map { number, worker in
                { start in worker.eventLoop.flatSubmit { worker.value.run(start: start, number: number) } }
            }
        }
    }

    /// The head that all requests share.
    private func template(_ url: TargetURL) -> HTTPRequestHead {
        var query: [String] = []
        if options.backfill { query.append("backfill=true") }
        if let site = options.site { query.append("site=" + Self.percentEncoded(site)) }
        var headers = HTTPHeaders()
        headers.add(name: "host", value: url.address.description)
        headers.add(name: "user-agent", value: "loadgen")
        headers.add(
            name: "content-type", value: options.batch == 1 ? "application/json" : "application/x-ndjson")
        for header in options.headers { headers.replaceOrAdd(name: header.name, value: header.value) }
        return HTTPRequestHead(
            version: .http1_1, method: .POST,
            uri: url.prefix + Self.path + (query.isEmpty ? "" : "?" + query.joined(separator: "&")), headers: headers)
    }

    private static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                String(UnicodeScalar(byte))
            default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }

    private static func progress(of tallies: [SharedTally], since start: NIODeadline) -> RunProgress {
        var sum = Tally()
        for shared in tallies { sum.add(shared.tally) }
        return RunProgress(
            elapsedSeconds: Double((NIODeadline.now() - start).nanoseconds) / 1e9, sent: sum.events,
            answered: sum.accepted + sum.duplicate + sum.rejected, failed: sum.failed, retries: sum.retries)
    }

    /// Any error of a run as one that can be shown.
    static func runError(_ error: any Error) -> RunError {
        switch error {
        case let error as RunError: error
        case let error as FileError: .cannotRead(path: error.path, reason: error.reason)
        default: .invalidOption("\(error)")
        }
    }
}
