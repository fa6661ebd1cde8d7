/// What the matching of one funnel may hold in memory, where data decides how much that is.
enum FunnelLimits {
    /// Events of one visitor in one millisecond that differ in the steps they take.
    static let maxTiedKinds = 4_096
    /// Times to convert that are kept to take percentiles of.
    static let maxTimes = 32_000_000

    static func exceeded(_ what: String, _ name: String, _ advice: String) -> QueryError {
        QueryError(.memoryLimit, "The funnel \(what) (limit \(name)). \(advice)")
    }
}
