import LoadgenSystem

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// One keep-alive connection with one request at a time. Lives on its sender's thread alone.
///
/// It moves bytes and keeps the books of its request; what happens next is the sender's to decide.
final class Connection {
    /// What it is doing.
    enum State {
        /// Not connected; the next request connects.
        case closed
        /// Waiting for the server to take the connection.
        case connecting
        /// Ready for a request, or within one.
        case open
        /// Given up.
        case dead
    }

    /// A request under way.
    struct Exchange {
        var body: PreparedBody
        /// When it was due, nanoseconds of the monotonic clock.
        var intended: Int64
        var tries = 1
        var wasSent = false
    }

    /// Its number within the sender.
    let number: Int
    /// Bytes that it sends at once, with a pause of ``pause`` between; nil for a client that is not slow.
    let dribble: Int?
    /// The pause of a slow client in nanoseconds.
    static let pause: Int64 = 20_000_000

    var state = State.closed
    var exchange: Exchange?
    /// When to go on, where it waits: to connect again, to send again, or with a slow request.
    var wakeAt: Int64?
    /// How often it has tried to connect in vain.
    var attempts = 0
    private(set) var descriptor: CInt = -1
    private var reader: ResponseReader
    private var output: [UInt8] = []
    private var written = 0

    init(number: Int, dribble: Int?, bodyLimit: Int) {
        self.number = number
        self.dribble = dribble
        reader = ResponseReader(bodyLimit: bodyLimit)
    }

    deinit { close() }

    /// Takes a socket that has begun to connect.
    func begin(_ socket: CInt) {
        descriptor = socket
        state = .connecting
        reader = reader.fresh()
        written = output.count
    }

    /// Closes the socket.
    func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
        state = .closed
    }

    /// Starts to send a request.
    func send(_ makeRequest: (inout [UInt8]) -> Void) {
        output.removeAll(keepingCapacity: true)
        makeRequest(&output)
        written = 0
        exchange?.wasSent = true
    }

    /// Whether there is something of the request left to send.
    var hasOutput: Bool { written < output.count }

    /// Sends what the system takes, or a slow client's next few bytes.
    ///
    /// - Returns: The system's error number, 0 for none.
    func flush() -> CInt {
        while written < output.count {
            let rest = output.count - written
            let count = output.withUnsafeBytes { bytes in
                Glibc.send(
                    descriptor, bytes.baseAddress.map { $0 + written }, min(rest, dribble ?? rest), CInt(MSG_NOSIGNAL))
            }
            if count >= 0 {
                written += count
                if dribble != nil { return 0 }
            } else if errno == EAGAIN {
                return 0
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }

    /// What came of reading.
    enum Received {
        case nothing
        case answer(HTTPAnswer)
        case ended(reason: String)
    }

    /// Reads what there is, up to one answer.
    func receive(_ scratch: UnsafeMutableRawBufferPointer) -> Received {
        while true {
            let count = recv(descriptor, scratch.baseAddress, scratch.count, 0)
            if count > 0 {
                do {
                    if let answer = try reader.take(UnsafeRawBufferPointer(rebasing: scratch[..<count])) {
                        return .answer(answer)
                    }
                } catch { return .ended(reason: "the server does not speak HTTP/1.1") }
                // Less than was asked for was all there is; an edge tells of more.
                if count < scratch.count { return .nothing }
            } else if count == 0 {
                if let answer = reader.end() { return .answer(answer) }
                return .ended(reason: "the server closed the connection")
            } else if errno == EAGAIN {
                return .nothing
            } else if errno != EINTR {
                return .ended(reason: systemMessage(errno))
            }
        }
    }
}
