/// Times to convert in the form of an answer: exact, of all values.
struct FunnelTimes {
    /// Ascending, milliseconds.
    private let sorted: [Int64]

    /// - Complexity: O(n log n).
    init(_ times: [Int64]) { sorted = times.sorted() }

    /// The mean, `null` of nothing.
    var average: JSONValue {
        guard !sorted.isEmpty else { return .null }
        let sum = sorted.reduce(Int128(0)) { $0 + Int128($1) }
        return .number(Double(sum) / Double(sorted.count))
    }

    /// The percentile, interpolated linearly between the closest ranks as an aggregate's is; `null` of nothing.
    func percentile(_ percent: Double) -> JSONValue {
        guard !sorted.isEmpty else { return .null }
        let rank = percent / 100 * Double(sorted.count - 1)
        let low = min(Int(rank), sorted.count - 1)
        let high = min(low + 1, sorted.count - 1)
        let (least, most) = (Double(sorted[low]), Double(sorted[high]))
        return .number(least + (most - least) * (rank - Double(low)))
    }

    /// So many bars of one width from the least to the greatest time; none of nothing.
    func histogram(bins: Int) -> JSONValue {
        guard bins > 0, let least = sorted.first, let most = sorted.last else { return .array([]) }
        let span = most.subtractingClamped(least)
        // The narrowest whole number of milliseconds with which the last bar holds the greatest time.
        let width = span / Int64(bins) + 1
        var counts = [Int64](repeating: 0, count: bins)
        for time in sorted { counts[Int(time.subtractingClamped(least) / width)] += 1 }
        return .array(
            counts.enumerated().map { index, count in
                let from = least.addingClamped(width.multipliedClamped(Int64(index)))
                return .object([
                    ("from_ms", .integer(from)), ("to_ms", .integer(from.addingClamped(width))),
                    ("count", .integer(count)),
                ])
            })
    }
}

extension Int64 {
    /// The product, at the end of the range where it would overflow.
    fileprivate func multipliedClamped(_ other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}
