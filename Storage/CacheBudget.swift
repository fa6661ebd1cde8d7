import Synchronization

/// One limit for everything that is kept in memory only so that it need not be read or worked out again: decoded parts,
/// lined-up visitors and values, partial results, whole answers.
///
/// Every cache takes what it keeps from here. When there is not enough, what was used the longest ago goes, whichever
/// cache has it: parts and what is lined up cost about the same a byte to make again (one to three nanoseconds), so that
/// the last use tells best what is worth least. Answers and partial results cost far more a byte, so that they count as
/// younger than they are by their ``Member/weight``.
///
/// Above the limit are at the most a sixteenth of it and the entries that the threads are putting in at one moment.
public final class CacheBudget: Sendable {
    /// A cache that shares the budget.
    public protocol Member: AnyObject, Sendable {
        /// How many times as long as a decoded part an unused entry stays.
        var weight: UInt64 { get }
        /// Calls `body` with when each entry was last used, see ``CacheBudget/tick()``, and its bytes.
        func forEachUse(_ body: (_ used: UInt64, _ bytes: Int) -> Void)
        /// Forgets the entries that were last used at `time` or before, and gives their bytes back to the budget.
        func forget(usedUpTo time: UInt64)
    }

    private struct WeakMember {
        weak var member: (any Member)?
    }

    /// The most bytes kept.
    public let limit: Int
    private let held = Atomic<Int>(0)
    private let time = Atomic<UInt64>(0)
    private let evicted = Atomic<Int>(0)
    private let members = Mutex<[WeakMember]>([])
    private let evicting = Mutex<Void>(())

    /// - Parameter limit: bytes that all caches keep together at most.
    public init(limit: Int) { self.limit = max(0, limit) }

    /// Bytes kept now.
    public var bytes: Int { held.load(ordering: .relaxed) }
    /// Bytes of what had to go so far.
    public var evictedBytes: Int { evicted.load(ordering: .relaxed) }

    /// Adds a cache, which is not kept alive by that.
    public func join(_ member: any Member) {
        members.withLock { members in
            members.removeAll { $0.member == nil }
            members.append(WeakMember(member: member))
        }
    }

    /// The time of a use: a number greater than all before.
    public func tick() -> UInt64 { time.add(1, ordering: .relaxed).newValue }

    /// Counts what a cache keeps from now on, or less than 0 for what it has given up.
    public func count(_ bytes: Int) { held.add(bytes, ordering: .relaxed) }

    /// Has the oldest entries of all caches go if they are above the limit. Called by a cache that has taken something
    /// in, without a lock of its own.
    ///
    /// - Complexity: O(1), O(entries · log entries) when something has to go, which makes room for a sixteenth of the
    ///   limit.
    public func makeRoom() {
        while bytes > limit {
            // Whoever comes while another one makes room need not wait for it, unless that one does not get on.
            guard bytes - limit > limit / 16 else {
                guard evicting.withLockIfAvailable({ _ in evict() }) == true else { return }
                continue
            }
            // It may have made the room that is waited for.
            guard evicting.withLock({ _ in bytes <= limit || evict() }) else { return }
        }
    }

    /// Returns whether anything went.
    private func evict() -> Bool {
        let members = self.members.withLock { $0.compactMap(\.member) }
        let now = time.load(ordering: .relaxed)
        var uses: [(age: UInt64, bytes: Int)] = []
        for member in members {
            let weight = max(1, member.weight)
            member.forEachUse { used, bytes in uses.append(((now &- min(used, now)) / weight, bytes)) }
        }
        uses.sort { $0.age > $1.age }
        var rest = bytes - limit + limit / 16
        var age = UInt64.max
        for use in uses {
            age = use.age
            rest -= use.bytes
            if rest <= 0 { break }
        }
        guard age != .max else { return false }
        let before = bytes
        for member in members {
            let (span, isTooLong) = age.multipliedReportingOverflow(by: max(1, member.weight))
            if !isTooLong, span <= now { member.forget(usedUpTo: now - span) }
        }
        evicted.add(max(0, before - bytes), ordering: .relaxed)
        return bytes < before
    }
}
