/// Some of the ids of an ``IdSet`` with the epoch that each came in: an open-addressing table of 10 bytes a slot, at most
/// five eighths full.
struct IdTable: Sendable {
    /// What an insertion found.
    enum Insertion {
        case added
        /// The id is there already, of an epoch.
        case found(slot: Int, epoch: UInt16)
        /// There is no room: see ``IdTable/rebuilt(isLive:)``.
        case full
    }

    /// Slots a table has at least: there is one for each site.
    static let smallest = 64
    /// Slots a table has at most, unless hashes are alike: what is made anew at once stays in a core's cache, and takes a
    /// fraction of a millisecond.
    static let largest = 32_768

    private var ids: [UInt64]
    private var epochs: [UInt16]
    /// Slots in use, by ids that do not count any more too.
    private(set) var used = 0
    /// How many bits its ids' hashes have in common, from the highest on.
    let depth: Int

    init(depth: Int, slots: Int = smallest) {
        self.depth = depth
        ids = [UInt64](repeating: 0, count: slots)
        epochs = [UInt16](repeating: 0, count: slots)
    }

    var slots: Int { ids.count }

    /// The hash that says where an id is. Ids are hashes already; this spreads those that are not.
    @inline(__always)
    static func hash(_ id: UInt64) -> UInt64 { id &* 0x9E37_79B9_7F4A_7C15 }

    /// The slot of an id, or the empty one in which it belongs.
    @inline(__always)
    private func slot(of id: UInt64) -> Int {
        ids.withUnsafeBufferPointer { ids in
            let mask = ids.count &- 1
            // The highest bits are alike within a table.
            var slot = Int(truncatingIfNeeded: IdTable.hash(id) &>> 16) & mask
            // There is an empty slot: a table is never full.
            while ids[slot] != 0 && ids[slot] != id { slot = (slot &+ 1) & mask }
            return slot
        }
    }

    /// The epoch of an id.
    func epoch(of id: UInt64) -> UInt16? {
        let slot = slot(of: id)
        return ids[slot] == id ? epochs[slot] : nil
    }

    /// Adds an id of an epoch, unless it is there.
    @inline(__always)
    mutating func insert(_ id: UInt64, _ epoch: UInt16) -> Insertion {
        let slot = slot(of: id)
        if ids[slot] == id { return .found(slot: slot, epoch: epochs[slot]) }
        if (used + 1) * 8 > ids.count * 5 { return .full }
        ids[slot] = id
        epochs[slot] = epoch
        used += 1
        return .added
    }

    /// Makes the id in a slot one of another epoch.
    mutating func renew(_ slot: Int, _ epoch: UInt16) { epochs[slot] = epoch }

    /// The same ids without those that do not count any more, in a table that suits their number, or in two if one would be
    /// too large.
    ///
    /// - Complexity: O(slots).
    func rebuilt(isLive: (UInt16) -> Bool) -> (IdTable, IdTable?) {
        var live = 0
        for slot in ids.indices where ids[slot] != 0 && isLive(epochs[slot]) { live += 1 }
        let slots = max(Self.smallest, (live * 2 + 1).roundedUpToPowerOfTwo)
        guard slots > Self.largest, depth < IdSet.deepest else {
            var table = IdTable(depth: depth, slots: slots)
            for slot in ids.indices where ids[slot] != 0 && isLive(epochs[slot]) {
                table.append(ids[slot], epochs[slot])
            }
            return (table, nil)
        }
        var (low, high) = (IdTable(depth: depth + 1, slots: slots), IdTable(depth: depth + 1, slots: slots))
        let bit: UInt64 = 1 << UInt64(63 - depth)
        for slot in ids.indices where ids[slot] != 0 && isLive(epochs[slot]) {
            if Self.hash(ids[slot]) & bit == 0 {
                low.append(ids[slot], epochs[slot])
            } else {
                high.append(ids[slot], epochs[slot])
            }
        }
        return (low, high)
    }

    /// Adds an id that is not there, where there is room.
    private mutating func append(_ id: UInt64, _ epoch: UInt16) {
        let slot = slot(of: id)
        ids[slot] = id
        epochs[slot] = epoch
        used += 1
    }
}

extension Int {
    var roundedUpToPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
