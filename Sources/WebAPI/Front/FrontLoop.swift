import Access
import Dispatch
import Ingest
import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What the loops of the front share.
struct FrontShared: Sendable {
    let listening: ListenSocket
    let table: ConnectionTable
    let state: ServerState
    let access: AccessControl
    let requests: RequestCounters
    let counters: FrontCounters
    /// Whether a proxy's header names the country of clients.
    let readsCountry: Bool
    /// Takes a connection with which the front has nothing to do; `false` when nobody takes them any more.
    let handOver: @Sendable (HandedConnection) -> Bool
}

/// A connection on its way to the HTTP library, with what has been read of it.
struct HandedConnection: Sendable {
    var descriptor: CInt
    var address: String
    var bytes: [UInt8]
}

/// What the committer's thread tells a loop.
enum FrontMessage: Sendable {
    case group(Int, [GroupIntake.Answer])
    case alone(Int, Result<IngestAnswer, IngestError>)
}

/// The messages on their way to a loop, and the order to stop.
final class FrontMailbox: Sendable {
    private let messages = Mutex<[FrontMessage]>([])
    private let stopping = Atomic<Bool>(false)
    let wakeup: Wakeup

    init() throws(ServerStartError) { wakeup = try Wakeup() }

    func send(_ message: FrontMessage) {
        messages.withLock { $0.append(message) }
        wakeup.signal()
    }

    func take() -> [FrontMessage] {
        messages.withLock { messages in
            defer { messages.removeAll() }
            return messages
        }
    }

    func stop() {
        stopping.store(true, ordering: .releasing)
        wakeup.signal()
    }

    var isStopping: Bool { stopping.load(ordering: .acquiring) }
}

/// One thread of the front: accepts connections, reads requests, gathers their events, and answers when they are durable.
///
/// While one group of requests is being committed by the committer's thread, the next gathers here. It is submitted when
/// that commit is done and there is nothing else to do at the moment, so that a commit, which costs as much as answering
/// a dozen requests, is shared by as many as possible when there are many, and begins at once when there are few.
/// Everything here belongs to the loop's own thread but ``mailbox``.
final class FrontLoop {
    static let listeningToken = UInt64.max
    static let wakeupToken = UInt64.max - 1

    let shared: FrontShared
    let mailbox: FrontMailbox
    let epoll: EpollSet
    /// Connections by the token of their events; a place is used again only in the next round.
    @exclusivity(unchecked) var connections: [FrontConnection?] = []
    @exclusivity(unchecked) var free: [Int] = []
    @exclusivity(unchecked) var freed: [Int] = []
    @exclusivity(unchecked) var open = 0
    @exclusivity(unchecked) var isListening = false
    /// Taking events in, once the store is there.
    @exclusivity(unchecked) var intake: GroupIntake?
    /// Who is in the group that gathers, and in those that are being committed.
    @exclusivity(unchecked) var gathering: [GroupMember] = []
    @exclusivity(unchecked) var committing: [Int: [GroupMember]] = [:]
    @exclusivity(unchecked) var nextGroup = 0
    /// Rounds that a group has been held back although no commit is under way.
    @exclusivity(unchecked) var roundsHeld = 0
    @exclusivity(unchecked) var answers = FrontAnswer()
    /// Nanoseconds of the monotonic clock, taken once a round.
    @exclusivity(unchecked) var now: UInt64 = 0
    @exclusivity(unchecked) private var nextTick: UInt64 = 0
    @exclusivity(unchecked) var isDraining = false
    @exclusivity(unchecked) private var drainDeadline = UInt64.max

    /// A request of a group.
    struct GroupMember {
        var place: Int
        var isPixel: Bool
    }

    init(_ shared: FrontShared, mailbox: FrontMailbox) throws(ServerStartError) {
        self.shared = shared
        self.mailbox = mailbox
        epoll = try EpollSet()
        guard epoll.add(wakeup: mailbox.wakeup.descriptor, token: Self.wakeupToken) else {
            throw ServerStartError("cannot wait for commits: \(String(cString: strerror(errno)))")
        }
    }

    /// Serves until the mailbox says stop and every connection has its answer.
    func run() {
        while true {
            refreshClock()
            if mailbox.isStopping, !isDraining { beginDraining() }
            if isDraining, open == 0 || now >= drainDeadline { break }
            let count = epoll.wait(milliseconds: waitMilliseconds)
            refreshClock()
            for index in 0..<count { handle(epoll[index]) }
            if now >= nextTick { tick() }
            submitGroup(isIdle: count == 0)
            free.append(contentsOf: freed)
            freed.removeAll(keepingCapacity: true)
        }
        for place in connections.indices { close(place) }
    }

    private var waitMilliseconds: CInt {
        // With a group to submit, only a look at what has come meanwhile.
        if !gathering.isEmpty, committing.isEmpty { return 0 }
        return nextTick > now ? CInt(clamping: (nextTick - now) / 1_000_000 + 1) : 0
    }

    private func refreshClock() {
        now = DispatchTime.now().uptimeNanoseconds
    }

    private func handle(_ event: EpollSet.Event) {
        switch event.token {
        case Self.listeningToken: acceptConnections()
        case Self.wakeupToken:
            mailbox.wakeup.reset()
            for message in mailbox.take() { deliver(message) }
        default:
            let place = Int(event.token)
            guard place < connections.count, let connection = connections[place] else { return }
            if event.isOver, connection.state == .commit {
                // Nobody will read the answer, but the commit goes on, and it is told here.
                connection.isGone = true
                return
            }
            if event.isWritable, connection.state == .answer { sendRest(place, connection) }
            if event.isReadable {
                connection.isReadable = true
                if event.isEnding { connection.isEnding = true }
                read(place, connection)
            }
        }
    }

    // MARK: Time

    /// What is looked after once a second: dates, deadlines, and whether there is room for connections again.
    private func tick() {
        nextTick = now + 1_000_000_000
        answers.update(now: time(nil))
        listen()
        for (place, connection) in connections.enumerated() {
            guard let connection, connection.deadline <= now else { continue }
            expire(place, connection)
        }
    }

    private func expire(_ place: Int, _ connection: FrontConnection) {
        switch connection.state {
        case .commit: return
        case .ending: break
        case .idle: shared.counters.count(.idle)
        case .answer: shared.counters.count(.answer)
        case .head, .body:
            let isHead = connection.state == .head
            shared.counters.count(isHead ? .head : .body)
            answer(place, connection, problem: isHead ? .slowHead : .slowBody, closes: true)
            return
        }
        close(place)
    }

    func deadline(_ seconds: Int) -> UInt64 { now + UInt64(seconds) * 1_000_000_000 }

    // MARK: The end

    /// Lets those go who are not waiting for anything; the others get their answer first.
    private func beginDraining() {
        isDraining = true
        drainDeadline = deadline(WebLimits.drainSeconds)
        if isListening { epoll.remove(shared.listening.descriptor) }
        isListening = false
        for (place, connection) in connections.enumerated() where connection?.state == .idle { close(place) }
    }

    /// Closes a connection and gives its place up.
    func close(_ place: Int) {
        guard let connection = connections[place] else { return }
        _ = systemClose(connection.descriptor)
        shared.table.leave(connection.address)
        forget(place)
    }

    /// Gives the place of a connection up that is closed or another's.
    func forget(_ place: Int) {
        connections[place] = nil
        freed.append(place)
        open -= 1
    }
}

/// The system's `close`, which the loop's own method hides.
func systemClose(_ descriptor: CInt) -> CInt { close(descriptor) }
