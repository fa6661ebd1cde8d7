import Events
import Storage

/// A filter and a time range, worked out for one segment: tests of texts have become tables by code, so that a row
/// costs a look-up.
///
/// - Complexity: to make, O(distinct values) a test; to apply, O(rows) a test.
struct CompiledFilter: Sendable {
    indirect enum Node: Sendable {
        case constant(Bool)
        /// By position of the event's name.
        case names([Bool])
        /// By code of a dimension.
        case codes(SegmentDimension, CodeMatches)
        /// Event times, offsets from the month's start, half-open.
        case times(Range<UInt32>)
        /// A comparison of `value` or `time` as a number.
        case number(Number, Filter.Op, [Double])
        case all([Node])
        case any([Node])
        case not(Node)
    }

    enum Number: Sendable {
        case value
        case time
    }

    private let segment: Segment
    private let root: Node

    /// Works a filter out for a segment.
    ///
    /// - Parameter execution: whose time and cancellation are looked at now and then, since a long list of values
    ///   against a large dictionary takes a while.
    init(
        _ filter: Filter?, range: ResolvedRange, segment: Segment, hash: EventHash, execution: Execution? = nil
    ) throws(QueryError) {
        self.segment = segment
        var nodes: [Node] = []
        switch segment.coverage(of: range) {
        case .none: nodes.append(.constant(false))
        case .all: break
        case .some:
            let month = segment.header.month
            let from = UInt32(clamping: max(0, range.from.subtractingClamped(month)))
            let to = UInt32(clamping: max(0, range.to.subtractingClamped(month)))
            nodes.append(from < to ? .times(from..<to) : .constant(false))
        }
        if let filter { nodes.append(try CompiledFilter.compile(filter, segment, hash, execution)) }
        root = CompiledFilter.simplified(.all(nodes))
    }

    private init(segment: Segment, root: Node) {
        self.segment = segment
        self.root = root
    }

    /// What the filter is for events of one name, whose test is then decided.
    func filter(forName name: Int) -> CompiledFilter {
        CompiledFilter(segment: segment, root: CompiledFilter.simplified(root, name: name))
    }

    /// The answer if it is the same for all rows.
    var constant: Bool? {
        if case .constant(let value) = root { value } else { nil }
    }

    /// Names that may have matching rows.
    var possibleNames: [Int] {
        segment.header.names.indices.filter { filter(forName: $0).constant != false }
    }

    /// Writes 1 for each matching row of a piece and 0 for the others.
    func mask(_ piece: Piece, into mask: inout [UInt8]) throws(QueryError) {
        try CompiledFilter.evaluate(root, segment, piece, &mask)
    }

    // MARK: Making

    private static func compile(
        _ filter: Filter, _ segment: Segment, _ hash: EventHash, _ execution: Execution?
    ) throws(QueryError) -> Node {
        switch filter {
        case .all(let parts):
            var nodes: [Node] = []
            for part in parts { nodes.append(try compile(part, segment, hash, execution)) }
            return .all(nodes)
        case .any(let parts):
            var nodes: [Node] = []
            for part in parts { nodes.append(try compile(part, segment, hash, execution)) }
            return .any(nodes)
        case .not(let part): return .not(try compile(part, segment, hash, execution))
        case .test(let test): return try compile(test, segment, hash, execution)
        }
    }

    private static func compile(
        _ test: Filter.Test, _ segment: Segment, _ hash: EventHash, _ execution: Execution?
    ) throws(QueryError) -> Node {
        let isOrder =
            switch test.op {
            case .greater, .greaterOrEqual, .less, .lessOrEqual: true
            default: false
            }
        if isOrder, test.dimension == .field(.time) { return .number(.time, test.op, test.decisiveNumbers) }
        if isOrder, test.dimension == .field(.value) {
            return segment.header.hasValues ? .number(.value, test.op, test.decisiveNumbers) : .constant(false)
        }
        let dimension = try SegmentDimension(test.dimension, of: segment, hash: hash)
        let table = try valueMatches(test, dimension.table, hash, execution)
        if case .names = dimension.kind { return .names(table.dropFirst().map { $0 != 0 }) }
        return .codes(dimension, CodeMatches(table))
    }

