import Events

/// Which values a row with a code counts under: for a list its members, each text once, else the code itself, or of
/// several codes of equal text (`3` and `"3"`) the lowest.
struct RollupTargets: Sendable {
    /// Where each code's targets begin in ``targets``; empty if every code counts under itself.
    private(set) var starts: [UInt32] = []
    private(set) var targets: [UInt32] = []
    /// Whether any code has several targets.
    let hasLists: Bool
    /// The most targets of a code.
    private(set) var most = 1

    /// Whether every code counts under itself.
    var isPlain: Bool { starts.isEmpty }

    /// Looks a table through.
    ///
    /// - Complexity: O(values) on average, and only where there are lists or values of several kinds.
    init(_ table: ValueTable) {
        hasLists = table.hasLists
        var scalars: Set<UInt8> = []
        for kind in table.kinds.dropFirst() where kind != ValueKind.list.rawValue { scalars.insert(kind) }
        guard hasLists || scalars.count > 1 else { return }
        var lowest: [UInt64: UInt32] = [:]
        if scalars.count > 1 {
            for code in 1..<table.count where table.kinds[code] != ValueKind.list.rawValue {
                if lowest[table.hashes[code]] == nil { lowest[table.hashes[code]] = UInt32(code) }
            }
        }
        guard hasLists || lowest.count < table.count - 1 else { return }
        starts.reserveCapacity(table.count + 1)
        for code in 0..<table.count {
            starts.append(UInt32(targets.count))
            let members = code == 0 ? [0] : table.countedMembers(of: code)
            for member in members { targets.append(lowest[table.hashes[Int(member)]] ?? member) }
            most = max(most, members.count)
        }
        starts.append(UInt32(targets.count))
    }

    /// Every code counts under itself.
    init() { hasLists = false }
}
