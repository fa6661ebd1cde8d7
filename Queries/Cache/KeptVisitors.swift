/// By group which visitors of a union belong to it: what is kept of segments from one asking to the next.
struct KeptVisitors: PartialResult {
    /// Visitors by group.
    private(set) var counts: [Int]
    private let words: Int
    /// Group by group.
    private var bits: [UInt64]

    var bytes: Int { bits.count * 8 + counts.count * 8 + 64 }

    /// - Parameter visitors: how many the union has.
    init(groups: Int, visitors: Int) {
        words = (visitors + 63) / 64
        bits = [UInt64](repeating: 0, count: groups * words)
        counts = [Int](repeating: 0, count: groups)
    }

    /// Adds the visitors of a partition, in which they have not been before.
    ///
    /// - Parameters:
    ///   - first: the union's number of the partition's first visitor.
    ///   - count: how many of the partition's are of the union.
    mutating func add(_ other: VisitorBits, first: Int, count: Int) {
        for group in counts.indices {
            let own = group * words
            for word in 0..<((count + 63) / 64) {
                let part = other.base[group * other.words + word] & Self.mask(count - word * 64)
                guard part != 0 else { continue }
                let (place, shift) = ((first + word * 64) >> 6, UInt64(first + word * 64) & 63)
                bits[own + place] |= part << shift
                // No visitor lies beyond the union, so that there is a next word if one is needed.
                if shift > 0, part >> (64 - shift) != 0 { bits[own + place + 1] |= part >> (64 - shift) }
                counts[group] += part.nonzeroBitCount
            }
        }
    }

    /// Each group by itself.
    func split() -> [KeptVisitors] {
        counts.indices.map { group in
            var own = self
            own.counts = [counts[group]]
            own.bits = Array(bits[(group * words)..<((group + 1) * words)])
            return own
        }
    }

    /// How many visitors a group of a partition has who are not among the first group's kept ones.
    func countOthers(in other: VisitorBits, group: Int, first: Int, ofUnion: Int) -> Int {
        var count = 0
        bits.withUnsafeBufferPointer { bits in
            for word in 0..<other.words {
                var part = other.base[group &* other.words &+ word]
                let rest = ofUnion - word * 64
                if part != 0, rest > 0 {
                    let (place, shift) = ((first + word * 64) >> 6, UInt64(first + word * 64) & 63)
                    var known = bits[place] >> shift
                    if shift > 0, place + 1 < words { known |= bits[place + 1] << (64 - shift) }
                    part &= ~(known & Self.mask(rest))
                }
                count &+= part.nonzeroBitCount
            }
        }
        return count
    }

    /// Whether a visitor is kept.
    func contains(group: Int, visitor: Int) -> Bool {
        bits[group * words + visitor >> 6] & (1 << UInt64(visitor & 63)) != 0
    }

    /// The lowest `count` bits, all if it is more than there are.
    private static func mask(_ count: Int) -> UInt64 { count >= 64 ? .max : (1 << UInt64(max(0, count))) - 1 }
}
