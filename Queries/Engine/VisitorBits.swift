/// A bit for each visitor of a partition in each of some groups.
///
/// Owns raw memory: setting a bit is the inner loop of counting distinct visitors, which must neither check twice nor
/// branch. Not thread-safe.
final class VisitorBits {
    /// Words of a group.
    let words: Int
    /// Group by group.
    let base: UnsafeMutablePointer<UInt64>
    private let groups: Int

    /// Bits that a worker keeps at once: 4 MiB, so that most of what is touched stays in its caches.
    private static let maxBits = 1 << 25

    static func fits(groups: Int, visitors: Int) -> Bool {
        let (bits, overflow) = groups.multipliedReportingOverflow(by: visitors + 63)
        return !overflow && bits <= maxBits
    }

    /// Bytes held.
    var bytes: Int { groups * words * 8 }

    init(groups: Int, visitors: Int) {
        self.groups = groups
        words = (visitors + 63) / 64
        base = .allocate(capacity: max(1, groups * words))
        base.initialize(repeating: 0, count: groups * words)
    }

    deinit { base.deallocate() }

    /// Both are below what was asked room for.
    @inline(__always)
    func insert(group: UInt32, visitor: UInt32) {
        base[Int(group) &* words &+ Int(visitor &>> 6)] |= 1 &<< UInt64(visitor & 63)
    }

    /// How many visitors a group has.
    func count(group: Int) -> Int {
        var count = 0
        for word in 0..<words { count &+= base[group &* words &+ word].nonzeroBitCount }
        return count
    }

    /// Calls `body` with each visitor of a group.
    @inline(__always)
    func forEachVisitor(ofGroup group: Int, _ body: (Int) -> Void) {
        for word in 0..<words {
            var rest = base[group &* words &+ word]
            while rest != 0 {
                body(word &* 64 &+ rest.trailingZeroBitCount)
                rest &= rest &- 1
            }
        }
    }
}
