import Events
import Synchronization

/// What a query may hold in memory; a query that would need more is stopped with the limit's name, and costs nobody
/// else anything.
///
/// Bytes are counted where tables and buffers grow, by what they reserve. Decoded parts of segments do not count: they
/// are shared, in a cache with a limit of its own.
final class QueryMemory: Sendable {
    /// Bytes that are held now.
    private let held = Atomic<Int>(0)
    /// The most that were held at once.
    private let peak = Atomic<Int>(0)
    private let limit: Int

    /// - Parameter limit: bytes that may be held at once (limit queryMemory).
    init(limit: Int = EngineOptions.defaultMemoryBytes) {
        self.limit = limit
    }

    /// The most bytes that were held at once.
    var peakBytes: Int { peak.load(ordering: .relaxed) }

    /// Counts bytes that are about to be held, before they are reserved.
    ///
    /// - Throws: `memory_limit`; the bytes are not counted then.
    func hold(_ bytes: Int) throws(QueryError) {
        let (before, now) = held.add(bytes, ordering: .relaxed)
        guard now <= limit else {
            held.subtract(bytes, ordering: .relaxed)
            throw QueryMemory.exceeded(
                "needs more than the \(limit) bytes it may hold (limit queryMemory; it had \(before))")
        }
        _ = peak.max(now, ordering: .relaxed)
    }

    /// Counts bytes as given back.
    func release(_ bytes: Int) { held.subtract(bytes, ordering: .relaxed) }

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
