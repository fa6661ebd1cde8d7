import Events
import Storage
import TestSupport

/// A made-up segment with one column, in the segment's order, and what its roll-up must say.
struct RollupTestData {
    /// What the column is like.
    struct Shape {
        var rows = 2_000
        var visitors = 60
        var names = 4
        var values = 30
        /// How steeply the frequency of values falls; 0 for not at all.
        var skew = 1.0
        var missing = 0.1
        var lists = 0.0
        /// Whether some texts occur as a number and as a string.
        var mixesKinds = false
        var measures = Measures.none
        /// Whether values are each visitor's own.
        var isByVisitor = false
        /// Whether only events of the first name have values, and those of the second all have the same.
        var isOfOneName = false
    }

    enum Measures: CaseIterable {
        case none
        case cents
        case doubles
        case extremes
    }

    let hash = EventHash(seed: 7)
    var names: [NameRun] = []
    var table = ValueTable()
    var visitorHashes: [UInt64] = []
    var codes: [UInt32] = []
    var ordinals: [UInt32] = []
    var values: [Double]?

    var rows: Int { codes.count }
    var shape: RollupShape {
        RollupShape(
            codes: table.count, names: names.count, visitors: visitorHashes.count, hasValues: values != nil)
    }

    init(_ shape: Shape, _ random: inout SeededGenerator) {
        visitorHashes = Set((0..<shape.visitors).map { _ in random.next() }).sorted()
        let scalars = (0..<shape.values).map { value in
            let isNumber = shape.mixesKinds && random.chance(0.5)
            return intern(shape.mixesKinds ? "\(value / 2)" : "value \(value)", isNumber ? .number : .string)
        }
        var lists: [UInt32] = []
        if shape.lists > 0 {
            for _ in 0..<40 {
                var members: [UInt32] = []
                for _ in 0...random.int(1...4) {
                    let member = random.pick(scalars)
                    if !members.contains(member) { members.append(member) }
                }
                lists.append(table.internList(members, hash: hash))
            }
        }
        func code(_ visitor: UInt32) -> UInt32 {
            var random = random
            return self.code(visitor, shape, scalars, lists, &random)
        }
        var measures: [Double] = []
        for name in 0..<shape.names {
            let share = max(1, shape.rows / shape.names * (name % 3 + 1) / 2)
            let start = codes.count
            let drawn = (0..<share).map { _ in UInt32(random.next() % UInt64(visitorHashes.count)) }.sorted()
            for visitor in drawn {
                _ = random.next()
                switch (shape.isOfOneName, name) {
                case (true, 1): codes.append(scalars[0])
                case (true, 2...): codes.append(0)
                default: codes.append(code(visitor))
                }
                ordinals.append(visitor)
                measures.append(measure(shape.measures, name, &random))
            }
            names.append(NameRun(name: "name \(name)", hash: UInt64(name), rows: start..<codes.count))
        }
        if shape.measures != .none { values = measures }
    }

    private mutating func intern(_ text: String, _ kind: ValueKind) -> UInt32 {
        let hash = hash(text)
        return Array(text.utf8).withUnsafeBytes { table.intern($0, kind: kind, hash: hash) }
    }

    private func code(
        _ visitor: UInt32, _ shape: Shape, _ scalars: [UInt32], _ lists: [UInt32], _ random: inout SeededGenerator
    ) -> UInt32 {
        if random.chance(shape.missing) { return 0 }
        if random.chance(shape.lists) { return random.pick(lists) }
        if shape.isByVisitor { return scalars[Int(visitor) % scalars.count] }
        var place = Double.random(in: 0..<1, using: &random)
        for _ in 0..<Int(shape.skew * 3) { place *= place }
        return scalars[min(scalars.count - 1, Int(place * Double(scalars.count)))]
    }

    private func measure(_ measures: Measures, _ name: Int, _ random: inout SeededGenerator) -> Double {
        if name % 2 == 1 || random.chance(0.3) { return .nan }
        switch measures {
        case .none: return .nan
        case .cents: return Double(random.int(-500...20_000)) / 100
        case .doubles: return Double.random(in: -1...1, using: &random)
        case .extremes:
            return random.pick([
                0, -0.0, 1e300, -1e300, .leastNonzeroMagnitude, 1.5, .greatestFiniteMagnitude, 9_007_199_254_740_992,
            ])
        }
    }

    // MARK: Both ways

    /// Builds the roll-up, its rows cut into pieces of random length.
    func build(_ random: inout SeededGenerator, limits: RollupLimits = RollupLimits()) -> EncodedRollup {
        var builder = RollupBuilder(
            names: names, table: table, visitorHashes: visitorHashes, hasValues: values != nil, limits: limits)
        let longest = random.pick([1, 7, 100, 5_000, 1_000_000])
        var start = 0
        while start < rows {
            let end = min(rows, start + random.int(1...longest))
            let own = Array(ordinals[start..<end])
            let changes = (start + 1..<max(start + 1, end)).contains {
                ordinals[$0] == ordinals[$0 - 1] && codes[$0] != codes[$0 - 1]
            }
            // Whether it is told that codes change with the visitor only makes no difference.
            builder.add(
                firstRow: start, codes: Array(codes[start..<end]), ordinals: own,
                values: values.map { Array($0[start..<end]) },
                visitorRuns: !changes && random.chance(0.7) ? RollupBuilder.visitorRuns(own) : nil)
            start = end
        }
        return builder.finish()
    }

    /// What is known of a value and name, counted the simplest way.
    struct Cell {
        var events = 0
        var visitors: Set<UInt32> = []
        var values: [Double] = []
        /// Visitors as a count of changes that is not begun anew with each name: wrong.
        var changes = 0
    }

    /// All cells, by the text of the value and the name.
    func cells() -> [String?: [Int: Cell]] {
        var cells: [String?: [Int: Cell]] = [:]
        var last: [String?: UInt32] = [:]
        for (name, run) in names.enumerated() {
            for row in run.rows {
                var texts: [String?] = []
                for member in table.members(of: Int(codes[row])) {
                    let text = table.text(of: Int(member))
                    if !texts.contains(text) { texts.append(text) }
                }
                for text in texts {
                    cells[text, default: [:]][name, default: Cell()].events += 1
                    cells[text]?[name]?.visitors.insert(ordinals[row])
                    if let value = values?[row], !value.isNaN { cells[text]?[name]?.values.append(value) }
                    if last[text] != ordinals[row] { cells[text]?[name]?.changes += 1 }
                    last[text] = ordinals[row]
                }
            }
        }
        return cells
    }
}
