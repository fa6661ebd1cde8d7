import Storage
import Synchronization

/// What was worked out from a set of segments alone, such as the union of their visitors: kept until the set changes,
/// the least recently used out first, within limits.
///
/// An entry is found by the segments it was made of, so that it can never belong to other data; one whose segments are
/// gone is not found again, and falls out.
final class DerivedCache: Sendable {
    /// The most bytes held, about. What is larger by itself is made for each query.
    static let maxBytes = 256 << 20
    /// The most entries held.
    static let maxEntries = 64

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
            /// ``ValueUnion`` of the column with this name, as bytes.
            case values([UInt8])
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
        var clock: UInt64 = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int = DerivedCache.maxBytes) { self.limit = limit }

    /// The entry of a key, made with `make` if it is not held. Two queries may make the same one at once; either is
    /// good.
    func entry<E: Entry>(_ key: Key, _ make: () throws(QueryError) -> E) throws(QueryError) -> E {
        let held = state.withLock { state -> (any Entry)? in
            state.clock += 1
            state.slots[key]?.used = state.clock
            return state.slots[key]?.entry
        }
        if let held = held as? E { return held }
        let entry = try make()
        let bytes = entry.bytes
        guard bytes <= limit else { return entry }
        state.withLock { state in
            if let old = state.slots.removeValue(forKey: key) { state.bytes -= old.bytes }
            while state.bytes + bytes > limit || state.slots.count >= Self.maxEntries {
                guard let oldest = state.slots.min(by: { $0.value.used < $1.value.used }) else { break }
                state.slots[oldest.key] = nil
                state.bytes -= oldest.value.bytes
            }
            state.clock += 1
            state.slots[key] = Slot(entry: entry, bytes: bytes, used: state.clock)
            state.bytes += bytes
        }
        return entry
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
