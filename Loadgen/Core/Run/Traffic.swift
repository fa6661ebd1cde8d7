import LoadgenSystem
import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What a run's options come to: where the events come from, and what each sender does.
struct Traffic: Sendable {
    /// The stream, with its origin set; nil for a file.
    let stream: StreamOptions?
    /// Events a request, fewer than asked for where a datagram could not hold them.
    let batch: Int
    let indexed: IndexedStream?
    let file: SharedFile?
    let replay: SharedReplay?
    let counter = BodyCounter()
    let end = RunEnd()
    let address: SocketAddress
    let queryAddress: SocketAddress?

    init(_ options: RunOptions) throws {
        let pace = options.pace
        var batch = options.batch
        if case .pixel = options.target { batch = 1 }
        let byteLimit: Int
        switch options.target {
        case .http(let url), .pixel(let url):
            address = try Self.resolve(url.address)
            byteLimit = .max
        case .udp(let target):
            address = try Self.resolve(target)
            byteLimit = RunOptions.datagramByteLimit
        }
        queryAddress = try options.queries.map { try Self.resolve($0.url.address) }
        var stream: StreamOptions?
        var indexed: IndexedStream?
        var file: SharedFile?
        var replay: SharedReplay?
        switch options.source {
        case .generated(var generated):
            if generated.origin == 0 {
                // A request's last event is due after its first: none of them is to be ahead of the clock.
                generated.origin = wallClockMilliseconds() - (pace?.due(batch - 1) ?? 0) / 1_000_000
            }
            if options.keepsRecord { generated.isNumbered = true }
            let made = try IndexedStream(generated, schedule: pace)
            batch = max(1, min(batch, byteLimit / made.longestLine))
            stream = generated
            indexed = made
        case .file(let path):
            file = SharedFile(
                FileBodies(
                    try Self.open(path), batch: batch, byteLimit: byteLimit, events: options.events))
        case .replay(let path, let format, let speed):
            replay = SharedReplay(
                FileBodies(try Self.open(path), batch: 1, events: options.events), format: format, speed: speed,
                batch: batch, byteLimit: byteLimit)
        }
        self.batch = batch
        self.stream = stream
        self.indexed = indexed
        self.file = file
        self.replay = replay
    }

    private static func open(_ path: String) throws(RunError) -> SystemFile {
        do { return try SystemFile.reading(path) } catch {
            throw .cannotRead(path: error.path, reason: error.reason)
        }
    }

    static func resolve(_ address: HostPort) throws(RunError) -> SocketAddress {
        do {
            return try SocketAddress.makeAddressResolvingHost(address.host, port: address.port)
        } catch { throw .cannotConnect(address: address.description, reason: "the name cannot be resolved") }
    }

    /// Events that were due by the end and not begun.
    ///
    /// - Parameters:
    ///   - elapsed: The run's length in nanoseconds.
    ///   - begun: How many bodies were begun.
    func unsent(_ options: RunOptions, elapsed: Int64, begun: Int) -> Int {
        guard let pace = options.pace, let duration = options.duration, replay == nil else { return 0 }
        let due = min(pace.count(before: min(duration.nanoseconds, elapsed)), options.events ?? .max)
        return max(0, (due + batch - 1) / batch - begun) * batch
    }

    /// What each thread does, to be called with the gate that lets all start at once.
    func senders(
        _ options: RunOptions, events: SharedTally, queries: SharedTally
    ) -> [@Sendable (StartGate) -> SenderOutcome] {
        var senders: [@Sendable (StartGate) -> SenderOutcome] = []
        for number in 0..<options.threads {
            let share = options.connections / options.threads + (number < options.connections % options.threads ? 1 : 0)
            if case .udp = options.target {
                let plan = plan(options)
                senders.append { gate in
                    Self.run(gate) { () throws(RunError) in
                        let sender = try DatagramSender(plan: plan, work: work(options), tally: events)
                        guard let start = gate.arrive() else { return nil }
                        defer { end.leave() }
                        try sender.run(start: start)
                        return sender.ledger
                    }
                }
            } else if share > 0 {
                let plan = plan(options)
                senders.append { gate in
                    Self.run(gate) { () throws(RunError) in
                        defer { end.leave() }
                        return try Self.send(plan, connections: share, work: work(options), tally: events, gate)
                    }
                }
            }
        }
        end.enter(senders.count)
        if let load = options.queries, let address = queryAddress {
            let plan = queryPlan(options, load, address)
            senders.append { gate in
                Self.run(gate) { () throws(RunError) in
                    let work = QueryWork(load, headers: options.headers)
                    return try Self.send(plan, connections: load.connections, work: work, tally: queries, gate)
                }
            }
        }
        return senders
    }

    private static func send(
        _ plan: SenderPlan, connections: Int, work: any Work, tally: SharedTally, _ gate: StartGate
    ) throws(RunError) -> Ledger? {
        let sender = try HTTPSender(plan: plan, connections: connections, work: work, tally: tally)
        try sender.connect()
        guard let start = gate.arrive() else { return nil }
        try sender.run(start: start)
        return sender.ledger
    }

    private static func run(_ gate: StartGate, _ body: () throws(RunError) -> Ledger?) -> SenderOutcome {
        do {
            guard let ledger = try body() else { return SenderOutcome() }
            return SenderOutcome(ledger: ledger, end: loadgen_now())
        } catch {
            if gate.start == nil {
                gate.fail()
                return SenderOutcome(error: error)
            }
            return SenderOutcome(error: error, end: loadgen_now())
        }
    }
}
