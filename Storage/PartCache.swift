import Events
import Synchronization

/// Decoded parts of sealed segments, least recently used out first, within a budget that it shares with other caches.
///
/// Sharded by key so that the threads of a query do not wait for each other.
final class PartCache: CacheBudget.Member {
    struct Key: Hashable, Sendable {
        var segment: UInt64
        var part: PartID
        /// 0 for the part as it is stored; a mask over the segment has a number of its own.
        var view: UInt64 = 0
    }

    /// A decoded part.
    enum Entry: Sendable {
        case hashes([UInt64])
        case integers([UInt32])
        case values([Double])
        case codes(CodeChunk)
        case table(ValueTable)
        case rollup(RollupHead)
        case rollupBlock(RollupBlock)
        case rollupSets(RollupSets)
        case directory(ChunkDirectory)
        case columnMap(ColumnMap)

        var bytes: Int {
            switch self {
            case .hashes(let values): values.count * 8 + 64
            case .integers(let values): values.count * 4 + 64
            case .values(let values): values.count * 8 + 64
            case .codes(let chunk): chunk.bytes + 32
            case .table(let table): table.bytes.count + table.count * 13 + 128
            case .rollup(let head): head.bytes
            case .rollupBlock(let block): block.bytes
            case .rollupSets(let sets): sets.bytes
            case .directory(let directory): directory.bytes
            case .columnMap(let map): map.bytes
            }
        }
    }

    private struct Shard {
        struct Slot {
            var entry: Entry
            var bytes: Int
            var used: UInt64
        }
        var slots: [Key: Slot] = [:]
        var bytes = 0
    }

    private final class LockedShard: Sendable {
        let state = Mutex(Shard())
    }

    /// What the parts are held within.
    let budget: CacheBudget
    let weight: UInt64 = 1
    private let shards: [LockedShard]
    private let hitCount = Atomic<Int>(0)
    private let missCount = Atomic<Int>(0)
    private static let shardCount = 16

    /// A part that would take more of the budget than one in so many bytes is not held.
    private static let largestShare = 4

    init(budget: CacheBudget) {
        self.budget = budget
        shards = (0..<PartCache.shardCount).map { _ in LockedShard() }
        budget.join(self)
    }

    /// A cache with a budget of its own.
    convenience init(limit: Int) { self.init(budget: CacheBudget(limit: limit)) }

    deinit { budget.count(-statistics.bytes) }

    /// Bytes held, parts found and parts not found so far.
    var statistics: (bytes: Int, hits: Int, misses: Int) {
        (
            shards.reduce(0) { $0 + $1.state.withLock { $0.bytes } }, hitCount.load(ordering: .relaxed),
            missCount.load(ordering: .relaxed)
        )
    }

    /// The entry of a key, loaded with `load` if it is not held. Two threads may load the same entry at once; either
    /// result is good.
    func entry(_ key: Key, load: () throws(StorageError) -> Entry) throws(StorageError) -> Entry {
        let shard = shards[Int(UInt(bitPattern: key.hashValue) % UInt(PartCache.shardCount))]
        let now = budget.tick()
        let held = shard.state.withLock { shard -> Entry? in
            shard.slots[key]?.used = now
            return shard.slots[key]?.entry
        }
        if let held {
            hitCount.add(1, ordering: .relaxed)
            return held
        }
        missCount.add(1, ordering: .relaxed)
        let entry = try load()
        let bytes = entry.bytes
        guard bytes <= budget.limit / PartCache.largestShare else { return entry }
        let isNew = shard.state.withLock { shard in
            guard shard.slots[key] == nil else { return false }
            shard.slots[key] = Shard.Slot(entry: entry, bytes: bytes, used: now)
            shard.bytes += bytes
            return true
        }
        if isNew {
            budget.count(bytes)
            budget.makeRoom()
        }
        return entry
    }

    /// Forgets all parts of a segment, which is about to be gone, and of every mask over it.
    ///
    /// - Complexity: O(parts held of all segments).
    func remove(segment: UInt64) { remove { key, _ in key.segment == segment } }

    /// Forgets everything.
    func removeAll() { remove { _, _ in true } }

    func forEachUse(_ body: (_ used: UInt64, _ bytes: Int) -> Void) {
        for shard in shards {
            let slots = shard.state.withLock { shard in shard.slots.values.map { ($0.used, $0.bytes) } }
            for (used, bytes) in slots { body(used, bytes) }
        }
    }

    func forget(usedUpTo time: UInt64) { remove { _, used in used <= time } }

    private func remove(where isMeant: (Key, _ used: UInt64) -> Bool) {
        for shard in shards {
            // What is forgotten is freed after the lock is.
            let (gone, bytes) = shard.state.withLock { shard in
                let gone = shard.slots.filter { isMeant($0.key, $0.value.used) }
                let bytes = gone.values.reduce(0) { $0 + $1.bytes }
                for key in gone.keys { shard.slots[key] = nil }
                shard.bytes -= bytes
                return (gone, bytes)
            }
            if !gone.isEmpty { budget.count(-bytes) }
        }
    }
}
