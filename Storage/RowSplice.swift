/// The rows of a segment that are left when some ranges of them are taken out, numbered anew without gaps.
///
/// "Old" rows are positions in the segment, "new" ones positions among what is left.
package struct RowSplice: Sendable {
    /// Old rows taken out: ascending, not touching each other, not empty.
    package let removed: [Range<Int>]
    /// Number of rows left.
    package let rows: Int
    /// Old rows left, the complement of ``removed``.
    package let kept: [Range<Int>]
    /// The new row at which each of ``kept`` begins.
    private let starts: [Int]

    /// Takes ranges out of `rows` rows.
    ///
    /// - Parameter removing: in any order; they may touch, but not overlap.
    /// - Complexity: O(ranges · log ranges).
    package init(rows: Int, removing: [Range<Int>]) {
        var removed: [Range<Int>] = []
        for range in removing.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
            if let last = removed.last, last.upperBound == range.lowerBound {
                removed[removed.count - 1] = last.lowerBound..<range.upperBound
            } else {
                removed.append(range)
            }
        }
        var kept: [Range<Int>] = []
        var starts: [Int] = []
        var count = 0
        var next = 0
        for range in removed + [rows..<rows] {
            if next < range.lowerBound {
                kept.append(next..<range.lowerBound)
                starts.append(count)
                count += range.lowerBound - next
            }
            next = range.upperBound
        }
        self.removed = removed
        self.rows = count
        self.kept = kept
        self.starts = starts
    }

    /// The same with more ranges taken out, none of which was before.
    package func removing(_ more: [Range<Int>], of rows: Int) -> RowSplice {
        RowSplice(rows: rows, removing: removed + more)
    }

    /// How many rows of a range of old rows are left.
    ///
    /// - Complexity: O(log ranges).
    package func count(in old: Range<Int>) -> Int { new(old.upperBound) - new(old.lowerBound) }

    /// The new row that an old one became, or that the next one left became.
    private func new(_ old: Int) -> Int {
        let index = kept.firstPosition { $0.upperBound > old }
        guard index < kept.count else { return rows }
        return starts[index] + max(0, old - kept[index].lowerBound)
    }

    /// The old rows that a range of new ones came from, in order.
    ///
    /// - Complexity: O(log ranges + ranges returned).
    package func sources(of new: Range<Int>) -> [Range<Int>] {
        guard !new.isEmpty else { return [] }
        var index = starts.firstPosition { $0 > new.lowerBound } - 1
        var sources: [Range<Int>] = []
        var next = new.lowerBound
        while next < new.upperBound {
            let first = kept[index].lowerBound + next - starts[index]
            let end = min(kept[index].upperBound, first + new.upperBound - next)
            sources.append(first..<end)
            next += end - first
            index += 1
        }
        return sources
    }
}

extension Array {
    /// The first position whose element passes a test that holds for all behind it too; the count if none does.
    ///
    /// - Complexity: O(log count).
    func firstPosition(where test: (Element) throws -> Bool) rethrows -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if try test(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
