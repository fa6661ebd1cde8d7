import Storage

/// What a part of a segment adds to the groups of a query: kept from one asking to the next, since a segment never
/// changes, nor does a run in flight.
struct PartialGroups: PartialResult {
    /// Hashes of the groups' values, ``dimensions`` a group.
    private var hashes: [UInt64] = []
    /// Where the values stand in the segment's tables, as many.
    private var codes: [UInt32] = []
    /// A time of each group's interval; empty without intervals.
    private var starts: [Int64] = []
    private let dimensions: Int
    private var sums: Accumulators

    init(dimensions: Int, plan: Accumulators.Plan) {
        self.dimensions = dimensions
        sums = Accumulators(plan)
    }

    /// Number of groups.
    private(set) var count = 0

    /// Bytes held, about.
    var bytes: Int { sums.bytes + hashes.capacity * 8 + codes.capacity * 4 + starts.capacity * 8 + 64 }

    /// Adds a group's numbers.
    mutating func append(
        _ other: Accumulators, group: Int, codes: [UInt32], hashes: [UInt64], start: Int64?
    ) {
        sums.grow(to: count + 1)
        sums.add(other, group: group, to: count)
        self.codes.append(contentsOf: codes)
        self.hashes.append(contentsOf: hashes)
        if let start { starts.append(start) }
        count += 1
    }

    /// Adds everything to a result.
    ///
    /// - Parameters:
    ///   - segment: the position of the segment in the query's snapshot.
    ///   - intervals: those of this asking, which may begin and end elsewhere than the ones before.
    func fold(
        into result: inout GroupedScan.Result, segment: Int, intervals: Intervals?, execution: Execution
    ) throws(QueryError) {
        for group in 0..<count {
            if group % 4096 == 0 {
                try execution.check()
                try result.account(execution.memory)
            }
            try QueryMemory.checkGroups(result.table.count)
            let interval = intervals.map { UInt32($0.index(of: starts[group]) ?? 0) } ?? 0
            let parts = (group * dimensions)..<((group + 1) * dimensions)
            result.fold(
                sums, group: group, key: GroupTable.key(Array(hashes[parts]), interval: interval), interval: interval,
                places: codes[parts].map { GroupTable.Place(segment: UInt32(segment), code: $0) })
        }
    }
}
