import Synchronization

/// The buckets of client addresses, in a table that never grows, whatever addresses come.
///
/// An address has one of eight places, chosen by its hash. Where all eight are taken by others, it takes over the place
/// that is nearest to being full again, and what was taken out of that: a spray of addresses gains nothing from pushing
/// others out, and costs no memory.
final class AddressTable: Sendable {
    /// Addresses that are told apart.
    static let capacity = shards * setsPerShard * ways
    private static let shards = 16
    private static let setsPerShard = 512
    private static let ways = 8

    private struct Place {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var buckets = Buckets()
    }

    private final class Shard: Sendable {
        let places = Mutex([Place](repeating: Place(), count: setsPerShard * ways))
    }

    private let shards = (0..<AddressTable.shards).map { _ in Shard() }
    private let displaced = Atomic<Int>(0)

    /// How often an address took over another's place before that was full again.
    var displacements: Int { displaced.load(ordering: .relaxed) }

    /// Runs `body` on the buckets of an address.
    ///
    /// - Complexity: O(1), no allocation.
    func withBuckets<Result>(of address: ClientAddress, now: Int64, _ body: (inout Buckets) -> Result) -> Result {
        let key = address.limitKey
        // The language's hash is seeded anew by every process, so nobody outside can aim at a place.
        let hash = UInt(bitPattern: key.hashValue)
        let set = Int((hash >> 4) % UInt(Self.setsPerShard)) * Self.ways
        return shards[Int(hash % UInt(Self.shards))].places.withLock { places in
            let index = Self.place(of: key, in: &places, set: set, now: now, displaced: displaced)
            return body(&places[index].buckets)
        }
    }

    private static func place(
        of key: ClientAddress, in places: inout [Place], set: Int, now: Int64, displaced: borrowing Atomic<Int>
    ) -> Int {
        var nearest = set
        var nearestTime = Int64.max
        for index in set..<set + ways {
            if places[index].high == key.high, places[index].low == key.low { return index }
            let fullAt = max(places[index].buckets.requests.fullAt, places[index].buckets.events.fullAt)
            if fullAt < nearestTime { (nearest, nearestTime) = (index, fullAt) }
        }
        if places[nearest].buckets.isFull(now: now) {
            places[nearest].buckets = Buckets()
        } else {
            displaced.add(1, ordering: .relaxed)
        }
        places[nearest].high = key.high
        places[nearest].low = key.low
        return nearest
    }
}
