import Logging
import NIOCore

/// What the receiver does with what it has taken off the socket. Called on the receiver's own thread.
package struct DatagramSink: Sendable {
    /// Takes `count` bytes of newline-separated JSON, followed by the padding the decoder may read over.
    package var offer: @Sendable (_ padded: [UInt8], _ count: Int, _ datagrams: Int, _ sender: String) -> Void
    /// Counts datagrams that were lost, by reason.
    package var dropped: @Sendable (_ reason: DropReason, _ datagrams: Int) -> Void

    package init(
        offer: @escaping @Sendable ([UInt8], Int, Int, String) -> Void,
        dropped: @escaping @Sendable (DropReason, Int) -> Void
    ) {
        self.offer = offer
        self.dropped = dropped
    }
}

/// The receiving loop: socket in, joined bodies out. Runs on one thread and owns everything it touches.
struct DatagramLoop: ~Copyable {
    private var socket: DatagramSocket
    private var vector: DatagramVector
    private var drops: KernelDrops?
    private let sink: DatagramSink
    private let logger: Logger

    /// The body that is being joined, how many datagrams are in it, and who sent them.
    private var body: [UInt8] = []
    private var joined = 0
    private var host: DatagramVector.Host?
    private var sender = ""

    /// How long the loop sleeps at most before it looks whether it shall stop.
    private static let pollMilliseconds: CInt = 100
    private static let maxJoinedBytes = 512 << 10
    /// How long datagrams that come one by one wait for others to be committed with. Nobody waits for an answer, and each
    /// commit costs as much as dozens of events.
    private static let gathering = Duration.milliseconds(gatherMilliseconds)
    private static let gatherMilliseconds: CInt = 10
    /// Vectors taken before the loop looks at the clock again.
    private static let vectorsAWait = 64
    /// Vectors taken after the stop at most: what was queued, but not an endless stream of newcomers.
    private static let vectorsAfterStop = 256

    init(
        socket: consuming DatagramSocket, vector: consuming DatagramVector, sink: DatagramSink, logger: Logger
    ) {
        self.drops = socket.inode().map { [isIPv6 = socket.boundAddress.protocol == .inet6] inode in
            KernelDrops(inode: inode, isIPv6: isIPv6)
        }
        self.socket = socket
        self.vector = vector
        self.sink = sink
        self.logger = logger
    }

    /// Receives until `shouldStop` says so, then takes what is still queued and returns.
    mutating func run(shouldStop: () -> Bool) {
        let clock = ContinuousClock()
        var nextDropCheck = clock.now.advanced(by: .seconds(1))
        var joinedSince = clock.now
        while !shouldStop() {
            let wasEmpty = joined == 0
            let wait = wasEmpty ? Self.pollMilliseconds : Self.gatherMilliseconds
            if socket.waitUntilReadable(milliseconds: wait) {
                receiveQueued()
            }
            let now = clock.now
            if wasEmpty { joinedSince = now }
            if joined > 0, now - joinedSince >= Self.gathering { deliver() }
            if now >= nextDropCheck {
                countKernelDrops()
                nextDropCheck = now.advanced(by: .seconds(1))
            }
        }
        var remaining = Self.vectorsAfterStop
        while remaining > 0, receiveVector() > 0 {
            remaining -= 1
        }
        deliver()
        countKernelDrops()
    }

    /// Takes what is queued, joined over as many calls as it takes: the more has gathered, the less each event costs.
    private mutating func receiveQueued() {
        for _ in 0..<Self.vectorsAWait where receiveVector() < vector.slots { break }
    }

    /// Takes a vector off the socket and adds it to the body that is being joined.
    private mutating func receiveVector() -> Int {
        let count = vector.receive(from: socket)
        guard count >= 0 else {
            // An ICMP answer to somebody else's datagram or a moment without memory: the next call will tell.
            logger.debug("receiving datagrams failed", metadata: ["errno": "\(-count)"])
            return 0
        }
        for slot in 0..<count {
            take(slot)
        }
        return count
    }

    /// Adds one datagram to the body that is being joined, or counts it as lost.
    private mutating func take(_ slot: Int) {
        if vector.isTruncated(slot) {
            sink.dropped(.truncated, 1)
            return
        }
        let (isBlank, canJoin) = vector.withDatagram(slot) { (DatagramRuns.isBlank($0), DatagramRuns.canJoin($0)) }
        if isBlank {
            sink.dropped(.invalid, 1)
            return
        }
        let host = vector.host(slot)
        if joined > 0, !canJoin || host != self.host {
            deliver()
        }
        if host != self.host {
            self.host = host
            sender = vector.sender(slot)?.ipAddress ?? ""
        }
        if joined > 0 { body.append(0x0A) }
        vector.append(slot, to: &body)
        joined += 1
        // A joined body stays far below what a body may hold, however small its events are.
        if !canJoin || body.count > Self.maxJoinedBytes {
            deliver()
        }
    }

    /// Hands the joined body over and begins the next.
    private mutating func deliver() {
        guard joined > 0 else { return }
        let count = body.count
        body.append(contentsOf: repeatElement(0, count: IngestService.padding))
        // The sender's address goes into the derived visitor only; it is never stored.
        sink.offer(body, count, joined, sender)
        body.removeAll(keepingCapacity: true)
        joined = 0
    }

    private mutating func countKernelDrops() {
        let new = drops?.takeNew() ?? 0
        if new > 0 {
            sink.dropped(.kernel, new)
        }
    }
}
