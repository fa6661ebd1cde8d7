import RocksDB
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A named place in the program at which a test can let it fail.
///
/// The names are part of the tests' vocabulary: `WEIR_FAULTS=seal.commit=kill` and the like.
public enum FaultPoint: String, Sendable, CaseIterable {
    /// A body is decoded, nothing of it is committed.
    case ingestParsed = "ingest.parsed"
    /// A group is about to be looked at; nothing of it is known to the store.
    case commitBegin = "commit.begin"
    /// The group's batch is complete and about to be written. Fails like the write itself.
    case commitWrite = "commit.write"
    /// The batch is durable, but not yet visible. Fails like the write itself, since its outcome is then unknown.
    case commitWritten = "commit.written"
    /// The answers of a group have been handed over to the connections.
    case ackSent = "ack.sent"
    /// A partition is about to be sealed.
    case sealBegin = "seal.begin"
    /// The new segments are encoded.
    case sealEncoded = "seal.encoded"
    /// The batch that swaps log rows for segments is about to be written.
    case sealCommit = "seal.commit"
    /// That batch is durable, the state in memory is still the old one.
    case sealCommitted = "seal.committed"
    /// Segments have been chosen to be compacted.
    case compactBegin = "compact.begin"
    /// A batch of a new segment's parts is about to be written.
    case compactPart = "compact.part"
    /// The batch that swaps the old segments for the new one is about to be written.
    case compactCommit = "compact.commit"
    /// That batch is durable, the state in memory is still the old one.
    case compactCommitted = "compact.committed"
    /// Parts of a retired segment are about to be deleted.
    case retireDelete = "retire.delete"
    /// Segments past their retention are about to be retired.
    case retentionDelete = "retention.delete"
    /// An erasure is about to be written.
    case eraseCommit = "erase.commit"
    /// An erasure is durable, the state in memory is still the old one.
    case eraseCommitted = "erase.committed"
    /// A site is about to be deleted.
    case siteDelete = "site.delete"
    /// Recovery is about to read the sites.
    case recoverSites = "recover.sites"
    /// Recovery is about to read the segments' headers.
    case recoverSegments = "recover.segments"
    /// Recovery is about to read the log rows.
    case recoverLog = "recover.log"
    /// Recovery is about to read the idempotency ids.
    case recoverIds = "recover.ids"
    /// A store of an older format is about to be marked as one of the current format.
    case upgradeFormat = "upgrade.format"
    /// A graceful shutdown has refused new events and is about to commit the last ones.
    case shutdownDrain = "shutdown.drain"
    /// A backup is about to copy.
    case backupCopy = "backup.copy"

    /// Whether the step that follows can be left out on purpose (`=skip`): the deliberate mistakes that prove that
    /// the tests would notice such a one.
    public var canBeSkipped: Bool { self == .commitWrite }
}

/// The fault points of one store: counts how often each is reached and lets it fail as it was told to.
///
/// ``off`` is what a store has that nobody tests: there ``hit(_:)`` costs one load and a branch.
public final class FaultPoints: Sendable {
    /// Does nothing and counts nothing.
    public static let off = FaultPoints(isActive: false, orders: [])

    /// What happens at a point.
    enum Action: Sendable, Equatable {
        case kill
        case error
        case skip
        case delay(milliseconds: Int)
    }

    /// An action at one point, on some of its hits.
    struct Order: Sendable, Equatable {
        var point: FaultPoint
        var action: Action
        /// The first hit it happens on, from 1.
        var from: Int
        /// Whether it happens on every later hit too.
        var isPersistent: Bool

        func applies(to hit: Int) -> Bool { isPersistent ? hit >= from : hit == from }
    }

    private struct State {
        var hits: [FaultPoint: Int] = [:]
        var bodies: [FaultPoint: @Sendable (_ hit: Int) -> Void] = [:]
    }

    @usableFromInline let isActive: Bool
    private let orders: [Order]
    private let state = Mutex(State())

    private init(isActive: Bool, orders: [Order]) {
        self.isActive = isActive
        self.orders = orders
    }

    /// Fault points that count their hits and run what ``onHit(_:_:)`` installs, but fail of themselves at none.
    public convenience init() { self.init(isActive: true, orders: []) }

    /// Reads orders such as `seal.commit=kill@1000,commit.write=error@3+,compact.part=delay:50ms`.
    ///
    /// An order is `POINT=ACTION`, for every hit, `POINT=ACTION@N` for the Nth, or `POINT=ACTION@N+` from the Nth on.
    /// Actions: `kill` (SIGKILL to this very process), `error` (an injected I/O error), `delay:50ms` or `delay:2s`, and
    /// at `commit.write` `skip` (acknowledges without writing, to prove that tests notice).
    /// - Throws: ``StorageError/unusable(_:)``, which says what is not understood and what there is.
    public convenience init(parsing text: String) throws(StorageError) {
        var orders: [Order] = []
        for part in text.split(separator: ",") { orders.append(try Self.order(String(part))) }
        self.init(isActive: true, orders: orders)
    }

