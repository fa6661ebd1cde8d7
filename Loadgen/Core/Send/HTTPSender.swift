import LoadgenSystem
import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What all senders of a kind of traffic have in common.
struct SenderPlan: Sendable {
    let address: SocketAddress
    let addressText: String
    /// The head of a request up to the number of `Content-Length`.
    let head: [UInt8]
    /// No request is begun after so many nanoseconds.
    let duration: Int64?
    /// Requests due before so many nanoseconds are not measured.
    let warmup: Int64
    /// How long the last answers are waited for, in nanoseconds.
    let patience: Int64
    /// How many bodies are made ahead.
    let ahead: Int
    /// Bytes that a slow client sends at once.
    let dribble: Int
    /// The share of connections that are slow.
    let slowShare: Double
    /// Whether 200 has to come with counts of events.
    let expectsCounts: Bool
    /// Ends the sending when it says so, beside the duration.
    let end: RunEnd?
    /// Whether which bodies were sent and acknowledged is to be remembered.
    let keepsLedger: Bool
}

/// Sends requests over its connections, each one to an idle connection when it is due: one thread, one epoll instance.
///
/// Requests are sent again, a bounded number of times, when the server asks for patience (429, 503) or a connection
/// breaks; the events' ids make that harmless.
final class HTTPSender {
    /// How often a request is sent at most.
    static let tryLimit = 10
    /// How often a connection is tried again at most, with growing pauses: about ten seconds in all.
    static let reconnectLimit = 8
    /// The longest wait that a server can ask for, in seconds.
    static let patienceLimit = 30
    static let connectLimit: Int64 = 5_000_000_000
    static let bodyLimit = 16 * 1024

    let plan: SenderPlan
    let tally: SharedTally
    var ledger = Ledger()
    var set: EventLoopSet
    var connections: [Connection]
    var idle: [Int] = []
    /// How many connections have a request.
    var busy = 0
    var dead = 0
    /// Connections with something to do at a time of their own.
    var waiting: Set<Int> = []
    /// Whether no further request is begun; those under way go on, and are sent again where they have to be.
    var isOver = false
    var lostReason: String?
    private var work: any Work
    private var ready: CircularBuffer<PreparedBody> = []
    private var making = PreparedBody()
    private var spare: [[UInt8]] = []
    private var isFinished = false
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 * 1024, alignment: 64)
    var start: Int64 = 0

    /// - Throws: ``RunError`` where the system lacks what it takes.
    init(plan: SenderPlan, connections: Int, work: any Work, tally: SharedTally) throws(RunError) {
        self.plan = plan
        self.work = work
        self.tally = tally
        set = try EventLoopSet()
        let slow = Int((Double(connections) * plan.slowShare).rounded())
        self.connections = (0..<connections).map {
            Connection(number: $0, dribble: $0 < slow ? plan.dribble : nil, bodyLimit: Self.bodyLimit)
        }
    }

    deinit { scratch.deallocate() }

    /// Opens all connections.
    func connect() throws(RunError) {
        for connection in connections { open(connection) }
        let limit = loadgen_now() + Self.connectLimit
        while connections.contains(where: { $0.state == .connecting }), loadgen_now() < limit {
            for index in 0..<set.wait(nanoseconds: 100_000_000) {
                let (token, flags) = set[index]
                settle(connections[token], flags)
            }
        }
        if let failed = connections.first(where: { $0.state != .open }) {
            let reason = lostReason ?? (failed.state == .connecting ? "no answer within five seconds" : "it is gone")
            throw .cannotConnect(address: plan.addressText, reason: reason)
        }
        lostReason = nil
        waiting = []
        idle = connections.map(\.number)
    }

    /// Sends until the time, the work or the connections have run out, then waits for the last answers.
    ///
    /// - Parameter start: The same for all threads, by the monotonic clock.
    func run(start: Int64) throws(RunError) {
        self.start = start
        let deadline = plan.duration.map { start + $0 }
        var lastCall: Int64?
        while true {
            let now = loadgen_now()
            wake(now)
            if let deadline, now >= deadline { isOver = true }
            if plan.end?.isReached == true { isOver = true }
            if !isOver { try dispatch(now) }
            if isFinished, ready.isEmpty { isOver = true }
            if dead == connections.count { isOver = true }
            if isOver {
                guard busy > 0 else { break }
                let end = lastCall ?? now + plan.patience
                lastCall = end
                if now >= end { break }
            }
            for index in 0..<set.wait(nanoseconds: pause(now, until: lastCall ?? deadline)) {
                let (token, flags) = set[index]
                handle(connections[token], flags)
            }
        }
        finish()
        if dead == connections.count, !connections.isEmpty {
            throw .connectionLost(address: plan.addressText, reason: lostReason ?? "no connection is left")
        }
    }

    private func finish() {
        for connection in connections {
            if let exchange = connection.exchange {
                tally.update { $0.unanswered += exchange.body.events }
                connection.exchange = nil
            }
            connection.close()
        }
    }

    /// Gives bodies that are due to idle connections, and makes some ahead.
    private func dispatch(_ now: Int64) throws(RunError) {
        while let number = idle.last {
            while ready.isEmpty, !isFinished { try prepare() }
            guard let body = ready.first, start + (body.due ?? 0) <= now else { return }
            ready.removeFirst()
            idle.removeLast()
            let connection = connections[number]
            busy += 1
            tally.update {
                $0.requests += 1
                $0.events += body.events
                $0.bytes += body.bytes.count
            }
            if plan.keepsLedger { ledger.sent.insert(body.number) }
            connection.exchange = .init(body: body, intended: body.due.map { start + $0 } ?? now)
            transmit(connection)
        }
        if ready.count < plan.ahead, !isFinished { try prepare() }
    }

    private func prepare() throws(RunError) {
        let step: Preparation
        do {
            step = try work.prepare(&making)
        } catch { throw LoadRunner.runError(error) }
        switch step {
        case .begun: break
        case .finished: isFinished = true
        case .ready:
            ready.append(making)
            making.bytes = spare.popLast() ?? []
            making.reset()
        }
    }

    /// How long to wait for events.
    private func pause(_ now: Int64, until end: Int64?) -> Int64 {
        if !isOver, ready.count < plan.ahead, !isFinished { return 0 }
        // Where somebody else ends the run, it is looked for now and then.
        var next = min(end ?? .max, plan.end == nil ? .max : now + 50_000_000)
        if !isOver, !idle.isEmpty, let body = ready.first { next = min(next, start + (body.due ?? 0)) }
        for number in waiting { next = min(next, connections[number].wakeAt ?? .max) }
        return next == .max ? -1 : max(0, next - now)
    }

    /// Keeps the memory of a body for the next one.
    func recycle(_ body: PreparedBody) {
        if spare.count < plan.ahead { spare.append(body.bytes) }
    }

    func handle(_ connection: Connection, _ flags: UInt32) {
        switch connection.state {
        case .closed, .dead: return
        case .connecting: settle(connection, flags)
        case .open:
            if connection.hasOutput, connection.dribble == nil, flags & UInt32(LOADGEN_WRITABLE) != 0 {
                let error = connection.flush()
                if error != 0 { return broke(connection, reason: systemMessage(error)) }
            }
            guard flags & (UInt32(LOADGEN_READABLE) | UInt32(LOADGEN_OVER)) != 0 else { return }
            switch connection.receive(scratch) {
            case .nothing: break
            case .answer(let answer): answered(connection, answer)
            case .ended(let reason): broke(connection, reason: reason)
            }
        }
    }
}
