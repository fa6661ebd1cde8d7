/// The idempotency ids of the deduplication horizon: a set of 64-bit hashes, each with the epoch it came in.
///
/// The ids lie in tables of a bounded size, found through a directory of the highest bits of their hashes; a table that is
/// full is split in two (extendible hashing: Fagin, Nievergelt, Pippenger, Strong 1979). So no commit waits until
/// millions of ids have found new places. An epoch is a 240th of ``Limits/horizon``, or less where many ids come. An id
/// counts until its epoch is more than 240 of them ago, or until there are ``Limits/entries`` ids, when the oldest epochs are
/// given up; what does not count any more is taken out of a table when that is made anew. Not thread-safe: the writer
/// owns it.
package struct IdSet: Sendable {
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

    private struct Epoch {
        /// When it began, in 240ths of the horizon.
        var time: Int64
        /// How many ids of it count.
        var ids = 0
    }

    let limits: Limits
    package private(set) var count = 0
    /// Ids given up before their horizon because there were too many.
    package private(set) var evicted = 0
    private var tables = [IdTable(depth: 0)]
    /// The table of each value of the hashes' highest ``depth`` bits.
    private var directory: [UInt32] = [0]
    private var depth = 0
    /// The epochs whose ids count, in the order in which they began, which is that of their times unless a clock has stepped
    /// back. Their numbers, which the tables hold, follow each other.
    private var epochs: [Epoch] = []
    private var firstNumber: UInt16 = 0
    /// The table that ``sweep(at:)`` looks at next.
    private var swept = 0

    /// Bits of a hash that choose a table, at most; beyond that tables grow instead.
    static let deepest = 20
    /// Epochs there are at the most; a clock that goes back and forth begins many.
    private static let maxEpochs = 2_048

    package init(limits: Limits) { self.limits = limits }

    /// Slots of all tables, for tests.
    package var capacity: Int { tables.reduce(0) { $0 + $1.slots } }

    private func epoch(_ time: Int64) -> Int64 { max(0, time) / max(1, limits.horizon / 240) }

    /// Whether the ids of the epoch with a number count at a time. A clock that steps back makes ids younger, never
    /// forgotten.
    @inline(__always)
    private func isLive(_ number: UInt16, at now: Int64) -> Bool {
        let index = Int(number &- firstNumber)
        return index < epochs.count && now - epochs[index].time <= 240
    }

    @inline(__always)
    private func table(of id: UInt64) -> Int {
        // Two shifts, since one by 64 would be none.
        Int(directory[Int(truncatingIfNeeded: (IdTable.hash(id) &>> 1) &>> UInt64(63 &- depth))])
    }

    /// Adds an id that came at `time`.
    ///
    /// - Parameter id: not 0.
    /// - Returns: `false` if it is held already, from within the horizon before `time`.
    /// - Complexity: O(1); where a table is full, O(its slots).
    package mutating func insert(_ id: UInt64, at time: Int64) -> Bool {
        let now = epoch(time)
        // An eighth goes at once, so that this is rare.
        if count >= limits.entries, !contains(id, at: time) { giveUp(count - limits.entries * 7 / 8) }
        // A sixteenth of all makes an epoch, so that the ids of one moment do not all go together.
        if epochs.last.map({ $0.time != now || $0.ids > limits.entries / 16 }) ?? true { begin(now) }
        let number = firstNumber &+ UInt16(truncatingIfNeeded: epochs.count - 1)
        while true {
            let table = table(of: id)
            switch tables[table].insert(id, number) {
            case .added: break
            case .found(let slot, let old):
                if isLive(old, at: now) { return false }
                tables[table].renew(slot, number)
                // Where a clock has stepped back it may be counted still.
                let index = Int(old &- firstNumber)
                if index < epochs.count {
                    epochs[index].ids -= 1
                    count -= 1
                }
            case .full:
                makeAnew(table)
                continue
            }
            epochs[epochs.count - 1].ids += 1
            count += 1
            return true
        }
    }

    /// Whether an id is held, from within the horizon before `time`.
    package func contains(_ id: UInt64, at time: Int64) -> Bool {
        tables[table(of: id)].epoch(of: id).map { isLive($0, at: epoch(time)) } ?? false
    }

    /// Gives up the oldest epochs until at least `number` ids are gone, past their horizon or not.
    ///
    /// - Complexity: O(1).
    package mutating func giveUp(_ number: Int) {
        var gone = 0
        while gone < number, !epochs.isEmpty { gone += forgetOldest() }
        evicted += gone
    }

    /// Begins an epoch, and lets those go that are past the horizon.
    private mutating func begin(_ now: Int64) {
        while let oldest = epochs.first, now - oldest.time > 240 { _ = forgetOldest() }
        if epochs.count >= Self.maxEpochs { evicted += forgetOldest() }
        // Before a number comes again, no table has it from the last time, nor any that follows.
        if firstNumber &+ UInt16(epochs.count) == 0 {
            for table in tables.indices { makeAnew(table) }
        }
        epochs.append(Epoch(time: now))
    }

    private mutating func forgetOldest() -> Int {
        let ids = epochs.removeFirst().ids
        firstNumber &+= 1
        count -= ids
        return ids
    }

    /// Gives back the memory of ids that are past their horizon: looks at the next table.
    ///
    /// - Returns: whether that was the last one; the next look begins with the first again.
    /// - Complexity: O(slots of a table).
    package mutating func sweep(at time: Int64) -> Bool {
        let now = epoch(time)
        while let oldest = epochs.first, now - oldest.time > 240 { _ = forgetOldest() }
        if swept < tables.count, tables[swept].used > 0 { makeAnew(swept) }
        swept += 1
        guard swept >= tables.count else { return false }
        swept = 0
        return true
    }

    /// Takes out of a table what does not count any more, and splits it if it is still too large.
    @inline(never)
    private mutating func makeAnew(_ index: Int) {
        let (low, high) = tables[index].rebuilt { [epochs, firstNumber] number in
            // What is past its horizon and still counted stays, so that the counts hold.
            Int(number &- firstNumber) < epochs.count
        }
        tables[index] = low
        guard let high else { return }
        if low.depth > depth {
            directory = directory.flatMap { [$0, $0] }
            depth += 1
        }
        // The entries of the half whose next bit is 1; a table's entries stand side by side.
        guard let first = directory.firstIndex(of: UInt32(index)) else { preconditionFailure("a table nobody finds") }
        let half = 1 << (depth - low.depth)
        for entry in (first + half)..<(first + 2 * half) { directory[entry] = UInt32(tables.count) }
        tables.append(high)
    }
}
