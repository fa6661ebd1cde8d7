import NIOCore
import NIOHTTP1
import NIOPosix

/// One keep-alive connection with one request at a time, which is opened again when it breaks.
///
/// Lives on its event loop alone, and keeps its worker alive until the worker lets go of it. Bodies are sent again, a
/// bounded number of times, when the server asks for patience (429, 503) or the connection breaks; the events' ids
/// make that harmless.
final class Lane {
    /// A body under way.
    private struct Exchange {
        let body: Body
        /// When it was due.
        let intended: NIODeadline
        var tries = 1
        var wasSent = false
    }

    /// How often a body is sent at most.
    static let tryLimit = 10
    /// How often a connection is tried again at most, with growing pauses: about ten seconds in all.
    private static let reconnectLimit = 8
    /// The longest wait that a server can ask for, in seconds.
    private static let patienceLimit: Int64 = 30

    private let worker: HTTPWorker
    private let loop: any EventLoop
    private var channel: (any Channel)?
    private var handler: AnswerHandler?
    private var exchange: Exchange?
    private var lastError = "the server closed the connection"
    private var isClosed = false
    private var isWaiting = false

    init(worker: HTTPWorker, loop: any EventLoop) {
        self.worker = worker
        self.loop = loop
    }

    /// Whether a body is under way.
    var isBusy: Bool { exchange != nil }

    /// Opens the connection for the first time.
    func connect() -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let address = worker.address
        return ClientBootstrap(group: loop)
            .connectTimeout(.seconds(5))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = AnswerHandler(lane: bound.value)
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(handler)
                    bound.value.handler = handler
                }
            }
            .connect(host: address.host, port: address.port)
            .map { bound.value.channel = $0 }
    }

    /// Sends a body that nobody else is sending. The lane must be idle.
    func send(_ body: Body, intended: NIODeadline) {
        exchange = Exchange(body: body, intended: intended)
        worker.tally.update {
            $0.requests += 1
            $0.events += body.events
            $0.bytes += body.bytes.readableBytes
        }
        transmit()
    }

    private func transmit() {
        guard let exchange, let channel, let handler, channel.isActive else { return reconnect(attempt: 0) }
        self.exchange?.wasSent = true
        let body = exchange.body.bytes
        handler.send(worker.head(contentLength: body.readableBytes), body, to: channel)
    }

    private func resend() {
        exchange?.tries += 1
        worker.tally.update { $0.retries += 1 }
        transmit()
    }

    /// Takes the answer to the body under way.
    func answered(status: Int, retryAfter: String?, answer: [UInt8]) {
        guard let exchange else { return }
        let latency = (NIODeadline.now() - exchange.intended).nanoseconds
        let isSuccess = (200..<300).contains(status)
        let counts = isSuccess ? AnswerCounts(answer) : nil
        let mayRetry = (status == 429 || status == 503) && exchange.tries < Self.tryLimit && !worker.isOver
        worker.tally.update { tally in
            tally.statuses[status, default: 0] += 1
            if let counts {
                tally.accepted += counts.accepted
                tally.duplicate += counts.duplicate
                tally.rejected += counts.rejected
                return
            }
            if isSuccess { tally.unreadableAnswers += 1 }
            if !mayRetry { tally.failed += exchange.body.events }
            if tally.firstError == nil {
                let text = String(decoding: answer.prefix(300), as: UTF8.self).split(whereSeparator: \.isNewline)
                tally.firstError = (["\(status)"] + text).joined(separator: " ")
            }
        }
        if counts != nil { worker.tally.record(latency: latency) }
        guard mayRetry else { return finish() }
        let seconds = retryAfter.flatMap { Int64($0) } ?? 1
        isWaiting = true
        loop.assumeIsolated().scheduleTask(in: .seconds(max(0, min(seconds, Self.patienceLimit)))) { [self] in
            isWaiting = false
            if !isClosed, self.exchange != nil { resend() }
        }
    }

    /// The body under way is done, well or not.
    private func finish() {
        exchange = nil
        worker.becameIdle(self)
    }

    /// Remembers why the connection is about to break.
    func note(_ error: any Error) {
        lastError = HTTPWorker.reason(of: error)
    }

    /// The connection will not be used any more: the server closes it after this answer.
    func retire(_ handler: AnswerHandler) {
        guard handler === self.handler else { return }
        channel = nil
        self.handler = nil
    }

    /// A connection is gone.
    func disconnected(_ handler: AnswerHandler) {
        guard handler === self.handler else { return }
        retire(handler)
        guard !isClosed, exchange != nil, !isWaiting else { return }
        worker.tally.update {
            $0.brokenConnections += 1
            $0.firstError = $0.firstError ?? lastError
        }
        reconnect(attempt: 0)
    }

    /// Opens the connection again and sends what is under way.
    private func reconnect(attempt: Int) {
        guard !isClosed else { return }
        guard attempt < Self.reconnectLimit, !worker.isOver, (exchange?.tries ?? 0) < Self.tryLimit else {
            let events = exchange?.body.events ?? 0
            worker.tally.update { $0.failed += events }
            exchange = nil
            isClosed = true
            return worker.gaveUp(self, reason: lastError)
        }
        connect().assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success:
                if isClosed { return close() }
                if exchange?.wasSent == true { resend() } else { transmit() }
            case .failure(let error):
                note(error)
                let pause = TimeAmount.milliseconds(min(2500, 100 << Int64(attempt)))
                loop.assumeIsolated().scheduleTask(in: pause) { self.reconnect(attempt: attempt + 1) }
            }
        }
    }

    /// Closes the connection; a body still under way stays without an answer.
    func close() {
        isClosed = true
        if let exchange {
            worker.tally.update { $0.unanswered += exchange.body.events }
            self.exchange = nil
        }
        channel?.close(promise: nil)
        channel = nil
        handler = nil
    }
}
