import Events
import Storage

/// Finds the query-wide groups that a segment's local groups stand for, once they are all known.
///
/// Only groups that were selected have a number; rows of the others are passed over.
struct GroupResolver {
    private let table: GroupTable
    private let selected: [Int32]

    /// - Parameter selected: for each group of the table its number in the result, or -1.
    init(_ table: GroupTable, selected: [Int32]) {
        self.table = table
        self.selected = selected
    }

    /// All groups of a table, in its order.
    init(_ table: GroupTable) {
        self.init(table, selected: (0..<Int32(table.count)).map { $0 })
    }

    /// The same with some of the selected groups alone.
    ///
    /// - Parameter some: their numbers; their places in it are their new ones.
    func selecting(_ some: [Int]) -> GroupResolver {
        let places = Dictionary(uniqueKeysWithValues: some.enumerated().map { (Int32($1), Int32($0)) })
        return GroupResolver(table, selected: selected.map { places[$0] ?? -1 })
    }

    /// The keys of the selected groups, by their numbers.
    ///
    /// - Parameter count: how many are selected.
    func keys(_ count: Int) -> [UInt64] {
        var keys = [UInt64](repeating: 0, count: count)
        for (group, number) in selected.enumerated() where number >= 0 { keys[Int(number)] = table.index.keys[group] }
        return keys
    }

    /// Remembers what was resolved for one segment.
    struct Local {
        fileprivate var known: [Int32] = []
        fileprivate var lists: [[UInt32]] = []
    }

    private static let unresolved: Int32 = .min

    /// The selected groups of a local group: `body` is called for each.
    @inline(__always)
    func forEach(
        _ group: UInt32, _ grouping: LocalGrouping, _ local: inout Local, _ body: (UInt32) -> Void
    ) {
        if Int(group) >= local.known.count {
            local.known.append(
                contentsOf: repeatElement(GroupResolver.unresolved, count: Int(group) + 1 - local.known.count))
        }
        var known = local.known[Int(group)]
        if known == GroupResolver.unresolved { known = resolve(group, grouping, &local) }
        if known >= 0 {
            body(UInt32(known))
        } else if known < -1 {
            for member in local.lists[Int(-2 - known)] { body(member) }
        }
    }

    /// Resolves the groups of all rows whose mask is 1, and then calls `body` with each row's position and its selected groups.
    ///
    /// The second pass reads one plain array, so that a row costs no reference counting.
    @inline(__always)
    func forEachRow(
        _ groups: [UInt32], mask: [UInt8], _ grouping: LocalGrouping, _ local: inout Local,
        _ body: (_ position: Int, _ group: UInt32) -> Void
    ) {
        if local.known.count < grouping.count {
            local.known.append(
                contentsOf: repeatElement(GroupResolver.unresolved, count: grouping.count - local.known.count))
        }
        for position in groups.indices where mask[position] != 0 {
            if local.known[Int(groups[position])] == GroupResolver.unresolved {
                _ = resolve(groups[position], grouping, &local)
            }
        }
        let lists = local.lists
        local.known.withUnsafeBufferPointer { known in
            groups.withUnsafeBufferPointer { groups in
                mask.withUnsafeBufferPointer { mask in
                    for position in 0..<groups.count where mask[position] != 0 {
                        let number = known[Int(groups[position])]
                        if number >= 0 {
                            body(position, UInt32(number))
                        } else if number < -1 {
                            for member in lists[Int(-2 - number)] { body(position, member) }
                        }
                    }
                }
            }
        }
    }

    @inline(never)
    private func resolve(_ group: UInt32, _ grouping: LocalGrouping, _ local: inout Local) -> Int32 {
        if let single = grouping.singleCode(group) {
            let hash = grouping.dimensions[0].table.hashes[Int(single.code)]
            let key = GroupTable.key(hash, interval: single.interval)
            let known = table.index.find(key).map { selected[Int($0)] } ?? -1
            local.known[Int(group)] = known
            return known
        }
        let (codes, interval) = grouping.parts(group)
        var found: [UInt32] = []
        GroupTable.expand(codes, grouping.dimensions) { _, hashes in
            guard let group = table.index.find(GroupTable.key(hashes, interval: interval)) else { return }
            let number = selected[Int(group)]
            if number >= 0 { found.append(UInt32(number)) }
        }
        let known: Int32
        switch found.count {
        case 0: known = -1
        case 1: known = Int32(found[0])
        default:
            local.lists.append(found)
            known = -1 - Int32(local.lists.count)
        }
        local.known[Int(group)] = known
        return known
    }
}
