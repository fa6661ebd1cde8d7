/// The visitor sets of a roll-up's heads: of each name, and of all names together.
struct RollupVisitors: Sendable {
    private let limits: RollupLimits
    /// Bytes that the sets may take.
    private let budget: Int
    private let visitors: Int
    private var ofName: RollupNameHeads
    /// `nil` where there is one name only.
    private var ofAll: RollupUnion?
    private var heads: [RollupNameHeads.Head] = []
    private var headBytes = 0
    /// Sets with fewer visitors were among those that were given up: no more of them are made.
    private var least: UInt32 = 0

    /// What was found out.
    struct Found: Sendable {
        /// Exact number of visitors over all names, by code; ``RollupBlock/unknown`` where it is not known. Not for
        /// codes that occur with one name only.
        var visitors: [UInt32]
        /// The sets to store.
        var heads: [RollupNameHeads.Head]
    }

    init(hashes: [UInt64], codes: Int, names: Int, rows: Int, limits: RollupLimits) {
        self.limits = limits
        budget = rows / limits.rowsPerSetByte
        visitors = hashes.count
        ofName = RollupNameHeads(hashes: hashes, codes: codes, limits: limits)
        ofAll = names > 1 && limits.hasSets ? RollupUnion(hashes: hashes, codes: codes, limits: limits) : nil
    }

    /// Adds pairs of a code and a visitor, each pair once a name, which has so many rows.
    mutating func add(
        _ pairs: ArraySlice<UInt64>, name: Int, rows: Int, slots: [RollupBuilder.Slot], touched: ArraySlice<UInt32>,
        isEnd: Bool
    ) {
        guard limits.hasSets else { return }
        ofAll?.add(pairs)
        ofName.add(pairs, slots: slots, touched: touched, rows: rows, isEnd: isEnd, least: least)
        guard isEnd else { return }
        for head in ofName.finishName(name, slots: slots) {
            heads.append(head)
            headBytes += head.size
        }
        // Those that would not be stored are not kept for long either; a part takes a fraction of what it takes alone.
        if headBytes > budget * 6 + (1 << 16) {
            keep(budget * 4) { _ in }
            least = heads.last?.visitors ?? 0
        }
    }

    /// Keeps the sets with most visitors, as many of them as `limit` bytes hold.
    ///
    /// - Parameter finish: called with each of them before its size is looked at.
    private mutating func keep(_ limit: Int, _ finish: (inout RollupNameHeads.Head) -> Void) {
        heads.sort { left, right in
            if left.visitors != right.visitors { return left.visitors > right.visitors }
            return left.name != right.name ? left.name < right.name : left.code < right.code
        }
        headBytes = 0
        var count = 0
        while count < heads.count {
            finish(&heads[count])
            guard headBytes + heads[count].size <= limit else { break }
            headBytes += heads[count].size
            count += 1
        }
        heads.removeLast(heads.count - count)
    }

    /// Encodes the sets that are to be stored, those of names as parts of those of all names.
    ///
    /// The set of all names comes before its parts, which have no more visitors.
    private mutating func keepWithinBudget() {
        var wholes: [UInt32: VisitorSketch] = [:]
        keep(budget) { head in
            if head.name == 0 { wholes[head.code] = head.set.denseSketch }
            var writer = ByteWriter()
            head.set.encode(into: &writer, partOf: head.name == 0 ? nil : wholes[head.code])
            head.bytes = writer.bytes
            head.size = writer.bytes.count
        }
    }

    /// Ends the collection.
    consuming func finish(_ cells: RollupCells, codes: Int) -> Found {
        var names = [UInt32](repeating: 0, count: codes)
        for code in cells.codes { names[Int(code)] += 1 }
        var visitors = [UInt32](repeating: RollupBlock.unknown, count: codes)
        if let ofAll {
            let found = ofAll.finish { names[Int($0)] > 1 }
            visitors = found.visitors
            heads.append(contentsOf: found.heads)
        }
        keepWithinBudget()
        return Found(visitors: visitors, heads: heads)
    }
}
