/// The idempotency ids of every site within the deduplication horizon, so that no site's ids can push out another's.
///
/// Each site has an ``IdSet`` of its own. All together they hold ``IdSet/Limits/entries`` ids at most; where there would be
/// more, the site with the most ids gives up its oldest, so a site keeps all of its ids as long as it has no more than
/// its share (the limit divided by the number of sites), whatever the others send. Not thread-safe: the writer owns it.
package struct SiteIds: Sendable {
    let limits: IdSet.Limits
    /// Ids held, of all sites.
    package private(set) var count = 0
    /// Ids given up before their horizon because there were too many.
    package private(set) var evicted = 0
    private var places: [UInt32: Int] = [:]
    private var sets: [IdSet] = []
    /// Places of sites that were removed.
    private var free: [Int] = []
    /// When it was last begun to look for ids that are past their horizon.
    private var sweptAt: Int64?
    /// The set that is looked at, while one is.
    private var sweeping: Int?
    /// Tables that one commit looks at: a millisecond at the most.
    private static let sweepTables = 4

    /// The site of ids that were stored without saying whose they are (format versions 1 and 2). No site has this number.
    static let unassigned: UInt32 = 0

    package init(limits: IdSet.Limits) {
        self.limits = limits
        _ = place(of: Self.unassigned)
    }

    /// Where a site's ids are, for ``insert(_:in:at:)``: valid until a site is removed.
    package mutating func place(of site: UInt32) -> Int {
        if let place = places[site] { return place }
        if let place = free.popLast() {
            places[site] = place
            return place
        }
        places[site] = sets.count
        sets.append(IdSet(limits: limits))
        return sets.count - 1
    }

    /// Adds an id that came at `time`.
    ///
    /// - Parameters:
    ///   - id: not 0, with the site mixed in.
    ///   - place: from ``place(of:)``.
    /// - Returns: `false` if the site has it already, from within the horizon before `time`.
    package mutating func insert(_ id: UInt64, in place: Int, at time: Int64) -> Bool {
        if place != 0, sets[0].count > 0, sets[0].contains(id, at: time) { return false }
        if count >= limits.entries, !sets[place].contains(id, at: time) { makeRoom() }
        let before = sets[place].count
        let isNew = sets[place].insert(id, at: time)
        count += sets[place].count - before
        return isNew
    }

    /// Whether a site has an id, from within the horizon before `time`.
    package func contains(_ id: UInt64, site: UInt32, at time: Int64) -> Bool {
        if sets[0].count > 0, sets[0].contains(id, at: time) { return true }
        guard let place = places[site] else { return false }
        return sets[place].contains(id, at: time)
    }

    /// Forgets a site that was deleted.
    package mutating func remove(site: UInt32) {
        guard let place = places[site], place != 0 else { return }
        count -= sets[place].count
        sets[place] = IdSet(limits: limits)
        places[site] = nil
        free.append(place)
    }

    /// Gives back the memory of ids that are past their horizon: begins to look at all of them once a twelfth of the
    /// horizon, and looks at a few tables each time it is called.
    ///
    /// - Complexity: O(1).
    package mutating func forgetExpired(at time: Int64) {
        if sweptAt.map({ time < $0 || time - $0 >= max(1, limits.horizon / 12) }) ?? true {
            sweptAt = time
            sweeping = sweeping ?? 0
        }
        for _ in 0..<Self.sweepTables {
            guard let place = sweeping else { return }
            guard place < sets.count else {
                sweeping = nil
                return
            }
            let before = sets[place].count
            if sets[place].sweep(at: time) { sweeping = place + 1 }
            count += sets[place].count - before
        }
    }

    /// Has the site with the most ids give up its oldest.
    @inline(never)
    private mutating func makeRoom() {
        guard let largest = sets.indices.max(by: { sets[$0].count < sets[$1].count }) else { return }
        let before = (sets[largest].count, sets[largest].evicted)
        sets[largest].giveUp(max(1, min(limits.entries / 8, before.0)))
        count += sets[largest].count - before.0
        evicted += sets[largest].evicted - before.1
    }
}
