import NIOCore
import Synchronization

/// A request's or datagram's content, made before it is due.
struct PreparedBody: Sendable {
    /// Lines of JSON, a whole request where ``isRequest`` says so, or nothing yet.
    var bytes: [UInt8] = []
    /// How many events they are; for a query 1.
    var events = 0
    /// How many of them a server has to refuse.
    var bad = 0
    /// Its number in the run, from 0.
    var number = 0
    /// When it is due, nanoseconds since the start; nil for as soon as possible.
    var due: Int64?
    /// Whether the bytes are a request with its head, not a body.
    var isRequest = false

    /// Makes room for the next one, keeping the memory.
    mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        events = 0
        bad = 0
        due = nil
        isRequest = false
    }
}

/// How far a body has come.
enum Preparation {
    /// There is more to do.
    case begun
    /// It can be sent.
    case ready
    /// There are no more bodies.
    case finished
}

/// Where a sender's requests come from. Each sender has its own, which share what they must.
protocol Work {
    /// Goes on making a body, for about as long as it takes to make ``Works/slice`` events, so that answers are not kept
    /// waiting.
    ///
    /// - Parameter body: Empty at first.
    mutating func prepare(_ body: inout PreparedBody) throws -> Preparation
}

/// What all kinds of work share.
enum Works {
    /// Events made at once between two looks at the connections.
    static let slice = 50
}

/// The numbers of a run's bodies, given out one by one.
final class BodyCounter: Sendable {
    private let next = Atomic<Int>(0)

    /// The next number.
    func take() -> Int { next.add(1, ordering: .relaxed).oldValue }

    /// How many have been given out.
    var count: Int { next.load(ordering: .relaxed) }
}

/// Nothing to do.
struct NoWork: Work {
    mutating func prepare(_ body: inout PreparedBody) throws -> Preparation { .finished }
}

/// Bodies of an ``IndexedStream``: number j holds events `j * batch` and on.
struct IndexedWork: Work {
    /// The form of a request.
    enum Form {
        /// A line an event.
        case lines
        /// `GET /v1/pixel.gif` with the event's fields as parameters.
        case pixel(PixelRequest)
    }

    var stream: IndexedStream
    let counter: BodyCounter
    let batch: Int
    /// No more events than these are sent.
    let limit: Int
    let schedule: RateSchedule?
    let form: Form
    private var isWithin = false
    private var scratch: [UInt8] = []

    init(
        stream: IndexedStream, counter: BodyCounter, batch: Int, limit: Int, schedule: RateSchedule?,
        form: Form = .lines
    ) {
        self.stream = stream
        self.counter = counter
        self.batch = batch
        self.limit = limit
        self.schedule = schedule
        self.form = form
    }

    mutating func prepare(_ body: inout PreparedBody) throws -> Preparation {
        if !isWithin {
            body.number = counter.take()
            guard body.number < limit / batch + (limit % batch == 0 ? 0 : 1) else { return .finished }
            body.due = schedule?.due(body.number * batch)
            isWithin = true
        }
        let first = body.number * batch
        let end = min(first + batch, limit)
        let stop = min(first + body.events + Works.slice, end)
        for position in first + body.events..<stop {
            switch form {
            case .lines: if stream.append(position, into: &body.bytes) { body.bad += 1 }
            case .pixel(let request):
                scratch.removeAll(keepingCapacity: true)
                if stream.append(position, into: &scratch) { body.bad += 1 }
                request.append(scratch, to: &body.bytes)
                body.isRequest = true
            }
        }
        body.events = stop - first
        guard stop == end else { return .begun }
        isWithin = false
        return .ready
    }
}

/// The lines of a file, as they are.
struct FileWork: Work {
    /// The file, which all senders take from.
    let file: SharedFile
    let counter: BodyCounter
    let batch: Int
    let schedule: RateSchedule?

    mutating func prepare(_ body: inout PreparedBody) throws -> Preparation {
        guard let lines = try file.next() else { return .finished }
        body.number = counter.take()
        body.due = schedule?.due(body.number * batch)
        body.events = lines.events
        body.bytes.append(contentsOf: lines.bytes.readableBytesView)
        return .ready
    }
}

/// A file that several senders take bodies from.
final class SharedFile: Sendable {
    private let bodies: Mutex<FileBodies>

    init(_ bodies: FileBodies) {
        self.bodies = Mutex(bodies)
    }

    /// The next body, or nil at the end.
    func next() throws -> Body? { try bodies.withLock { try $0.nextBody() } }
}
