import Events
import Storage

/// What is known of one dimension over the matching events.
struct DimensionSummary: Sendable {
    var name: String
    /// Bit k is set when a value of ``ValueKind`` k occurs.
    var kinds: UInt8 = 0
    var events = 0
    var first = Int64.max
    var last = Int64.min
    /// Events by the set of types that their values have, bit k for ``ValueKind`` k.
    private(set) var byKinds = [Int](repeating: 0, count: 1 << ValueKind.list.rawValue)
    /// When a value of each type was first and last seen, by ``ValueKind``.
    private(set) var seen = [Seen](repeating: Seen(), count: Int(ValueKind.list.rawValue))

    /// When values of a type were seen.
    struct Seen: Sendable {
        var events = 0
        var first = Int64.max
        var last = Int64.min
    }

    init(name: String) { self.name = name }

    /// Events whose values have all the same types, all with times between two.
    init(name: String, kinds: UInt8, events: Int, first: Int64, last: Int64) {
        self.name = name
        add(kinds: kinds, events: events, first: first, last: last)
    }

    /// Adds events whose values have these types.
    mutating func add(kinds: UInt8, events: Int, first: Int64, last: Int64) {
        self.kinds |= kinds
        self.events += events
        self.first = min(self.first, first)
        self.last = max(self.last, last)
        byKinds[Int(kinds)] += events
        for kind in seen.indices where kinds & (1 << UInt8(kind)) != 0 {
            seen[kind].events += events
            seen[kind].first = min(seen[kind].first, first)
            seen[kind].last = max(seen[kind].last, last)
        }
    }

    mutating func add(_ other: DimensionSummary) {
        kinds |= other.kinds
        events += other.events
        first = min(first, other.first)
        last = max(last, other.last)
        for set in byKinds.indices { byKinds[set] += other.byKinds[set] }
        for kind in seen.indices {
            seen[kind].events += other.seen[kind].events
            seen[kind].first = min(seen[kind].first, other.seen[kind].first)
            seen[kind].last = max(seen[kind].last, other.seen[kind].last)
        }
    }

    /// The types in the order in which they were first seen; of those first seen at one time, most events first, then by
    /// name.
    var types: [ValueKind] {
        let byName = [ValueKind.boolean, .number, .string].filter { seen[Int($0.rawValue)].events > 0 }
        return byName.enumerated().sorted { left, right in
            let (a, b) = (seen[Int(left.element.rawValue)], seen[Int(right.element.rawValue)])
            return (a.first, -a.events, left.offset) < (b.first, -b.events, right.offset)
        }.map(\.element)
    }

    /// Events with a value of another type than the first one.
    var conflicts: Int {
        guard let first = types.first else { return 0 }
        return byKinds.indices.reduce(0) { $0 + ($1 & ~(1 << Int(first.rawValue)) != 0 ? byKinds[$1] : 0) }
    }
}

/// Lists every dimension that matching events have a value in, from the headers where they say it and from the
/// columns elsewhere.
struct SchemaScan {
    let execution: Execution
    let filter: Filter?
    let range: ResolvedRange

