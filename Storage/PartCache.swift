import Events
import Synchronization

/// Decoded parts of sealed segments, least recently used out first, within a limit of bytes.
///
/// Sharded by key so that the threads of a query do not wait for each other.
final class PartCache: Sendable {
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
        var clock: UInt64 = 0
    }

    private final class LockedShard: Sendable {
        let state = Mutex(Shard())
    }

    /// The most bytes held.
    let limit: Int
    private let shards: [LockedShard]
    private let hitCount = Atomic<Int>(0)
    private let missCount = Atomic<Int>(0)
    private static let shardCount = 16

    init(limit: Int) {
        self.limit = limit
        shards = (0..<PartCache.shardCount).map { _ in LockedShard() }
    }

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
        let held = shard.state.withLock { shard -> Entry? in
            shard.clock += 1
            shard.slots[key]?.used = shard.clock
            return shard.slots[key]?.entry
        }
        if let held {
            hitCount.add(1, ordering: .relaxed)
            return held
        }
        missCount.add(1, ordering: .relaxed)
        let entry = try load()
        let bytes = entry.bytes
        let share = limit / PartCache.shardCount
        guard bytes <= share else { return entry }
        shard.state.withLock { shard in
            guard shard.slots[key] == nil else { return }
            if shard.bytes + bytes > share { evict(&shard, to: max(0, share * 7 / 8 - bytes)) }
            shard.clock += 1
            shard.slots[key] = Shard.Slot(entry: entry, bytes: bytes, used: shard.clock)
            shard.bytes += bytes
        }
        return entry
    }

    /// Forgets all parts of a segment, which is about to be gone, and of every mask over it.
    ///
    /// - Complexity: O(parts held of all segments).
    func remove(segment: UInt64) {
        for shard in shards {
            shard.state.withLock { shard in
                for (key, slot) in shard.slots where key.segment == segment {
                    shard.slots[key] = nil
                    shard.bytes -= slot.bytes
                }
            }
        }
    }

    /// Forgets everything.
    func removeAll() {
        for shard in shards {
            shard.state.withLock { shard in
                shard.slots = [:]
                shard.bytes = 0
            }
        }
    }

    // Evicts in bulk, an eighth of the shard at a time, so that the sort is paid once for many evictions.
    private func evict(_ shard: inout Shard, to target: Int) {
        for (key, slot) in shard.slots.sorted(by: { $0.value.used < $1.value.used }) {
            if shard.bytes <= target { return }
            shard.slots[key] = nil
            shard.bytes -= slot.bytes
        }
    }
}