    /// Whether each value of a table passes a test.
    private static func valueMatches(
        _ test: Filter.Test, _ table: ValueTable, _ hash: EventHash, _ execution: Execution?
    ) throws(QueryError) -> [UInt8] {
        let scalar = ScalarTest(test, hash: hash)
        var matches = [UInt8](repeating: 0, count: table.count)
        // One look at the clock for some ten thousand comparisons of texts.
        let stride = max(1, 65_536 / max(1, test.values.count + 100 * test.patterns.count))
        for code in 0..<table.count where table.kinds[code] != ValueKind.list.rawValue {
            if code % stride == 0 { try execution?.check() }
            matches[code] = scalar.holds(table, code) ? 1 : 0
        }
        if table.hasLists {
            for code in 0..<table.count where table.kinds[code] == ValueKind.list.rawValue {
                let members = table.members(of: code).map { matches[Int($0)] }
                // "is not" holds when no member is equal, every other test when any member passes.
                matches[code] = (test.op == .isNot ? members.allSatisfy { $0 == 1 } : members.contains(1)) ? 1 : 0
            }
        }
        return matches
    }

    private static func simplified(_ node: Node, name: Int? = nil) -> Node {
        switch node {
        case .constant, .times, .number: return node
        case .names(let matches):
            if let name { return .constant(matches[name]) }
            guard let first = matches.first, matches.allSatisfy({ $0 == first }) else { return node }
            return .constant(first)
        case .codes(_, let matches):
            guard let value = matches.uniform(in: 0...UInt32(matches.byCode.count - 1)) else { return node }
            return .constant(value)
        case .not(let part):
            let part = simplified(part, name: name)
            if case .constant(let value) = part { return .constant(!value) }
            return .not(part)
        case .all(let parts): return simplified(parts, name: name, neutral: true) { .all($0) }
        case .any(let parts): return simplified(parts, name: name, neutral: false) { .any($0) }
        }
    }

    private static func simplified(_ parts: [Node], name: Int?, neutral: Bool, _ join: ([Node]) -> Node) -> Node {
        var rest: [Node] = []
        for part in parts {
            let part = simplified(part, name: name)
            guard case .constant(let value) = part else {
                rest.append(part)
                continue
            }
            if value != neutral { return .constant(!neutral) }
        }
        if rest.isEmpty { return .constant(neutral) }
        return rest.count == 1 ? rest[0] : join(rest)
    }

    // MARK: Applying

    private static func evaluate(
        _ node: Node, _ segment: Segment, _ piece: Piece, _ mask: inout [UInt8]
    ) throws(QueryError) {
        switch node {
        case .constant(let value): mask.fill(value ? 1 : 0, count: piece.range.count)
        case .names(let matches): mask.fill(matches[piece.name] ? 1 : 0, count: piece.range.count)
        case .codes(let dimension, let matches):
            if let zone = try dimension.zone(segment: segment, chunk: piece.chunk),
                let value = matches.uniform(in: zone)
            {
                mask.fill(value ? 1 : 0, count: piece.range.count)
            } else {
                try dimension.test(matches, segment: segment, piece: piece, into: &mask)
            }
        case .times(let range):
            if let zone = try stored({ () throws(StorageError) in try segment.timeZone(chunk: piece.chunk) }) {
                let isInside = range.contains(zone.lowerBound) && range.contains(zone.upperBound)
                if isInside || !range.overlaps(zone.lowerBound..<(zone.upperBound &+ 1)) {
                    mask.fill(isInside ? 1 : 0, count: piece.range.count)
                    return
                }
            }
            let times = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
            mask.fill(0, count: piece.range.count)
            times.withUnsafeBufferPointer { times in
                for (position, row) in piece.range.enumerated() {
                    mask[position] = times[row] >= range.lowerBound && times[row] < range.upperBound ? 1 : 0
                }
            }
        case .number(let number, let op, let bounds):
            try compare(number, op, bounds, segment, piece, &mask)
        case .not(let part):
            try evaluate(part, segment, piece, &mask)
            for position in mask.indices { mask[position] ^= 1 }
        case .all(let parts): try combine(parts, segment, piece, &mask) { $0 & $1 }
        case .any(let parts): try combine(parts, segment, piece, &mask) { $0 | $1 }
        }
    }

