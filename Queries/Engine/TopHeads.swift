import Events
import Storage

/// Finds the most frequent values of a dimension without looking at all of them: by the threshold algorithm (Fagin,
/// Lotem, Naor 2003, "Optimal aggregation algorithms for middleware") over the roll-ups of whole segments, which stand in
/// descending order of events, and the counts of the rest.
///
/// All lists are walked down at once, and each value that turns up is looked up in all others. Once as many values as
/// are wanted have more events than the lists' present entries have together, no value further down can be among them:
/// the cost grows with the number of segments, not with their values. Numbers are exact.
struct TopHeads {
    let counts: ValueCounts
    /// How many values are wanted.
    let wanted: Int
    /// Entries of all roll-ups together below which adding all of them up is quicker.
    var leastEntries = EngineOptions.defaultLeastHeadEntries

    /// What was found.
    struct Result {
        /// The wanted values and all that have as many events as the last of them, by their numbers in the union.
        var values: [(value: Int, events: Int)]
        /// Events of all values together.
        var total: Int
        /// How many values have an event.
        var distinct: Int
        var union: ValueUnion
    }

    /// Values that are asked for at the most, and how far the lists are walked down.
    private static let maxWanted = 1_000
    private static let maxDepth = 4_096

    /// A list in descending order of events.
    private struct List {
        var rollup: Rollup
        /// The number in the union of each code.
        var map: [UInt32]
        var entries: Int
        private var block = 0

        init(_ rollup: Rollup, map: [UInt32]) {
            self.rollup = rollup
            self.map = map
            entries = rollup.directory.blocks.last.map { $0.first + $0.entries } ?? 0
        }

        /// The entry at a depth that does not become less from call to call.
        mutating func entry(_ depth: Int) throws(StorageError) -> (value: Int, events: Int)? {
            guard depth < entries else { return nil }
            let summaries = rollup.directory.blocks
            while depth >= summaries[block].first + summaries[block].entries { block += 1 }
            let block = try rollup.block(self.block)
            let entry = depth - summaries[self.block].first
            return (Int(map[Int(block.codes[entry])]), Int(block.events[entry]))
        }
    }

    /// The most frequent values; `nil` where roll-ups do not answer for enough of it, or where so many values are alike
    /// that the lists would have to be walked far.
    func run() throws(QueryError) -> Result? {
        guard wanted > 0, wanted <= Self.maxWanted, let union = try ValueUnion.of(counts.dimension, counts.execution)
        else { return nil }
        let execution = counts.execution
        var lists: [List] = []
        var segments: [Int] = []
        var scanned: [ValueCounts.Unit] = []
        for unit in try counts.makeUnits() {
            guard let column = unit.rollup else {
                scanned.append(unit)
                continue
            }
            let segment = execution.segments[unit.segment]
            guard unit.names.count == segment.header.names.count,
                let rollup = try stored({ () throws(StorageError) in try segment.rollup(column: column) })
            else { return nil }
            lists.append(List(rollup, map: union.maps[unit.segment]))
            segments.append(unit.segment)
        }
        guard lists.reduce(0, { $0 + $1.entries }) >= max(1, leastEntries) else { return nil }
        let rest = try count(scanned, union)
        let key = DerivedCache.Key(
            kind: .heads(union.serial), segments: segments.map { SegmentIdentity(execution.segments[$0]) })
        let rollups = lists.map { ($0.rollup, $0.map) }
        let index = try execution.derived.entry(key, execution.memory) { () throws(QueryError) in
            try HeadIndex(rollups, execution)
        }
        guard let values = try walk(lists, rest, index) else { return nil }
        let total =
            segments.reduce(0) { $0 + execution.segments[$1].header.rows } + rest.total
        let distinct = rest.values.reduce(index.distinct) { $0 + (index.occurs($1) ? 0 : 1) }
        return Result(values: values, total: total, distinct: distinct, union: union)
    }

    /// The events of each value in what roll-ups do not answer for.
    private struct Rest {
        var events: [UInt32]
        /// The values that have any, and their events together.
        var values: [Int] = []
        var total = 0
        /// The most frequent of them, in descending order.
        var heads: [(value: Int, events: Int)] = []
    }

    private func count(_ units: [ValueCounts.Unit], _ union: ValueUnion) throws(QueryError) -> Rest {
        let execution = counts.execution
        try execution.memory.hold(union.count * 12)
        let found = PerWorker(units.count) { [UInt32]() }
        try execution.parallel(units.count) { (_, index) throws(QueryError) in
            let (events, _) = try counts.scan(units[index], codes: union.maps[units[index].segment].count)
            found.with(index) { $0 = events }
        }
        var rest = Rest(events: [UInt32](repeating: 0, count: union.count))
        for (unit, events) in zip(units, found.all) {
            try execution.check()
            let map = union.maps[unit.segment]
            rest.events.withUnsafeMutableBufferPointer { sums in
                for (code, events) in events.enumerated() where events > 0 { sums[Int(map[code])] &+= events }
            }
        }
        var largest = LargestNumbers(limit: Self.maxDepth)
        for (value, events) in rest.events.enumerated() where events > 0 {
            rest.values.append(value)
            rest.total += Int(events)
            if largest.mayTake(Int(events)) { largest.take(Int(events)) }
        }
        let least = largest.least ?? 1
        rest.heads = rest.values.filter { Int(rest.events[$0]) >= least }.map { ($0, Int(rest.events[$0])) }
        try execution.sort(&rest.heads) { $0.events > $1.events }
        return rest
    }

