import Access
import Dispatch
import Events
import Storage
import Synchronization

/// Which dead letters are admitted anew, and by which rules.
public struct ReplayOrder: Sendable {
    /// The site whose letters are meant.
    public var site: String
    /// Which of them.
    public var filter: DeadLetterFilter
    /// How many at most; the oldest first.
    public var limit: Int
    /// Whether events of any age are taken, as with a backfill.
    public var backfill: Bool
    /// Whether the site's schema is left alone.
    public var ignoresSchema: Bool
    /// Whether only events of that very site are taken: who asks may do nothing elsewhere.
    public var isConfined: Bool

    /// Creates an order.
    public init(
        site: String, filter: DeadLetterFilter, limit: Int, backfill: Bool = false, ignoresSchema: Bool = false,
        isConfined: Bool = false
    ) {
        self.site = site
        self.filter = filter
        self.limit = limit
        self.backfill = backfill
        self.ignoresSchema = ignoresSchema
        self.isConfined = isConfined
    }
}

/// What became of a dead letter that was admitted anew.
public enum ReplayResult: String, Sendable, CaseIterable {
    case accepted
    case duplicate
    case rejected
    /// Its bytes are not all there, or cannot be read.
    case skipped
}

/// What a replay came to.
public struct ReplayReport: Sendable, Equatable {
    /// Letters by what became of them. Those accepted, and those that had been stored before, are letters no more.
    public var accepted = 0
    public var duplicate = 0
    public var rejected = 0
    public var skipped = 0
    /// Letters that the order means and that were not reached within its limit.
    public var remaining = 0
    /// The first ``IngestService/maxProblems`` letters that were refused again or skipped.
    public var errors: [ReplayProblem] = []
}

/// Why a letter stays one.
public struct ReplayProblem: Sendable, Equatable {
    public var sequence: UInt64
    public var code: String
    public var detail: String
}

/// Lets one replay run at a time, so that two do not take the same letters twice over for nothing.
final class ReplayTurn: Sendable {
    private let isTaken = Atomic<Bool>(false)

    /// Whether the turn is the caller's now; then it must be given back.
    func take() -> Bool { !isTaken.exchange(true, ordering: .acquiring) }

    func giveBack() { isTaken.store(false, ordering: .releasing) }
}

extension IngestService {
    /// Letters that one commit of a replay takes, and their bytes.
    static let replayGroupLetters = 500
    static let replayGroupBytes = 8 << 20
    /// Times that a group is begun again since one of its letters went meanwhile.
    static let replayAttempts = 8
    /// The code of a letter that cannot be admitted anew since only its beginning was kept.
    public static let truncatedCode = "dead_letter_truncated"

    /// Admits dead letters anew: as if they came now, but for what depends on when they came (their time where they have
    /// none, how late they are) and from whom (the derived visitor, the user agent).
    ///
    /// Those that are taken, or were stored before by their id, leave the dead letters in the batch that stores them, so
    /// that each counts once whatever happens. Those that are refused again stay, with the new reason.
    ///
    /// - Returns: `nil` while another replay runs.
    public func replay(_ order: ReplayOrder) async throws(IngestError) -> ReplayReport? {
        guard replays.take() else { return nil }
        defer { replays.giveBack() }
        let store = store
        let sequences = await Self.blocking { store.deadLetterSequences(site: order.site, matching: order.filter) }
        var report = ReplayReport()
        report.remaining = max(0, sequences.count - order.limit)
        var rest = sequences.prefix(order.limit)
        while !rest.isEmpty {
            rest = rest.dropFirst(try await replayGroup(rest, order, &report))
        }
        return report
    }

    /// Admits the first letters of `sequences`; returns how many.
    private func replayGroup(
        _ sequences: ArraySlice<UInt64>, _ order: ReplayOrder, _ report: inout ReplayReport
    ) async throws(IngestError) -> Int {
        let store = store
        for _ in 0..<Self.replayAttempts {
            try checkAccepting()
            let read = await Self.blocking { () -> Result<[DeadLetter], StorageError> in
                Result { () throws(StorageError) in
                    try store.deadLetters(site: order.site, sequences: sequences.prefix(Self.replayGroupLetters))
                }
            }
            let letters: [DeadLetter]
            switch read {
            case .success(let found): letters = found
            case .failure(let error): throw IngestError(error)
            }
            var bytes = 0
            let group = letters.prefix { letter in
                defer { bytes += letter.event.count }
                return bytes < Self.replayGroupBytes
            }
            // Letters that went since do not hold up the rest.
            guard let last = group.last else { return min(sequences.count, Self.replayGroupLetters) }
            let passed = sequences.prefix { $0 <= last.sequence }.count
            guard let part = try await admit(Array(group), bytes: bytes, order) else { continue }
            report.add(part)
            counters.add { counts in
                counts.replayed[.accepted, default: 0] += part.accepted
                counts.replayed[.duplicate, default: 0] += part.duplicate
                counts.replayed[.rejected, default: 0] += part.rejected
                counts.replayed[.skipped, default: 0] += part.skipped
            }
            return passed
        }
        throw .overloaded(
            retryAfterSeconds: Self.retryAfterSeconds,
            detail: "The dead letters change while they are admitted anew. Ask again; what was taken so far is stored.")
    }

    /// Admits letters and commits what comes of it; `nil` if one of them is a letter no more.
    private func admit(
        _ letters: [DeadLetter], bytes: Int, _ order: ReplayOrder
    ) async throws(IngestError) -> ReplayReport? {
        let replayed = try decode(letters, order)
        if replayed.prepared.received == 0 { return replayed.report }
        let outcome: GroupCommitter.Outcome? = await withCheckedContinuation { continuation in
            let isTaken = committer.submit(replayed.prepared.item, bytes: bytes) {
                continuation.resume(returning: $0)
            }
            if !isTaken { continuation.resume(returning: nil) }
        }
        guard let outcome else { throw refusedByQueue() }
        settle(replayed.prepared, outcome, transport: .replay)
        switch outcome {
        case .failure(let error): throw IngestError(error)
        case .success(let outcome):
            if outcome.settlement == .stale { return nil }
            var report = replayed.report
            report.accepted = outcome.accepted
            report.duplicate = outcome.duplicates + replayed.prepared.duplicates
            return report
        }
    }

    /// Runs what waits for the disk or a lock off the threads that requests share.
    private static func blocking<R: Sendable>(_ work: @escaping @Sendable () -> R) async -> R {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: work()) }
        }
    }
}

extension ReplayReport {
    /// Adds what another group of letters came to.
    fileprivate mutating func add(_ other: ReplayReport) {
        accepted += other.accepted
        duplicate += other.duplicate
        rejected += other.rejected
        skipped += other.skipped
        errors += other.errors.prefix(IngestService.maxProblems - errors.count)
    }
}
