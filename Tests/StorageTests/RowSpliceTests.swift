import Storage
import TestSupport
import Testing

@Suite("Rows that are left")
struct RowSpliceTests {
    @Test("Every way to take rows out of up to eight", arguments: 0...8)
    func all(rows: Int) {
        for mask in 0..<(1 << rows) {
            let removed = (0..<rows).filter { mask >> $0 & 1 == 1 }
            let left = (0..<rows).filter { mask >> $0 & 1 == 0 }
            let splice = RowSplice(rows: rows, removing: removed.map { $0..<($0 + 1) })
            #expect(splice.rows == left.count)
            #expect(splice.kept.flatMap { Array($0) } == left)
            #expect(splice.removed.flatMap { Array($0) } == removed)
            for lower in 0...left.count {
                for upper in lower...left.count {
                    #expect(splice.sources(of: lower..<upper).flatMap { Array($0) } == Array(left[lower..<upper]))
                }
            }
            for lower in 0...rows {
                for upper in lower...rows {
                    #expect(splice.count(in: lower..<upper) == left.count { (lower..<upper).contains($0) })
                }
            }
        }
    }

    @Test("Taking out at once and one after the other is the same")
    func accumulates() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let rows = random.int(1...300)
            let cuts = Set((0..<8).map { _ in random.int(0...rows) }).sorted()
            let ranges = zip(cuts, cuts.dropFirst()).map { $0..<$1 }
            let some = ranges.filter { _ in random.chance(0.5) }
            let rest = ranges.filter { !some.contains($0) && random.chance(0.5) }
            let once = RowSplice(rows: rows, removing: some + rest)
            let twice = RowSplice(rows: rows, removing: some).removing(rest, of: rows)
            #expect(once.kept == twice.kept)
            #expect(once.rows == twice.rows)
        }
    }
}
