import Synchronization

/// The order of `by`'s values in answers, for where events of equal times have different ones and the first is taken.
///
/// Texts are read when they are first needed, which for most data is never.
final class FunnelKeyOrder: Sendable {
    private let execution: Execution
    private let dimensions: [Dimension]
    private let table: GroupTable
    private let ranks = Mutex<[UInt32]?>(nil)

    init(_ execution: Execution, _ dimensions: [Dimension], _ table: GroupTable) {
        self.execution = execution
        self.dimensions = dimensions
        self.table = table
    }

    /// Whether an event's values come before another's: compared in their order, one by one.
    func precedes(_ one: ArraySlice<UInt32>, _ other: ArraySlice<UInt32>) throws(QueryError) -> Bool {
        if one.elementsEqual(other) { return false }
        let ranks = try allRanks()
        let left = one.map { ranks[Int($0)] }.sorted()
        let right = other.map { ranks[Int($0)] }.sorted()
        return left.lexicographicallyPrecedes(right)
    }

    private func allRanks() throws(QueryError) -> [UInt32] {
        if let known = ranks.withLock({ $0 }) { return known }
        var texts = GroupTexts(execution, Grouping(dimensions: dimensions))
        var keys: [[String?]] = []
        for group in 0..<table.count {
            if group & 0xFFF == 0 { try execution.check() }
            keys.append(try texts.key(table, group))
        }
        var ranks = [UInt32](repeating: 0, count: keys.count)
        var order = Array(keys.indices)
        try execution.sort(&order) { KeyOrder.precedes(keys[$0], keys[$1]) }
        for (rank, group) in order.enumerated() { ranks[group] = UInt32(rank) }
        let made = ranks
        self.ranks.withLock { $0 = made }
        return made
    }
}