    @inline(__always)
    private static func combine(
        _ parts: [Node], _ segment: Segment, _ piece: Piece, _ mask: inout [UInt8], _ join: (UInt8, UInt8) -> UInt8
    ) throws(QueryError) {
        try evaluate(parts[0], segment, piece, &mask)
        var other: [UInt8] = []
        for part in parts.dropFirst() {
            // Nothing can change any more, so that the other parts' chunks need not be read.
            if join(0, 1) == 0, !mask.contains(1) { return }
            if join(0, 1) == 1, !mask.contains(0) { return }
            try evaluate(part, segment, piece, &other)
            for position in mask.indices { mask[position] = join(mask[position], other[position]) }
        }
    }

    private static func compare(
        _ number: Number, _ op: Filter.Op, _ bounds: [Double], _ segment: Segment, _ piece: Piece, _ mask: inout [UInt8]
    ) throws(QueryError) {
        mask.fill(0, count: piece.range.count)
        let numbers: [Double]
        switch number {
        case .value:
            numbers = try stored { () throws(StorageError) in try segment.values(chunk: piece.chunk) } ?? []
        case .time:
            let month = segment.header.month
            numbers = try stored { () throws(StorageError) in try segment.times(chunk: piece.chunk) }
                .map { Double(month + Int64($0)) }
        }
        for bound in bounds {
            for (position, row) in piece.range.enumerated() where holds(numbers[row], op, bound) {
                mask[position] = 1
            }
        }
    }

    /// Comparisons are false for NaN, the missing measure.
    static func holds(_ number: Double, _ op: Filter.Op, _ bound: Double) -> Bool {
        switch op {
        case .greater: number > bound
        case .greaterOrEqual: number >= bound
        case .less: number < bound
        case .lessOrEqual: number <= bound
        default: false
        }
    }
}

/// Whether each code of a dimension passes a test, and how many do up to each.
struct CodeMatches: Sendable {
    /// 1 for codes that pass.
    let byCode: [UInt8]
    /// The codes that pass, if they are few: comparing rows with each is quicker than looking each row up.
    let few: [UInt32]?
    /// Number of codes below each that pass; one more than there are codes.
    private let passing: [UInt32]

    /// Comparisons take a vector of rows at a time.
    private static let maxFew = 4

    init(_ byCode: [UInt8]) {
        self.byCode = byCode
        var few: [UInt32] = []
        for (code, match) in byCode.enumerated() where match != 0 && few.count <= Self.maxFew {
            few.append(UInt32(code))
        }
        self.few = few.count <= Self.maxFew ? few : nil
        var sum: UInt32 = 0
        passing =
            [0]
            + byCode.map { match in
                sum += UInt32(match)
                return sum
            }
    }

    /// The answer for all codes of a range, if it is the same for all of them.
    func uniform(in codes: ClosedRange<UInt32>) -> Bool? {
        let count = passing[Int(codes.upperBound) + 1] - passing[Int(codes.lowerBound)]
        if count == 0 { return false }
        return count == codes.upperBound - codes.lowerBound + 1 ? true : nil
    }
}

extension Int64 {
    /// The difference, at the ends of the range where it would overflow.
    func subtractingClamped(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (self < other ? .min : .max) : difference
    }
}
