import Events
import Synchronization

/// What all running queries may hold in memory together.
///
/// A query that needs more than everything is refused for good; one that would fit but for the others is asked to come
/// again. Neither costs the others anything.
final class QueryMemoryPool: Sendable {
    /// Bytes that all queries may hold at once (limit queryMemory).
    let limit: Int
    private let held = Atomic<Int>(0)
    private let peak = Atomic<Int>(0)
    private let refused = Atomic<Int>(0)

    init(limit: Int = EngineOptions.defaultMemoryBytes) { self.limit = limit }

    /// Bytes held now, the most that were held at once, and how many queries were refused for want of them.
    var statistics: (held: Int, peak: Int, refused: Int) {
        (held.load(ordering: .relaxed), peak.load(ordering: .relaxed), refused.load(ordering: .relaxed))
    }

    /// Takes bytes for a query. Returns whether there were as many left.
    fileprivate func take(_ bytes: Int) -> Bool {
        let now = held.add(bytes, ordering: .relaxed).newValue
        guard now <= limit || bytes <= 0 else {
            held.subtract(bytes, ordering: .relaxed)
            return false
        }
        _ = peak.max(now, ordering: .relaxed)
        return true
    }

    fileprivate func giveBack(_ bytes: Int) { held.subtract(bytes, ordering: .relaxed) }

    fileprivate func countRefusal() { refused.add(1, ordering: .relaxed) }
}

/// What one query holds in memory; a query that would need more than there is is stopped with the limit's name.
///
/// Bytes are counted where tables and buffers grow, by what they reserve. Decoded parts of segments and what is kept
/// from one query to the next do not count: they are shared, in caches with a limit of their own.
final class QueryMemory: Sendable {
    /// Bytes that are held now.
    private let held = Atomic<Int>(0)
    private let pool: QueryMemoryPool

    init(pool: QueryMemoryPool = QueryMemoryPool()) { self.pool = pool }

    deinit { pool.giveBack(held.load(ordering: .relaxed)) }

    /// Counts bytes that are about to be held, before they are reserved. What is not released is so when the query is
    /// over.
    ///
    /// - Throws: `memory_limit`, or `query_memory_busy` where other queries hold too much; the bytes are not counted
    ///   then.
    func hold(_ bytes: Int) throws(QueryError) {
        guard bytes > 0 else { return }
        let (before, now) = held.add(bytes, ordering: .relaxed)
        guard now <= pool.limit else {
            held.subtract(bytes, ordering: .relaxed)
            pool.countRefusal()
            throw QueryMemory.exceeded(
                "needs more than the \(pool.limit) bytes queries may hold (limit queryMemory, `--query-memory`; it had \(before))"
            )
        }
        guard pool.take(bytes) else {
            held.subtract(bytes, ordering: .relaxed)
            pool.countRefusal()
            throw QueryError(
                .memoryBusy,
                "The query needs memory that other queries hold: together they may have \(pool.limit) bytes (limit "
                    + "queryMemory, `--query-memory`). Ask again when they are done.")
        }
    }

    /// Counts bytes as given back.
    func release(_ bytes: Int) {
        held.subtract(bytes, ordering: .relaxed)
        pool.giveBack(bytes)
    }

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
