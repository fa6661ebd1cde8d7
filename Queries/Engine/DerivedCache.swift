import Storage
import Synchronization

/// What was worked out from a set of segments alone, such as the union of their visitors: kept until the set changes,
/// the least recently used out first, within a budget that it shares with other caches.
///
/// An entry is found by the segments it was made of, so that it can never belong to other data; one whose segments are
/// gone is not found again, and falls out.
final class DerivedCache: CacheBudget.Member {
    /// What is larger than this part of the budget is made for each query, which then holds it by itself.
    private static let largestShare = 0.75
    /// The most entries held.
    static let maxEntries = 1_024

    /// The most entries of one kind that are of sets with runs in flight: while events come in, each query has another set.
    private static let maxSets = 8

    /// What is kept.
    protocol Entry: AnyObject, Sendable {
        /// Bytes held, about.
        var bytes: Int { get }
    }

    /// Of which segments what is kept.
    struct Key: Hashable, Sendable {
        enum Kind: Hashable, Sendable {
            /// ``VisitorUnion``.
            case visitors
            /// ``AddedVisitors`` to the union with this number.
            case added(UInt64)
            /// ``LocatedVisitors`` in the union with this number.
            case located(UInt64)
            /// ``ValueUnion`` of the column with this name, as bytes.
            case values([UInt8])
            /// ``CodeCounts`` of the column with this name, as bytes.
            case counts([UInt8])
            /// ``HeadIndex`` of a ``ValueUnion`` with this number.
            case heads(UInt64)

            /// Whether there is one for each set of segments and runs in flight.
            var isOfSets: Bool {
                switch self {
                case .added, .values: true
                case .visitors, .heads, .located, .counts: false
                }
            }
        }

        var kind: Kind
        var segments: [SegmentIdentity]
    }

    private struct Slot {
        var entry: any Entry
        var bytes: Int
        var used: UInt64
    }

    private struct State {
        var slots: [Key: Slot] = [:]
        var bytes = 0
    }

    private let state = Mutex(State())
    private let budget: CacheBudget
    let weight: UInt64 = 1

    init(budget: CacheBudget) {
        self.budget = budget
        budget.join(self)
    }

    deinit { budget.count(-statistics.bytes) }

    /// Entries kept, and their bytes.
    var statistics: (entries: Int, bytes: Int) { state.withLock { ($0.slots.count, $0.bytes) } }

    /// The entry of a key, made with `make` if it is not held. Two queries may make the same one at once; either is
    /// good.
    ///
    /// - Parameter memory: counts what is too large to be kept.
    func entry<E: Entry>(
        _ key: Key, _ memory: QueryMemory, _ make: () throws(QueryError) -> E
    ) throws(QueryError) -> E {
        let now = budget.tick()
        let held = state.withLock { state -> (any Entry)? in
            state.slots[key]?.used = now
            return state.slots[key]?.entry
        }
        if let held = held as? E { return held }
        let entry = try make()
        let bytes = entry.bytes
        guard Double(bytes) <= Double(budget.limit) * Self.largestShare else {
            try memory.hold(bytes)
            return entry
        }
        let gone = state.withLock { state in
            var gone: [Slot] = []
            if let old = state.slots.removeValue(forKey: key) { gone.append(old) }
            if key.kind.isOfSets {
                let alike = state.slots.filter { $0.key.kind == key.kind }
                if alike.count >= Self.maxSets, let oldest = alike.min(by: { $0.value.used < $1.value.used }) {
                    state.slots[oldest.key] = nil
                    gone.append(oldest.value)
                }
            }
            while state.slots.count >= Self.maxEntries,
                let oldest = state.slots.min(by: { $0.value.used < $1.value.used })
            {
                state.slots[oldest.key] = nil
                gone.append(oldest.value)
            }
            state.slots[key] = Slot(entry: entry, bytes: bytes, used: now)
            let freed = gone.reduce(0) { $0 + $1.bytes }
            state.bytes += bytes - freed
            budget.count(bytes - freed)
            return gone
        }
        // Freed only here, after the lock is.
        withExtendedLifetime(gone) {}
        budget.makeRoom()
        return entry
    }

    /// Notes that an entry that ``entries(_:)`` gave is used.
    ///
    /// - Complexity: O(entries).
    func use(_ entry: any Entry) {
        let now = budget.tick()
        state.withLock { state in
            guard let key = state.slots.first(where: { $0.value.entry === entry })?.key else { return }
            state.slots[key]?.used = now
        }
    }

    /// The entries of a kind, which is not a use of them.
    ///
    /// - Complexity: O(entries).
    func entries(_ kind: Key.Kind) -> [any Entry] {
        state.withLock { state in state.slots.filter { $0.key.kind == kind }.map(\.value.entry) }
    }

    func forEachUse(_ body: (_ used: UInt64, _ bytes: Int) -> Void) {
        for slot in state.withLock({ Array($0.slots.values) }) { body(slot.used, slot.bytes) }
    }

    func forget(usedUpTo time: UInt64) {
        let gone = state.withLock { state in
            let gone = state.slots.filter { $0.value.used <= time }
            for (key, slot) in gone {
                state.slots[key] = nil
                state.bytes -= slot.bytes
                budget.count(-slot.bytes)
            }
            return gone
        }
        withExtendedLifetime(gone) {}
    }
}

/// Which rows a segment holds, while the store is open: its number, and how many rows are left of it, since a mask over
/// it hides more rows and never shows one again.
struct SegmentIdentity: Hashable, Sendable {
    private let site: UInt32
    private let number: UInt64
    private let isSealed: Bool
    private let rows: Int
    private let visitors: Int

    init(_ segment: Segment) {
        site = segment.site
        number = segment.number
        isSealed = segment.isSealed
        rows = segment.header.rows
        visitors = segment.header.visitors
    }
}
