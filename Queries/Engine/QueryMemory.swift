import Events

/// What a query may hold in memory; a query that would need more is stopped with the limit's name, and costs nobody
/// else anything.
enum QueryMemory {
    /// Groups of one query and thread, a group being one key in one interval.
    static let maxGroups = 4_000_000
    /// Cells of one piece of work: groups times measures.
    static let maxCells = 8_000_000
    /// Groups that one event may count in, when it has several values in several dimensions.
    static let maxCombinations = 4_096

    static func checkGroups(_ count: Int) throws(QueryError) {
        guard count <= maxGroups else {
            throw exceeded("has more than \(maxGroups) groups (limit maxGroups)")
        }
    }

    static func checkCells(_ groups: Int, measures: Int) throws(QueryError) {
        guard groups * max(1, measures) <= maxCells else {
            throw exceeded("would keep more than \(maxCells) numbers at once (limit maxCells)")
        }
    }

    static func checkCombinations(_ codes: [UInt32], _ dimensions: [SegmentDimension]) throws(QueryError) {
        var combinations = 1
        for (code, dimension) in zip(codes, dimensions) where dimension.table.hasLists {
            combinations *= max(1, dimension.table.members(of: Int(code)).count)
            guard combinations <= maxCombinations else {
                throw exceeded("would count one event in more than \(maxCombinations) groups (limit maxCombinations)")
            }
        }
    }

    private static func exceeded(_ what: String) -> QueryError {
        QueryError(
            .memoryLimit,
            "The query \(what). Group by fewer dimensions or ones with fewer values, ask for longer intervals, or filter."
        )
    }
}
