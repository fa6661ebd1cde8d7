/// The first of many in an order, for lists that show a few of millions.
enum FirstFew {
    /// The first `limit` of some numbers in an order, in that order.
    ///
    /// - Parameter precedes: a strict order; what it says of equals does not matter.
    /// - Complexity: one comparison for most numbers, O(log limit) comparisons for those that are among the first
    ///   so far.
    static func select(_ numbers: some Sequence<Int>, limit: Int, by precedes: (Int, Int) -> Bool) -> [Int] {
        var first: [Int] = []
        for number in numbers {
            if first.count == limit {
                guard let last = first.last, precedes(number, last) else { continue }
                first.removeLast()
            }
            var low = 0
            var high = first.count
            while low < high {
                let middle = (low + high) / 2
                if precedes(number, first[middle]) { high = middle } else { low = middle + 1 }
            }
            first.insert(number, at: low)
        }
        return first
    }
}
