import Ingest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A connection while the front has it: its socket, the bytes that came, and where it stands. Confined to its loop.
final class FrontConnection {
    /// What is being waited for.
    enum State {
        /// The first byte of a request.
        case idle
        /// The rest of a request's head.
        case head
        /// The rest of a request's body.
        case body
        /// The commit of the request at the beginning of ``bytes``.
        case commit
        /// Room for the rest of an answer.
        case answer
        /// The client's end; our side is closed, and what still comes is thrown away.
        case ending
    }

    /// Room for most requests; grown for larger ones and given up again after them.
    static let usualCapacity = 4096

    let descriptor: CInt
    let address: String
    @exclusivity(unchecked) var state = State.idle
    /// When the state must have ended, nanoseconds of the loop's clock.
    @exclusivity(unchecked) var deadline: UInt64
    /// Whether there may be more to read.
    @exclusivity(unchecked) var isReadable = true
    /// The system has told that the client closed its side; what it sent before may still be unread.
    @exclusivity(unchecked) var isEnding = false
    /// The client's end has been read.
    @exclusivity(unchecked) var hasEnded = false
    /// The loop is at this connection already, and goes on with it by itself.
    @exclusivity(unchecked) var isBeingServed = false
    /// The connection broke while its request was being committed.
    @exclusivity(unchecked) var isGone = false
    @exclusivity(unchecked) var closesAfterAnswer = false
    /// The head of the request at the beginning of ``bytes``, once it is there.
    @exclusivity(unchecked) var head: RequestHead?
    /// What the requests of the connection have in common, as long as their heads say the same.
    @exclusivity(unchecked) var context: IngestContext?
    /// The query that ``context`` was made of.
    @exclusivity(unchecked) var query: [UInt8] = []
    /// What of an answer did not fit into the socket.
    @exclusivity(unchecked) var unsent: [UInt8] = []
    @exclusivity(unchecked) private(set) var count = 0
    @exclusivity(unchecked) private(set) var capacity = FrontConnection.usualCapacity
    @exclusivity(unchecked) private var memory: UnsafeMutableRawPointer

    init(descriptor: CInt, address: String, deadline: UInt64) {
        self.descriptor = descriptor
        self.address = address
        self.deadline = deadline
        memory = FrontConnection.allocate(FrontConnection.usualCapacity)
    }

    deinit {
        memory.deallocate()
    }

    /// The bytes that have come and are not answered.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    /// The body of the request whose head is `head`, with readable bytes behind it.
    func body(_ head: RequestHead) -> UnsafeRawBufferPointer {
        var end = head.length + head.bodyLength
        precondition(end <= count, "the request is complete")
        // A line feed behind the only event is not another line.
        while end > head.length, bytes[end - 1] == 0x0A || bytes[end - 1] == 0x0D || bytes[end - 1] == 0x20 { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[head.length..<end])
    }

    /// Reads what fits (`recv`).
    ///
    /// - Returns: bytes read, 0 at the client's end, or the error's number below zero.
    func receive() -> Int {
        let read = recv(descriptor, memory + count, capacity - count, 0)
        if read > 0 { count += read }
        return read < 0 ? -Int(errno) : read
    }

    /// Whether the request at the beginning of ``bytes`` is being committed or answered; what comes behind it waits.
    var isWaiting: Bool { state == .commit || state == .answer }

    /// Room that is left.
    var room: Int { capacity - count }

    /// Makes room for `needed` bytes altogether.
    func grow(to needed: Int) {
        guard needed > capacity else { return }
        let larger = FrontConnection.allocate(needed)
        larger.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = larger
        capacity = needed
    }

    /// Forgets the bytes of a request that is answered; those of the next move to the front.
    func consume(_ answered: Int) {
        precondition(answered <= count)
        count -= answered
        if capacity > FrontConnection.usualCapacity, count <= FrontConnection.usualCapacity {
            let usual = FrontConnection.allocate(FrontConnection.usualCapacity)
            usual.copyMemory(from: memory + answered, byteCount: count)
            memory.deallocate()
            memory = usual
            capacity = FrontConnection.usualCapacity
        } else if count > 0 {
            memmove(memory, memory + answered, count)
        }
    }

    /// Throws away what has come.
    func discard() { count = 0 }

    private static func allocate(_ count: Int) -> UnsafeMutableRawPointer {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count + IngestService.padding, alignment: 64)
        memset(memory, 0, count + IngestService.padding)
        return memory
    }
}
