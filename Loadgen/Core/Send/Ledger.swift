/// A growing set of small numbers, one bit each.
package struct NumberSet: Sendable, Equatable {
    private var words: [UInt64] = []
    /// How many numbers are in it.
    package private(set) var count = 0

    /// An empty set.
    package init() {}

    /// Adds a number, not negative.
    ///
    /// - Returns: Whether it was not there yet.
    @discardableResult
    package mutating func insert(_ number: Int) -> Bool {
        let word = number >> 6
        while words.count <= word { words.append(0) }
        let bit = UInt64(1) << UInt64(number & 63)
        guard words[word] & bit == 0 else { return false }
        words[word] |= bit
        count += 1
        return true
    }

    /// Whether a number is in the set.
    package func contains(_ number: Int) -> Bool {
        let word = number >> 6
        return word < words.count && words[word] >> UInt64(number & 63) & 1 == 1
    }

    /// Above all numbers of the set.
    package var end: Int { words.count << 6 }

    /// Adds another set's numbers.
    package mutating func formUnion(_ other: NumberSet) {
        while words.count < other.words.count { words.append(0) }
        count = 0
        for index in words.indices {
            if index < other.words.count { words[index] |= other.words[index] }
            count += words[index].nonzeroBitCount
        }
    }

    /// The set as ranges of numbers, in order.
    package var ranges: [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start: Int?
        for number in 0..<end + 1 {
            if contains(number) {
                start = start ?? number
            } else if let from = start {
                ranges.append(from..<number)
                start = nil
            }
        }
        return ranges
    }

    /// A set of all numbers of some ranges.
    package init(_ ranges: [Range<Int>]) {
        for range in ranges { for number in range { insert(number) } }
    }
}

/// Which bodies of a run were sent, and which of them the server has acknowledged: one bit each a body.
struct Ledger: Sendable {
    var sent = NumberSet()
    var acknowledged = NumberSet()

    /// Adds another thread's.
    mutating func add(_ other: Ledger) {
        sent.formUnion(other.sent)
        acknowledged.formUnion(other.acknowledged)
    }
}