    /// The summaries, in the byte order of their names.
    func run() throws(QueryError) -> [DimensionSummary] {
        var summaries: [[UInt8]: DimensionSummary] = [:]
        for segment in execution.segments where segment.coverage(of: range) != .none {
            try execution.check()
            let found =
                filter == nil && segment.coverage(of: range) == .all
                ? try fromHeader(segment) : try fromColumns(segment)
            for summary in found where summary.events > 0 {
                summaries[Array(summary.name.utf8), default: DimensionSummary(name: summary.name)].add(summary)
            }
        }
        return summaries.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private static let string = UInt8(1) << ValueKind.string.rawValue
    private static let number = UInt8(1) << ValueKind.number.rawValue

    private func fromHeader(_ segment: Segment) throws(QueryError) -> [DimensionSummary] {
        // `value` has no entry in the header, so its column is read.
        var found = segment.header.hasValues ? try fromColumns(segment, onlyFields: [.field(.value)]) : []
        for (field, kinds) in [(Field.event, Self.string), (.visitor, Self.string), (.time, Self.number)] {
            found.append(
                DimensionSummary(
                    name: field.rawValue, kinds: kinds, events: segment.header.rows, first: segment.header.first,
                    last: segment.header.last))
        }
        var mixed: [Dimension] = []
        for column in segment.header.columns {
            let kinds = column.kinds & ~(1 << ValueKind.list.rawValue)
            if kinds.nonzeroBitCount > 1 {
                // The header does not say which of the types was when.
                mixed.append(try Dimension(column.name, path: column.name))
                continue
            }
            found.append(
                DimensionSummary(
                    name: column.name, kinds: kinds, events: column.present, first: column.first, last: column.last))
        }
        if !mixed.isEmpty { found += try fromColumns(segment, onlyFields: mixed) }
        return found
    }

    private func fromColumns(_ segment: Segment, onlyFields: [Dimension]? = nil) throws(QueryError)
        -> [DimensionSummary]
    {
        let filter = try CompiledFilter(
            self.filter, range: range, segment: segment, hash: execution.hash, execution: execution)
        var names: [Dimension] = onlyFields ?? [.field(.event), .field(.visitor), .field(.time), .field(.value)]
        if onlyFields == nil {
            for column in segment.header.columns {
                names.append(try Dimension(column.name, path: column.name))
            }
        }
        var found: [DimensionSummary] = []
        for dimension in names { found.append(try summarize(dimension, segment, filter)) }
        return found
    }

    private func summarize(
        _ dimension: Dimension, _ segment: Segment, _ filter: CompiledFilter
    ) throws(QueryError) -> DimensionSummary {
        var summary = DimensionSummary(name: dimension.name)
        if dimension == .field(.time) {
            // Every event has a time, and a dictionary of times would be as long as the segment.
            let rows = try summarizeRows(filter, segment)
            if rows.events > 0 {
                summary.add(kinds: Self.number, events: rows.events, first: rows.first, last: rows.last)
            }
            return summary
        }
        let values = try SegmentDimension(dimension, of: segment, hash: execution.hash)
        if case .absent = values.kind { return summary }
        let kindOfCode = (0..<values.count).map { code -> UInt8 in
            guard code != 0 else { return 0 }
            return values.table.members(of: code).reduce(0) { $0 | 1 << values.table.kinds[Int($1)] }
        }
        var mask: [UInt8] = []
        var kinds: [UInt8] = []
        for name in filter.possibleNames {
            let filter = filter.filter(forName: name)
            for piece in segment.pieces(names: [name]) {
                execution.countRows(piece.range.count)
                try filter.mask(piece, into: &mask)
                try values.map(kindOfCode, segment: segment, piece: piece, into: &kinds)
                let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
                for (position, row) in piece.range.enumerated() where mask[position] != 0 && kinds[position] != 0 {
                    let time = segment.header.month + Int64(times[row])
                    summary.add(kinds: kinds[position], events: 1, first: time, last: time)
                }
            }
        }
        return summary
    }

    private func summarizeRows(_ filter: CompiledFilter, _ segment: Segment) throws(QueryError) -> DimensionSummary {
        var summary = DimensionSummary(name: "")
        var mask: [UInt8] = []
        for name in filter.possibleNames {
            let filter = filter.filter(forName: name)
            for piece in segment.pieces(names: [name]) {
                try filter.mask(piece, into: &mask)
                let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
                for (position, row) in piece.range.enumerated() where mask[position] != 0 {
                    let time = segment.header.month + Int64(times[row])
                    summary.events += 1
                    summary.first = min(summary.first, time)
                    summary.last = max(summary.last, time)
                }
            }
        }
        return summary
    }
}
