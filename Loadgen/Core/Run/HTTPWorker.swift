import NIOCore
import NIOHTTP1
import NIOPosix

/// What all sending threads of a run have in common.
struct RunPlan: Sendable {
    let stock: BodyStock
    /// Bodies a second of all threads together, or nil for as fast as possible.
    let bodiesPerSecond: Double?
    let batch: Int
    let duration: TimeAmount?
    /// How long the last answers are waited for after that.
    let patience: TimeAmount
    let threads: Int
}

/// The lanes of one event loop: gives each idle one the next body that is due.
///
/// Lives on its event loop alone.
final class HTTPWorker {
    let tally: SharedTally
    let address: HostPort
    private let loop: any EventLoop
    private let plan: RunPlan
    private let template: HTTPRequestHead
    private var lanes: [Lane] = []
    private var idle: [Lane] = []
    private var clock = SendClock()
    private var pacer: Pacer?
    private var deadline: NIODeadline?
    private var timer: Scheduled<Void>?
    /// Ends the wait for the last answers.
    private var lastCall: Scheduled<Void>?
    private var isSending = false
    private var isAskingStock = false
    private let done: EventLoopPromise<Void>
    private var failure: RunError?
    /// Whether the run is at its end and nothing more shall be sent, not even again.
    private(set) var isOver = false

    init(
        loop: any EventLoop, plan: RunPlan, address: HostPort, template: HTTPRequestHead, connections: Int,
        tally: SharedTally
    ) {
        self.loop = loop
        self.plan = plan
        self.address = address
        self.template = template
        self.tally = tally
        done = loop.makePromise()
        lanes = (0..<connections).map { _ in Lane(worker: self, loop: loop) }
    }

    /// Opens all connections.
    func connect() -> EventLoopFuture<Void> {
        let address = address.description
        let connected = EventLoopFuture.andAllSucceed(lanes.map { $0.connect() }, on: loop)
        connected.assumeIsolated().whenFailure { [self] _ in letGo() }
        return connected.flatMapErrorThrowing { error in
            throw RunError.cannotConnect(address: address, reason: Self.reason(of: error))
        }
    }

    /// Sends until the time, the events or the connections have run out, then waits for the last answers.
    ///
    /// - Parameters:
    ///   - start: The same for all threads.
    ///   - number: The number of this thread.
    func run(start: NIODeadline, number: Int) -> EventLoopFuture<Void> {
        pacer = plan.bodiesPerSecond.map {
            Pacer(start: start, bodiesPerSecond: $0, sender: number, senders: plan.threads)
        }
        deadline = plan.duration.map { start + $0 }
        idle = lanes
        isSending = true
        if let deadline {
            loop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in stopSending() }
        }
        pump()
        return done.futureResult
    }

    /// The head of a request with a body of this length.
    func head(contentLength: Int) -> HTTPRequestHead {
        var head = template
        head.headers.add(name: "content-length", value: String(contentLength))
        return head
    }

    /// A lane can take the next body.
    func becameIdle(_ lane: Lane) {
        idle.append(lane)
        if isSending { pump() } else { finishIfQuiet() }
    }

    /// A lane could not connect again.
    func gaveUp(_ lane: Lane, reason: String) {
        lanes.removeAll { $0 === lane }
        if lanes.isEmpty {
            failure = failure ?? .connectionLost(address: address.description, reason: reason)
        }
        if isSending, lanes.isEmpty { stopSending() } else if !isSending { finishIfQuiet() }
    }

    /// Gives bodies to idle lanes as long as there are both and they are due.
    private func pump() {
        while isSending, !isAskingStock, let lane = idle.last {
            let now = NIODeadline.now()
            if let deadline, now >= deadline { return stopSending() }
            var intended = now
            if let pacer {
                intended = pacer.next
                if intended > now { return wake(at: intended) }
            }
            switch takeBody() {
            case .body(var body):
                body.setTimes(clock.text())
                pacer?.advance()
                idle.removeLast()
                lane.send(body, intended: intended)
            case .later: isAskingStock = true
            case .finished:
                pacer = nil
                stopSending()
            case .failed(let error):
                failure = LoadRunner.runError(error)
                stopSending()
            }
        }
    }

    private func takeBody() -> BodyStock.Delivery {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let loop = loop
        return plan.stock.take {
            loop.execute {
                bound.value.isAskingStock = false
                bound.value.pump()
            }
        }
    }

    private func wake(at time: NIODeadline) {
        guard timer == nil else { return }
        timer = loop.assumeIsolated().scheduleTask(deadline: time) { [self] in
            timer = nil
            pump()
        }
    }

    /// No body is begun from now on.
    private func stopSending() {
        guard isSending else { return }
        isSending = false
        timer?.cancel()
        if let pacer, let deadline, failure == nil {
            let missed = pacer.due(before: min(deadline, .now())) * plan.batch
            tally.update { $0.unsent += missed }
        }
        finishIfQuiet()
    }

    private func finishIfQuiet() {
        guard lanes.contains(where: \.isBusy) else { return finish() }
        guard lastCall == nil else { return }
        lastCall = loop.assumeIsolated().scheduleTask(in: plan.patience) { [self] in finish() }
    }

    /// Closes everything; answers that are still to come are not waited for any more.
    private func finish() {
        guard !isOver else { return }
        isSending = false
        lastCall?.cancel()
        letGo()
        if let failure { done.fail(failure) } else { done.succeed() }
    }

    /// Closes all lanes and forgets them, since they hold on to the worker.
    private func letGo() {
        isOver = true
        for lane in lanes { lane.close() }
        lanes = []
        idle = []
    }

    /// Why a connection could not be made, without the stack of types around it.
    static func reason(of error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return reason(of: first.error) }
            return "the name cannot be resolved"
        case let error as IOError:
            return systemMessage(error.errnoCode)
        case ChannelError.connectTimeout: return "no answer within five seconds"
        default: return "\(error)"
        }
    }
}
