extension QueryMemory {
    /// Events that a query may gather of one partition of visitors: more only come together where one visitor has
    /// millions of them.
    static let maxGathered = 16_000_000

    static func checkGathered(_ count: Int) throws(QueryError) {
        guard count <= maxGathered else {
            throw QueryError(
                .memoryLimit,
                "The query would hold more than \(maxGathered) events of few visitors at once (limit maxGathered). "
                    + "Ask for a shorter range, or filter, for example the visitor who has so many.")
        }
    }
}

extension Int64 {
    /// The sum, at the ends of the range where it would overflow.
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
