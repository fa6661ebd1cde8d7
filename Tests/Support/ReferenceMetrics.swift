extension Reference {
    /// The metrics of some events.
    ///
    /// - Parameter indices: positions in ``events``.
    func metrics(_ names: [String], over indices: [Int]) throws(ReferenceError) -> [String: JSON] {
        var result: [String: JSON] = [:]
        for name in names { result[name] = try metric(name, over: indices) }
        return result
    }

    private func metric(_ name: String, over indices: [Int]) throws(ReferenceError) -> JSON {
        let visitors = Set(indices.map { events[$0].visitor }).count
        let counted = Set(indices.map { sessions.ordinals[$0] }).map { sessions.sessions[$0] }
        switch name {
        case "events": return .integer(Int64(indices.count))
        case "visitors": return .integer(Int64(visitors))
        case "sessions": return .integer(Int64(counted.count))
        case "pageviews": return .integer(Int64(indices.count { events[$0].name == Reference.pageView }))
        case "events_per_visitor": return Reference.ratio(Double(indices.count), visitors)
        case "bounce_rate": return Reference.ratio(Double(counted.count { $0.isBounce }), counted.count)
        case "session_duration":
            return Reference.ratio(Double(counted.reduce(0) { $0 + $1.last - $1.first }), counted.count)
        default: break
        }
        guard let colon = name.firstIndex(of: ":") else { throw ReferenceError("an unknown metric \(name)") }
        let measure = String(name[name.index(after: colon)...])
        let numbers = indices.compactMap { events[$0].measure(measure) }
        switch name[..<colon] {
        case "sum": return .number(numbers.reduce(0, +))
        case "avg": return Reference.ratio(numbers.reduce(0, +), numbers.count)
        case "min": return numbers.min().map { .number($0) } ?? .null
        case "max": return numbers.max().map { .number($0) } ?? .null
        case let percentile:
            guard percentile.first == "p", let rank = Double(percentile.dropFirst()) else {
                throw ReferenceError("an unknown metric \(name)")
            }
            return Reference.percentile(rank, of: numbers)
        }
    }

    private static func ratio(_ number: Double, _ count: Int) -> JSON {
        count == 0 ? .null : .number(number / Double(count))
    }

    private static func percentile(_ percent: Double, of numbers: [Double]) -> JSON {
        guard !numbers.isEmpty else { return .null }
        let ascending = numbers.sorted()
        let rank = percent / 100 * Double(ascending.count - 1)
        let lower = Int(rank.rounded(.down))
        let upper = min(lower + 1, ascending.count - 1)
        let share = rank - Double(lower)
        return .number(ascending[lower] + (ascending[upper] - ascending[lower]) * share)
    }

    /// Metrics whose numbers of disjoint parts add up to the whole's.
    static func isAdditive(_ metric: String) -> Bool {
        metric == "events" || metric == "pageviews" || metric.hasPrefix("sum:")
    }
}
