import NIOCore

/// Sends bodies as datagrams from one event loop, at the times at which they are due.
///
/// Lives on its event loop alone.
final class UDPWorker {
    private let loop: any EventLoop
    private let plan: RunPlan
    private let tally: SharedTally
    private var burst: DatagramBurst
    private var events = 0
    private var bytes = 0
    private var clock = SendClock()
    private var pacer: Pacer?
    private var deadline: NIODeadline?
    private var isOver = false
    private let done: EventLoopPromise<Void>
    private var failure: RunError?

    /// Opens a socket that sends to the address.
    init(loop: any EventLoop, plan: RunPlan, address: HostPort, tally: SharedTally) throws {
        self.loop = loop
        self.plan = plan
        self.tally = tally
        let resolved: SocketAddress
        do {
            resolved = try SocketAddress.makeAddressResolvingHost(address.host, port: address.port)
        } catch {
            throw RunError.cannotConnect(address: address.description, reason: HTTPWorker.reason(of: error))
        }
        burst = try DatagramBurst(to: resolved)
        done = loop.makePromise()
    }

    /// Sends until the time or the events have run out.
    func run(start: NIODeadline, number: Int) -> EventLoopFuture<Void> {
        pacer = plan.bodiesPerSecond.map {
            Pacer(start: start, bodiesPerSecond: $0, sender: number, senders: plan.threads)
        }
        deadline = plan.duration.map { start + $0 }
        pump()
        return done.futureResult
    }

    /// Sends what is due, up to a burst of datagrams, and comes back for more.
    private func pump() {
        guard !isOver else { return }
        let now = NIODeadline.now()
        for _ in 0..<DatagramBurst.limit {
            if let deadline, now >= deadline { return finish() }
            if let pacer, pacer.next > now {
                send()
                loop.assumeIsolated().scheduleTask(deadline: min(pacer.next, deadline ?? pacer.next)) { [self] in pump()
                }
                return
            }
            switch takeBody() {
            case .body(let body):
                pacer?.advance()
                add(body)
            case .later: return send()
            case .finished: return finish()
            case .failed(let error):
                failure = LoadRunner.runError(error)
                return finish()
            }
        }
        send()
        loop.assumeIsolated().execute { [self] in pump() }
    }

    private func add(_ body: Body) {
        var body = body
        body.setTimes(clock.text())
        if burst.isFull(before: body.bytes) { send() }
        burst.add(body.bytes)
        events += body.events
        bytes += body.bytes.readableBytes
    }

    /// Sends the burst. A closed port answers with an error that a socket hears of at its next call; the run goes on and
    /// counts it.
    private func send() {
        let count = burst.count
        guard count > 0 else { return }
        let (sent, reason) = burst.send()
        let (events, bytes) = (events, bytes)
        self.events = 0
        self.bytes = 0
        tally.update { tally in
            tally.requests += sent
            // Events and bytes of a burst of which something was refused are told by the share that was taken.
            tally.events += events * sent / count
            tally.bytes += bytes * sent / count
            tally.sendErrors += count - sent
            if let reason { tally.firstError = tally.firstError ?? reason }
        }
    }

    private func takeBody() -> BodyStock.Delivery {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let loop = loop
        return plan.stock.take {
            loop.execute { bound.value.pump() }
        }
    }

    private func finish() {
        isOver = true
        send()
        if let pacer, let deadline, failure == nil {
            let missed = pacer.due(before: min(deadline, .now())) * plan.batch
            tally.update { $0.unsent += missed }
        }
        if let failure { done.fail(failure) } else { done.succeed() }
    }
}
