/// Numbers 64-bit keys in order of first appearance: an open-addressing table without deletion.
///
/// Keys are hashes already, so their low bits are used as they are.
struct HashIndex: Sendable {
    private(set) var keys: [UInt64] = []
    private var slots: [UInt32]
    private var mask: Int

    /// Creates an index with room for `capacity` keys before it first grows.
    init(capacity: Int = 8) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = [UInt32](repeating: 0, count: size)
        mask = size - 1
    }

    var count: Int { keys.count }

    /// Bytes held, about.
    var bytes: Int { keys.capacity * MemoryLayout<UInt64>.stride + slots.capacity * MemoryLayout<UInt32>.stride }

    /// The number of a key, a new one if it has none yet.
    @inline(__always)
    mutating func insert(_ key: UInt64) -> UInt32 {
        if keys.count * 2 >= slots.count { grow() }
        var slot = Int(truncatingIfNeeded: key) & mask
        while true {
            let entry = slots[slot]
            if entry == 0 { break }
            if keys[Int(entry) - 1] == key { return entry - 1 }
            slot = (slot + 1) & mask
        }
        keys.append(key)
        slots[slot] = UInt32(keys.count)
        return UInt32(keys.count - 1)
    }

    /// The number of a key that may have one.
    func find(_ key: UInt64) -> UInt32? {
        var slot = Int(truncatingIfNeeded: key) & mask
        while true {
            let entry = slots[slot]
            if entry == 0 { return nil }
            if keys[Int(entry) - 1] == key { return entry - 1 }
            slot = (slot + 1) & mask
        }
    }

    @inline(never)
    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        mask = slots.count - 1
        for (number, key) in keys.enumerated() {
            var slot = Int(truncatingIfNeeded: key) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(number + 1)
        }
    }
}

/// Spreads a key that is no hash over all bits (the finalizer of MurmurHash3).
@inline(__always)
func mixed(_ key: UInt64) -> UInt64 {
    var x = key
    x = (x ^ (x >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    x = (x ^ (x >> 33)) &* 0xC4CE_B9FE_1A85_EC53
    return x ^ (x >> 33)
}
