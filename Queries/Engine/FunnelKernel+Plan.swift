import Storage

/// What a funnel reads: the segments in the order of time, those that overlap as one group, and of each group by step the
/// runs of rows that can take it; and the visitors in partitions.
struct KernelPlan: Sendable {
    /// The rows of one event name of one segment, for one step.
    struct Source: Sendable {
        /// Position in the query's segments.
        var segment: Int
        var name: Int
        /// Which rows take the step; `nil` for all.
        var filter: CompiledFilter?
        /// The tests of earlier steps of the same rows: an event must not take two steps.
        var others: [CompiledFilter] = []
    }

    /// Segments that overlap in time. Between groups every event of an earlier one is before every event of a later.
    struct Group: Sendable {
        /// What the times of keys count from, Unix milliseconds.
        var month: Int64
        var first: Int64
        var last: Int64
        /// By step.
        var sources: [[Source]]
        /// Positions of the segments.
        var segments: [Int]
    }

    let groups: [Group]
    /// The visitors of all segments that are read.
    let aligned: AlignedVisitors
    /// For each of the query's segments the names that are read.
    private let names: [[Int]]
    private let execution: Execution

    /// Plans a funnel of these steps.
    ///
    /// - Parameter steps: by step the filter of its events, the query's own included.
    /// - Returns: `nil` if there is an event that takes two steps for certain, or if times of a group are too far apart.
    init?(_ execution: Execution, steps: [Filter], range: ResolvedRange) throws(QueryError) {
        var groups: [Group] = []
        var names: [[Int]] = []
        for (index, segment) in execution.segments.enumerated() {
            let header = segment.header
            guard segment.coverage(of: range) != .none else {
                names.append([])
                continue
            }
            guard let sources = try Self.sources(execution, index, steps, range) else { return nil }
            names.append(Set(sources.joined().map(\.name)).sorted())
            // Segments come in the order of their first events, so that a group's month is that of its first one.
            if let last = groups.last, header.first <= last.last {
                let group = groups.count - 1
                groups[group].last = max(last.last, header.last)
                for step in steps.indices { groups[group].sources[step] += sources[step] }
                groups[group].segments.append(index)
            } else {
                groups.append(
                    Group(
                        month: header.month, first: header.first, last: header.last, sources: sources,
                        segments: [index]))
            }
        }
        for group in groups where group.last - group.month > Int64(UInt32.max) { return nil }
        self.groups = groups
        self.names = names
        self.execution = execution
        aligned = try AlignedVisitors(names.indices.filter { !names[$0].isEmpty }, execution)
    }

    /// The visitors in partitions, with the rows of some of the groups.
    func partitions(_ groups: Range<Int>) throws(QueryError) -> VisitorPartitions {
        let reading = Set(self.groups[groups].flatMap(\.segments))
        return try VisitorPartitions(
            execution, names: names.enumerated().map { reading.contains($0) ? $1 : [] }, aligned: aligned)
    }

    /// Which groups come first of whose segments something can be kept: sealed ones whose visitors are the union's and
    /// whose events are all in the range.
    func covered(_ range: ResolvedRange) -> (groups: Range<Int>, segments: [Int]) {
        var segments: [Int] = []
        for (number, group) in groups.enumerated() {
            let read = group.segments.filter { !names[$0].isEmpty }
            let isCovered = read.allSatisfy { index in
                let segment = execution.segments[index]
                return segment.isSealed && aligned.isOfUnion(index) && segment.coverage(of: range) == .all
            }
            guard isCovered else { return (0..<number, segments) }
            segments += read
        }
        return (groups.indices, segments)
    }

    private static func sources(
        _ execution: Execution, _ index: Int, _ steps: [Filter], _ range: ResolvedRange
    ) throws(QueryError) -> [[Source]]? {
        let segment = execution.segments[index]
        var sources = [[Source]](repeating: [], count: steps.count)
        var taken = [[CompiledFilter]](repeating: [], count: segment.header.names.count)
        for (step, filter) in steps.enumerated() {
            let filter = try CompiledFilter(
                filter, range: range, segment: segment, hash: execution.hash,
                execution: execution)
            for name in segment.header.names.indices {
                let ofName = filter.filter(forName: name)
                if ofName.constant == false { continue }
                let takesAll = ofName.constant == true
                if !taken[name].isEmpty, takesAll || taken[name].contains(where: { $0.constant == true }) {
                    return nil
                }
                sources[step].append(
                    Source(segment: index, name: name, filter: takesAll ? nil : ofName, others: taken[name]))
                taken[name].append(ofName)
            }
        }
        return sources
    }
}
