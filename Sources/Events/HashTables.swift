/// Property name hash → column of one batch: open addressing over flat arrays.
struct NameColumns {
    private var hashes: [UInt64] = []
    private var columns: [Int32] = []
    private var count = 0

    /// The column of a name, -1 if the batch has none yet.
    @inline(__always)
    func find(_ hash: UInt64) -> Int {
        if hashes.isEmpty { return -1 }
        let mask = hashes.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while columns[slot] >= 0 {
            if hashes[slot] == hash { return Int(columns[slot]) }
            slot = (slot &+ 1) & mask
        }
        return -1
    }

    /// Adds a name known to be new.
    mutating func insert(_ hash: UInt64, column: Int) {
        if (count + 1) * 2 > hashes.count { grow() }
        place(hash, Int32(column))
        count += 1
    }

    private mutating func place(_ hash: UInt64, _ column: Int32) {
        let mask = hashes.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while columns[slot] >= 0 { slot = (slot + 1) & mask }
        hashes[slot] = hash
        columns[slot] = column
    }

    @inline(never)
    private mutating func grow() {
        let old = (hashes, columns)
        let capacity = max(16, hashes.count * 2)
        hashes = [UInt64](repeating: 0, count: capacity)
        columns = [Int32](repeating: -1, count: capacity)
        for index in old.0.indices where old.1[index] >= 0 { place(old.0[index], old.1[index]) }
    }
}

/// The idempotency ids accepted from one body: a set of non-zero 64-bit hashes.
struct SeenIDs {
    private var slots: [UInt64] = []
    private var count = 0

    @inline(__always)
    func contains(_ id: UInt64) -> Bool {
        if slots.isEmpty { return false }
        let mask = slots.count &- 1
        var slot = Int(truncatingIfNeeded: id) & mask
        while slots[slot] != 0 {
            if slots[slot] == id { return true }
            slot = (slot &+ 1) & mask
        }
        return false
    }

    /// Adds an id that is not in the set.
    mutating func insert(_ id: UInt64) {
        if (count + 1) * 2 > slots.count { grow() }
        place(id)
        count += 1
    }

    private mutating func place(_ id: UInt64) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: id) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = id
    }

    @inline(never)
    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: max(16, slots.count * 2))
        for id in old where id != 0 { place(id) }
    }
}