    private func walk(
        _ lists: [List], _ rest: Rest, _ index: HeadIndex
    ) throws(QueryError) -> [(value: Int, events: Int)]? {
        var lists = lists
        let others = rest.heads
        var totals: [Int: Int] = [:]
        var largest = LargestNumbers(limit: wanted)
        for depth in 0... {
            if depth & 0xFF == 0 { try counts.execution.check() }
            guard depth < Self.maxDepth else { return nil }
            var bound = 0
            var heads: [Int] = []
            for number in lists.indices {
                guard let head = try stored({ () throws(StorageError) in try lists[number].entry(depth) }) else {
                    continue
                }
                bound += head.events
                heads.append(head.value)
            }
            if depth < others.count {
                bound += others[depth].events
                heads.append(others[depth].value)
            }
            // A value that has not turned up has no more than the present entries; one of as many might come before by
            // its key.
            if bound == 0 || largest.least.map({ $0 > bound }) ?? false { break }
            for value in heads where totals[value] == nil {
                var total = Int(rest.events[value])
                for number in lists.indices {
                    total += try index.events(of: value, list: number, lists[number].rollup, lists[number].map)
                }
                totals[value] = total
                if largest.mayTake(total) { largest.take(total) }
                counts.execution.countRows(lists.count)
            }
        }
        let least = largest.least ?? 1
        return totals.filter { $0.value >= least }.map { ($0.key, $0.value) }
    }
}

/// What ``TopHeads`` needs besides the roll-ups of some segments themselves: where a value stands in each, and how many
/// values there are in all.
final class HeadIndex: DerivedCache.Entry {
    /// How many values have an event in any of the segments.
    let distinct: Int
    /// By value whether it has one.
    private let bits: [UInt64]
    /// For each segment its codes, in the order of their values' numbers.
    private let orders: [[UInt32]]

    var bytes: Int { orders.reduce(bits.count * 8 + 128) { $0 + $1.count * 4 + 32 } }

    /// - Parameter lists: each segment's roll-up, and the number of each of its codes.
    /// - Complexity: O(codes · log codes).
    init(_ lists: [(rollup: Rollup, map: [UInt32])], _ execution: Execution) throws(QueryError) {
        let values = lists.reduce(0) { max($0, Int($1.map.max() ?? 0) + 1) }
        var bits = [UInt64](repeating: 0, count: (values + 63) / 64)
        var orders: [[UInt32]] = []
        for (rollup, map) in lists {
            var order = Array(0..<UInt32(map.count))
            try execution.sort(&order) { (map[Int($0)], $0) < (map[Int($1)], $1) }
            var own = 0
            for (place, code) in order.enumerated() where place == 0 || map[Int(order[place - 1])] != map[Int(code)] {
                own += 1
            }
            orders.append(order)
            let hasMissing = try stored { () throws(StorageError) in try rollup.find(0) } != nil
            if rollup.directory.distinct == own - (hasMissing ? 0 : 1) {
                // Every value of the table occurs, but perhaps for the missing one.
                for (code, value) in map.enumerated() where code > 0 || hasMissing {
                    bits[Int(value) >> 6] |= 1 << UInt64(value & 63)
                }
                continue
            }
            for number in 0..<rollup.blocks {
                try execution.check()
                let block = try stored { () throws(StorageError) in try rollup.block(number) }
                for code in block.codes {
                    let value = map[Int(code)]
                    bits[Int(value) >> 6] |= 1 << UInt64(value & 63)
                }
            }
        }
        self.bits = bits
        self.orders = orders
        distinct = bits.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    /// Whether a value has an event in any of the segments.
    func occurs(_ value: Int) -> Bool {
        value >> 6 < bits.count && bits[value >> 6] & (1 << UInt64(value & 63)) != 0
    }

    /// The events that a value has in a segment.
    ///
    /// - Complexity: O(log codes), and of ``Rollup/find(_:)``.
    func events(of value: Int, list: Int, _ rollup: Rollup, _ map: [UInt32]) throws(QueryError) -> Int {
        let order = orders[list]
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(map[Int(order[middle])]) < value { low = middle + 1 } else { high = middle }
        }
        // Values of equal text have one entry, under the lowest of their codes.
        guard low < order.count, Int(map[Int(order[low])]) == value else { return 0 }
        let code = order[low]
        guard let place = try stored({ () throws(StorageError) in try rollup.find(code) }) else { return 0 }
        return Int(try stored { () throws(StorageError) in try rollup.block(place.block) }.events[place.entry])
    }
}
