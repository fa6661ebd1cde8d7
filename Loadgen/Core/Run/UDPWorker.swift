import NIOCore
import NIOPosix

/// Sends bodies as datagrams from one event loop, at the times at which they are due.
///
/// Lives on its event loop alone.
final class UDPWorker {
    /// Datagrams that are given to the system at once.
    private static let burst = 32

    private let loop: any EventLoop
    private let plan: RunPlan
    private let tally: SharedTally
    private let channel: any Channel
    private var clock = SendClock()
    private var pacer: Pacer?
    private var deadline: NIODeadline?
    private var isOver = false
    private let done: EventLoopPromise<Void>
    private var failure: RunError?

    init(loop: any EventLoop, plan: RunPlan, channel: any Channel, tally: SharedTally) {
        self.loop = loop
        self.plan = plan
        self.channel = channel
        self.tally = tally
        done = loop.makePromise()
    }

    /// Opens a socket that sends to the address.
    static func connect(_ address: HostPort, loop: any EventLoop) -> EventLoopFuture<any Channel> {
        DatagramBootstrap(group: loop)
            .channelOption(.socketOption(.so_sndbuf), value: 4 << 20)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(IgnoreErrors())
                }
            }
            .connect(host: address.host, port: address.port)
            .flatMapErrorThrowing { error in
                throw RunError.cannotConnect(address: address.description, reason: HTTPWorker.reason(of: error))
            }
    }

    /// A closed port answers with an error that a socket hears of at its next call; the run goes on and counts it.
    private final class IgnoreErrors: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>

        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
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

    /// Sends what is due, up to a burst of datagrams, and comes back when the system has taken them.
    private func pump() {
        guard !isOver else { return }
        var sent = 0
        var last: EventLoopFuture<Void>?
        while sent < Self.burst {
            let now = NIODeadline.now()
            if let deadline, now >= deadline { return finish(after: last) }
            if let pacer, pacer.next > now {
                channel.flush()
                loop.assumeIsolated().scheduleTask(deadline: min(pacer.next, deadline ?? pacer.next)) { [self] in pump()
                }
                return
            }
            switch takeBody() {
            case .body(let body):
                pacer?.advance()
                last = send(body)
                sent += 1
            case .later:
                channel.flush()
                return
            case .finished: return finish(after: last)
            case .failed(let error):
                failure = LoadRunner.runError(error)
                return finish(after: last)
            }
        }
        channel.flush()
        last?.assumeIsolated().whenComplete { [self] _ in pump() }
    }

    private func send(_ body: Body) -> EventLoopFuture<Void> {
        var body = body
        body.setTimes(clock.text())
        let events = body.events
        let bytes = body.bytes.readableBytes
        let written = loop.makePromise(of: Void.self)
        channel.write(body.bytes, promise: written)
        let tally = tally
        written.futureResult.whenComplete { result in
            tally.update { tally in
                switch result {
                case .success:
                    tally.requests += 1
                    tally.events += events
                    tally.bytes += bytes
                case .failure(let error):
                    tally.sendErrors += 1
                    tally.firstError = tally.firstError ?? HTTPWorker.reason(of: error)
                }
            }
        }
        return written.futureResult
    }

    private func takeBody() -> BodyStock.Delivery {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let loop = loop
        return plan.stock.take {
            loop.execute { bound.value.pump() }
        }
    }

    private func finish(after last: EventLoopFuture<Void>?) {
        isOver = true
        channel.flush()
        if let pacer, let deadline, failure == nil {
            let missed = pacer.due(before: min(deadline, .now())) * plan.batch
            tally.update { $0.unsent += missed }
        }
        let finished = last ?? loop.makeSucceededVoidFuture()
        finished.assumeIsolated().whenComplete { [self] _ in
            channel.close(promise: nil)
            if let failure { done.fail(failure) } else { done.succeed() }
        }
    }
}
