/// The visitor sets of the values that have most visitors of one event name.
///
/// Within a name visitors come in the order of their hashes, so whatever part of the rows was seen is a fair sample:
/// where a name has more pairs than are gathered at once, those values are followed that lead in the first lot, twice
/// as many as will be kept.
struct RollupNameHeads: Sendable {
    /// A head's set, which is encoded only if it will be stored: most are not.
    struct Head: Sendable {
        var code: UInt32
        /// Position of the name plus one, or 0 for all names.
        var name: UInt32
        var visitors: UInt32
        var set: VisitorSet
        /// Bytes that the set takes, by itself until ``bytes`` are there.
        var size: Int
        /// The set as it will be stored.
        var bytes: [UInt8] = []

        init(code: UInt32, name: UInt32, visitors: UInt32, set: VisitorSet) {
            self.code = code
            self.name = name
            self.visitors = visitors
            self.set = set
            size = set.encodedBytes
        }
    }

    private let limits: RollupLimits
    /// Where each code's set is in ``sets``, -1 for none.
    private var place: [Int32]
    /// The codes that have a set.
    private var followed: [UInt32] = []
    private let sets: HeadSets
    private var hasChosen = false

    init(hashes: [UInt64], codes: Int, limits: RollupLimits) {
        self.limits = limits
        sets = HeadSets(hashes: hashes, limit: limits.exactVisitors, precision: limits.precision)
        place = [Int32](repeating: -1, count: codes)
    }

    /// Adds pairs of the current name.
    ///
    /// - Parameters:
    ///   - slots: how many visitors each code has so far.
    ///   - touched: the codes that have any.
    ///   - rows: how many the name has.
    ///   - isEnd: whether these are the name's last.
    ///   - least: fewer visitors make no head.
    mutating func add(
        _ pairs: ArraySlice<UInt64>, slots: [RollupBuilder.Slot], touched: ArraySlice<UInt32>, rows: Int,
        isEnd: Bool, least: UInt32
    ) {
        if !hasChosen {
            hasChosen = true
            let atLeast = isEnd ? max(UInt32(limits.minHeadVisitors), least) : 1
            var leaders = touched.filter { slots[Int($0)].visitors >= atLeast }
            Self.keepLargest(&leaders, isEnd ? limits.headsPerName : limits.headsPerName * 2, slots)
            for (set, code) in leaders.enumerated() { place[Int(code)] = Int32(set) }
            followed = leaders
            sets.begin(leaders.count, rows: rows)
        }
        if !followed.isEmpty { sets.add(pairs, place: place) }
    }

    /// Ends the current name.
    ///
    /// - Returns: its heads, none with fewer visitors than a head must have.
    mutating func finishName(_ name: Int, slots: [RollupBuilder.Slot]) -> [Head] {
        var leaders = followed.filter { slots[Int($0)].visitors >= limits.minHeadVisitors }
        Self.keepLargest(&leaders, limits.headsPerName, slots)
        let heads = leaders.map { code in
            Head(
                code: code, name: UInt32(name + 1), visitors: slots[Int(code)].visitors,
                set: sets.finish(Int(place[Int(code)])))
        }
        for code in followed { place[Int(code)] = -1 }
        followed.removeAll(keepingCapacity: true)
        hasChosen = false
        return heads
    }

    /// Keeps the codes with most visitors; of equals those with the lowest code.
    private static func keepLargest(_ codes: inout [UInt32], _ count: Int, _ slots: [RollupBuilder.Slot]) {
        guard codes.count > count else { return }
        codes.sort {
            let (left, right) = (slots[Int($0)].visitors, slots[Int($1)].visitors)
            return left != right ? left > right : $0 < $1
        }
        codes.removeLast(codes.count - count)
    }
}