    /// Passes a point.
    ///
    /// - Returns: whether the step that follows is to be left out (only where ``FaultPoint/canBeSkipped``).
    /// - Throws: the injected error, where one was ordered.
    @inlinable
    @discardableResult
    public func hit(_ point: FaultPoint) throws(StorageError) -> Bool {
        guard isActive else { return false }
        return try count(point)
    }

    /// How often a point was passed; always 0 for ``off``.
    public func hits(_ point: FaultPoint) -> Int { state.withLock { $0.hits[point] ?? 0 } }

    /// Runs `body` at every further hit of a point, on the thread that hits it and before any ordered action; `nil`
    /// takes it out again. Not for ``off``, which is shared and ignores it.
    ///
    /// - Parameter body: gets the number of the hit, from 1. It may block; the program holds whatever locks it holds.
    public func onHit(_ point: FaultPoint, _ body: (@Sendable (_ hit: Int) -> Void)?) {
        guard isActive else { return }
        state.withLock { $0.bodies[point] = body }
    }

    /// The error that `=error` injects at a point.
    public static func error(at point: FaultPoint) -> StorageError {
        .database(RocksDBError(message: "IO error: injected at \(point.rawValue)"))
    }

    @usableFromInline
    @inline(never)
    func count(_ point: FaultPoint) throws(StorageError) -> Bool {
        let (hit, body) = state.withLock { state in
            state.hits[point, default: 0] += 1
            return (state.hits[point] ?? 0, state.bodies[point])
        }
        body?(hit)
        var isSkipped = false
        for order in orders where order.point == point && order.applies(to: hit) {
            switch order.action {
            case .kill: Self.die(at: point, hit)
            case .error: throw Self.error(at: point)
            case .skip: isSkipped = true
            case .delay(let milliseconds): Self.sleep(milliseconds)
            }
        }
        return isSkipped
    }

    private static func die(at point: FaultPoint, _ hit: Int) -> Never {
        // Past every buffer: this line is how a test knows which point it was.
        let line = Array("fault point \(point.rawValue), hit \(hit): killing this process\n".utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        _ = kill(getpid(), SIGKILL)
        // The signal is on its way and cannot be caught.
        while true { pause() }
    }

    private static func sleep(_ milliseconds: Int) {
        var wanted = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        var left = timespec()
        while nanosleep(&wanted, &left) != 0, errno == EINTR { wanted = left }
    }

    // MARK: Reading orders

    private static func order(_ text: String) throws(StorageError) -> Order {
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2 else { throw wrong(text, "an order is POINT=ACTION, POINT=ACTION@N or POINT=ACTION@N+") }
        guard let point = FaultPoint(rawValue: String(sides[0])) else {
            let names = FaultPoint.allCases.map(\.rawValue).joined(separator: ", ")
            throw wrong(text, "there is no point \"\(sides[0])\"; there are: \(names)")
        }
        let words = sides[1].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let action = action(words[0]), action != .skip || point.canBeSkipped else {
            throw wrong(text, "an action is kill, error, delay:50ms or delay:2s, and at commit.write also skip")
        }
        guard words.count == 2 else { return Order(point: point, action: action, from: 1, isPersistent: true) }
        let isPersistent = words[1].hasSuffix("+")
        guard let from = Int(isPersistent ? words[1].dropLast() : words[1]), from >= 1 else {
            throw wrong(text, "after the @ stands the number of a hit, from 1")
        }
        return Order(point: point, action: action, from: from, isPersistent: isPersistent)
    }

    private static func action(_ text: Substring) -> Action? {
        switch text {
        case "kill": return .kill
        case "error": return .error
        case "skip": return .skip
        default: break
        }
        guard text.hasPrefix("delay:") else { return nil }
        let time = text.dropFirst("delay:".count)
        let (digits, unit) = time.hasSuffix("ms") ? (time.dropLast(2), 1) : (time.dropLast(1), 1000)
        // An hour is longer than any test waits.
        guard unit == 1 || time.hasSuffix("s"), let number = Int(digits), (0...3_600_000).contains(number) else {
            return nil
        }
        return .delay(milliseconds: number * unit)
    }

    private static func wrong(_ text: String, _ reason: String) -> StorageError {
        .unusable("The fault order \"\(text)\" is not understood: \(reason).")
    }
}
