/// The idempotency ids of the deduplication horizon: a set of 64-bit hashes, each with the epoch it came in.
///
/// An open-addressing table of 10 bytes a slot, between a quarter and five eighths full. An id counts until
/// ``Limits/horizon`` has passed (rounded up to an epoch, a 240th of it) or until the table holds ``Limits/entries``
/// ids, when the oldest epoch is given up. Not thread-safe: the writer owns it.
package struct IdSet {
    package struct Limits: Sendable {
        /// How long an id is remembered, milliseconds.
        var horizon: Int64 = 86_400_000
        /// How many ids are remembered at most.
        var entries = 16_000_000

        package init(horizon: Int64 = 86_400_000, entries: Int = 16_000_000) {
            self.horizon = horizon
            self.entries = entries
        }
    }

    let limits: Limits
    package private(set) var count = 0
    /// Ids given up before their horizon because the table was full.
    package private(set) var evicted = 0
    private var ids: [UInt64]
    private var epochs: [UInt16]
    /// When it was last looked for ids that are past their horizon.
    private var sweptAt: UInt16?

    package init(limits: Limits) {
        self.limits = limits
        ids = [UInt64](repeating: 0, count: Self.smallest)
        epochs = [UInt16](repeating: 0, count: Self.smallest)
    }

    /// Slots a table has at least: there is one for each site.
    private static let smallest = 64

    private var epochLength: Int64 { max(1, limits.horizon / 240) }

    /// The number of an epoch, of which the table keeps the low 16 bits: they repeat after nine months of the default
    /// horizon.
    private func epoch(_ time: Int64) -> UInt16 { UInt16(truncatingIfNeeded: max(0, time) / epochLength) }

    /// Whether an id of `epoch` still counts at `now`. A clock that steps back makes ids younger, never forgotten.
    private func isLive(_ epoch: UInt16, at now: UInt16) -> Bool { Int16(bitPattern: now &- epoch) <= 240 }

    /// Adds an id that came at `time`.
    ///
    /// - Parameter id: not 0.
    /// - Returns: `false` if it is held already, from within the horizon before `time`.
    package mutating func insert(_ id: UInt64, at time: Int64) -> Bool {
        if (count + 1) * 8 > ids.count * 5 {
            // Where it is full, an eighth is freed, so that this is rare.
            rebuild(at: time, upTo: limits.entries, downTo: limits.entries * 7 / 8)
        }
        let now = epoch(time)
        let mask = ids.count - 1
        var slot = Int(truncatingIfNeeded: (id &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
        while ids[slot] != 0 {
            if ids[slot] == id {
                if isLive(epochs[slot], at: now) { return false }
                epochs[slot] = now
                return true
            }
            slot = (slot + 1) & mask
        }
        ids[slot] = id
        epochs[slot] = now
        count += 1
        return true
    }

    /// Whether an id is held, from within the horizon before `time`.
    package func contains(_ id: UInt64, at time: Int64) -> Bool {
        let now = epoch(time)
        let mask = ids.count - 1
        var slot = Int(truncatingIfNeeded: (id &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
        while ids[slot] != 0 {
            if ids[slot] == id { return isLive(epochs[slot], at: now) }
            slot = (slot + 1) & mask
        }
        return false
    }

    /// Gives up the oldest epochs until at least `number` ids are gone, past their horizon or not.
    ///
    /// - Complexity: O(ids held).
    package mutating func giveUp(_ number: Int, at time: Int64) {
        rebuild(at: time, upTo: max(0, count - number))
    }

    /// Epochs between two looks for ids past their horizon: a twelfth of it.
    private static let sweepEpochs: Int16 = 20

    /// Gives back the memory of ids that are past their horizon, once a twelfth of the horizon.
    ///
    /// - Complexity: O(1), and then O(ids held).
    package mutating func forgetExpired(at time: Int64) {
        let now = epoch(time)
        guard let last = sweptAt, Int16(bitPattern: now &- last) >= 0 else {
            sweptAt = now
            return
        }
        guard Int16(bitPattern: now &- last) >= Self.sweepEpochs else { return }
        sweptAt = now
        if count > 0 { rebuild(at: time, upTo: .max) }
    }

    /// Slots of the table, for tests.
    package var capacity: Int { ids.count }

    /// Makes the table anew with the ids that still count.
    ///
    /// - Parameters:
    ///   - most: where there are as many or more, the oldest epochs go,
    ///   - rest: until there are no more than this; `most` if absent.
    @inline(never)
    private mutating func rebuild(at time: Int64, upTo most: Int, downTo rest: Int? = nil) {
        let now = epoch(time)
        var longest: Int16 = 240
        var ages: [Int16: Int] = [:]
        for slot in ids.indices where ids[slot] != 0 && isLive(epochs[slot], at: now) {
            ages[Int16(bitPattern: now &- epochs[slot]), default: 0] += 1
        }
        var live = ages.values.reduce(0, +)
        if live >= most {
            for (age, number) in ages.sorted(by: { $0.key > $1.key }) {
                if live <= rest ?? most { break }
                live -= number
                evicted += number
                longest = age - 1
            }
        }
        let capacity = max(Self.smallest, (live * 2 + 1).roundedUpToPowerOfTwo)
        let (oldIds, oldEpochs) = (ids, epochs)
        ids = [UInt64](repeating: 0, count: capacity)
        epochs = [UInt16](repeating: 0, count: capacity)
        count = live
        let mask = capacity - 1
        for slot in oldIds.indices
        where oldIds[slot] != 0 && Int16(bitPattern: now &- oldEpochs[slot]) <= longest {
            var target = Int(truncatingIfNeeded: (oldIds[slot] &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
            while ids[target] != 0 { target = (target + 1) & mask }
            ids[target] = oldIds[slot]
            epochs[target] = oldEpochs[slot]
        }
    }
}

extension Int {
    var roundedUpToPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
