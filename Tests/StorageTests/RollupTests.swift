import Events
import Storage
import TestSupport
import Testing

@Suite("Roll-ups")
struct RollupTests {
    private let seed = SeededGenerator.testSeed

    private func decode(_ encoded: EncodedRollup, _ shape: RollupShape) throws -> Rollup {
        try Rollup(
            decoding: Dictionary(uniqueKeysWithValues: encoded.parts.map { ($0.chunk, $0.payload) }), shape)
    }

    /// Finds the first difference between a roll-up and the simplest way to count.
    ///
    /// - Parameter visitors: what a cell's number of visitors is compared with.
    private func difference(
        _ rollup: Rollup, _ data: RollupTestData, visitors: (RollupTestData.Cell) -> Int = { $0.visitors.count }
    ) throws -> String? {
        var expected = data.cells()
        let distinct = expected.count
        guard rollup.directory.distinct == distinct else {
            return "\(rollup.directory.distinct) values, not \(distinct)"
        }
        var before = Int.max
        for index in 0..<rollup.blocks {
            let block = try rollup.block(index)
            let sets = try rollup.sets(ofBlock: index)
            let summary = rollup.directory.blocks[index]
            for entry in 0..<block.count {
                let code = block.codes[entry]
                let text = data.table.text(of: Int(code))
                guard let names = expected.removeValue(forKey: text) else {
                    return "an entry too many for \(text ?? "-")"
                }
                let events = Int(block.events[entry])
                guard events == names.values.reduce(0, { $0 + $1.events }) else { return "\(events) events" }
                guard events <= before, events <= rollup.bound(fromBlock: index) else { return "order" }
                before = events
                guard block.cells(of: entry).map({ Int(block.cellNames[$0]) }) == names.keys.sorted() else {
                    return "names"
                }
                for cell in block.cells(of: entry) {
                    let name = Int(block.cellNames[cell])
                    guard let counted = names[name] else { return "name" }
                    guard Int(block.cellEvents[cell]) == counted.events else { return "events of a cell" }
                    guard block.visitors(ofCell: cell) == visitors(counted) else {
                        return "\(block.visitors(ofCell: cell) ?? -1) visitors, not \(visitors(counted))"
                    }
                    if let wrong = differs(block.statistics(ofCell: cell), counted.values) { return wrong }
                    if !summary.maxEventsOfName.isEmpty {
                        guard block.cellEvents[cell] <= summary.maxEventsOfName[name] else { return "bound of a name" }
                        guard counted.visitors.count <= summary.maxVisitorsOfName[name] else {
                            return "bound of a name"
                        }
                    }
                    if let wrong = differs(sets?.set(entry: entry, name: UInt32(name)), counted.visitors, data) {
                        return wrong
                    }
                }
                let all = names.values.reduce(into: Set<UInt32>()) { $0.formUnion($1.visitors) }
                if let known = block.visitors(of: entry), known != all.count {
                    return "\(known) of \(all.count) visitors"
                }
                guard all.count <= summary.maxVisitors else { return "bound of visitors" }
                if let wrong = differs(sets?.set(entry: entry, of: block), all, data) { return wrong }
                if data.values != nil {
                    let sum = names.values.reduce(0.0) { $0 + max(0, self.sum($1.values)) }
                    guard sum <= summary.maxSum.nextUp else { return "bound of sums" }
                }
            }
        }
        if rollup.directory.isComplete { return expected.isEmpty ? nil : "\(expected.count) entries are missing" }
        let rest = expected.values.map { $0.values.reduce(0) { $0 + $1.events } }.max() ?? 0
        return rest <= rollup.directory.maxEventsOfRest ? nil : "bound of the rest"
    }

    private func sum(_ values: [Double]) -> Double {
        values.reduce(into: ExactSum()) { $0.add($1) }.value
    }

    private func differs(_ statistics: RollupBlock.Statistics?, _ values: [Double]) -> String? {
        guard let statistics else { return values.isEmpty ? nil : "no values" }
        guard Int(statistics.count) == values.count else { return "\(statistics.count) values" }
        // -0 and 0 are equal numbers: which of them is the least depends on the order.
        guard statistics.minimum == values.min(), statistics.maximum == values.max() else { return "extremes" }
        return statistics.sum.value == sum(values) ? nil : "sum \(statistics.sum.value), not \(sum(values))"
    }

    private func differs(_ set: VisitorSet?, _ visitors: Set<UInt32>, _ data: RollupTestData) -> String? {
        guard let set else { return nil }
        var sketch = VisitorSketch()
        set.add(to: &sketch, hashes: data.visitorHashes)
        var expected = VisitorSketch()
        for visitor in visitors { expected.insert(data.visitorHashes[Int(visitor)]) }
        if set.isExact {
            var listed: Set<UInt32> = []
            _ = set.forEachOrdinal(of: data.visitorHashes.count) { listed.insert($0) }
            return listed == visitors && sketch == expected ? nil : "an exact set"
        }
        // A set may be a sketch although it is small where a test says so; estimates of both are then the same.
        var both = sketch
        both.merge(expected)
        return both == sketch ? nil : "a sketch"
    }

    /// Shapes that between them take every path.
    private static let shapes: [RollupTestData.Shape] = [
        .init(), .init(measures: .cents), .init(lists: 0.4, measures: .doubles), .init(mixesKinds: true),
        .init(lists: 0.5, mixesKinds: true, measures: .extremes),
        .init(rows: 3_000, values: 3_000, skew: 0, missing: 0),
        .init(rows: 6_000, visitors: 3_000, values: 2_000), .init(rows: 4_000, names: 300, measures: .cents),
        .init(rows: 400, missing: 1), .init(rows: 5, names: 1), .init(rows: 1, visitors: 1, names: 1, values: 1),
        .init(rows: 20_000, visitors: 5_000, names: 2, values: 3, measures: .cents),
        .init(rows: 9_000, visitors: 4_000, values: 20, isByVisitor: true),
        .init(rows: 3_000, visitors: 90, measures: .cents, isOfOneName: true),
        .init(rows: 8_000, visitors: 3_000, values: 9, isByVisitor: true, isOfOneName: true),
        .init(rows: 12_000, visitors: 700, names: 3, values: 9_000, skew: 2, measures: .cents),
    ]

    /// Limits so tight that what is rare in life happens all the time.
    private func limits(_ random: inout SeededGenerator) -> RollupLimits {
        var limits = RollupLimits()
        guard random.chance(0.7) else { return limits }
        limits.hasSets = random.chance(0.8)
        limits.isBrief = random.chance(0.3)
        limits.blockEntries = random.pick([[4], [2, 8, 64], [256, 4096]])
        limits.maxBoundedNames = random.pick([0, 64])
        limits.minEntryBytes = random.pick([64, 1 << 20])
        limits.rowsPerSetByte = random.pick([1, 24, 10_000])
        limits.exactVisitors = random.pick([8, 1_024])
        limits.minHeadVisitors = random.pick([1, 17])
        limits.headsPerName = random.pick([3, 128])
        limits.headsOfAll = random.pick([3, 128])
        limits.pairs = random.pick([16, 500, 1 << 18])
        limits.logPairs = random.pick([64, 4_000])
        limits.unitedCodes = random.pick([1, 20, 4_096])
        limits.bitmapWords = random.pick([0, 200, 1 << 20])
        limits.sketches = random.pick([0, 2, 512])
        return limits
    }

    @Test("A roll-up says what counting row by row says, whatever the column and the limits", arguments: 0..<96)
    func agreement(round: Int) throws {
        var random = SeededGenerator(seed: seed &+ UInt64(round))
        let data = RollupTestData(RollupTests.shapes[round % RollupTests.shapes.count], &random)
        let limits = limits(&random)
        let encoded = data.build(&random, limits: limits)
        let again = data.build(&random, limits: limits)
        #expect(encoded.kind == again.kind)
        #expect(encoded.parts.map(\.chunk) == again.parts.map(\.chunk))
        #expect(encoded.parts.map(\.payload) == again.parts.map(\.payload), "the cut into calls shows, seed \(seed)")
        guard encoded.kind != .none else { return }
        let rollup = try decode(encoded, data.shape)
        #expect(rollup.directory.isComplete == (encoded.kind == .complete))
        #expect(try difference(rollup, data) == nil, "seed \(seed) round \(round)")
    }

    @Test("With room enough every value has an entry and every large cell a set")
    func completeness() throws {
        var random = SeededGenerator(seed: seed)
        var limits = RollupLimits()
        limits.rowsPerSetByte = 1
        limits.minEntryBytes = 1 << 20
        for shape in RollupTests.shapes {
            let data = RollupTestData(shape, &random)
            let encoded = data.build(&random, limits: limits)
            #expect(encoded.kind == .complete)
            let rollup = try decode(encoded, data.shape)
            guard data.rows > 8_000 else { continue }
            let block = try rollup.block(0)
            let sets = try #require(try rollup.sets(ofBlock: 0))
            for entry in 0..<min(3, block.count) {
                #expect(sets.set(entry: entry, of: block) != nil, "seed \(seed)")
                for cell in block.cells(of: entry) where block.visitors(ofCell: cell) ?? 0 >= 17 {
                    #expect(sets.set(entry: entry, name: block.cellNames[cell]) != nil, "seed \(seed)")
                }
            }
        }
    }

    @Test("The harness finds out a count of visitors that goes on from one name to the next")
    func canary() throws {
        var random = SeededGenerator(seed: seed)
        var found = 0
        for _ in 0..<10 {
            let data = RollupTestData(.init(visitors: 3, names: 8), &random)
            let rollup = try decode(data.build(&random), data.shape)
            #expect(try difference(rollup, data) == nil, "seed \(seed)")
            if try difference(rollup, data, visitors: { $0.changes }) != nil { found += 1 }
        }
        #expect(found > 5, "seed \(seed)")
    }

    @Test("Every code is found where its entry is, and no other")
    func lookup() throws {
        var random = SeededGenerator(seed: seed)
        for shape in RollupTests.shapes {
            let data = RollupTestData(shape, &random)
            var limits = RollupLimits()
            limits.blockEntries = [16, 100, 1_000]
            limits.minEntryBytes = 1 << 20
            let rollup = try decode(data.build(&random, limits: limits), data.shape)
            var entries: [UInt32: (Int, Int)] = [:]
            for index in 0..<rollup.blocks {
                for (entry, code) in try rollup.block(index).codes.enumerated() { entries[code] = (index, entry) }
            }
            for code in 0..<UInt32(data.table.count) {
                let found = try rollup.find(code)
                #expect(
                    found?.block == entries[code]?.0 && found?.entry == entries[code]?.1, "seed \(seed) code \(code)")
            }
        }
    }

    @Test("The totals of lists count each member")
    func totals() throws {
        var random = SeededGenerator(seed: seed)
        let data = RollupTestData(.init(lists: 0.5, measures: .cents), &random)
        let totals = try #require(try decode(data.build(&random), data.shape).directory.totals)
        let cells = data.cells()
        for (name, run) in data.names.enumerated() {
            let all = cells.values.compactMap { $0[name] }
            #expect(totals.names[name].events == all.reduce(0) { $0 + $1.events })
            #expect(totals.names[name].visitors == Set(data.ordinals[run.rows]).count)
            let values = all.flatMap(\.values)
            #expect(totals.names[name].values == values.count)
            #expect(totals.names[name].sum.value == sum(values))
        }
        let plain = RollupTestData(.init(), &random)
        #expect(try decode(plain.build(&random), plain.shape).directory.totals == nil)
    }

    @Test("Damaged parts never trap", arguments: 0..<6)
    func damage(round: Int) throws {
        var random = SeededGenerator(seed: seed &+ UInt64(round))
        var limits = RollupLimits()
        limits.blockEntries = [8, 64]
        limits.exactVisitors = 30
        limits.rowsPerSetByte = 1
        limits.minEntryBytes = 1 << 16
        let data = RollupTestData(
            .init(rows: 1_500, values: 200, lists: 0.2, measures: RollupTestData.Measures.allCases[round % 4]), &random)
        let good = data.build(&random, limits: limits).parts
        #expect(good.count > 2)
        var failures = 0
        for _ in 0..<1_500 {
            var parts = Dictionary(uniqueKeysWithValues: good.map { ($0.chunk, $0.payload) })
            let part = random.pick(good)
            var bytes = part.payload
            for _ in 0...(random.next() % 3) {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 4 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes[place] ^= 1 << UInt8(random.next() % 8)
                case 2: bytes.removeLast(bytes.count - place)
                default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            parts[part.chunk] = bytes
            guard let rollup = try? Rollup(decoding: parts, data.shape) else {
                failures += 1
                continue
            }
            // What is believed must be usable.
            for index in 0..<rollup.blocks {
                let block = try rollup.block(index)
                for code in block.codes { #expect(Int(code) < data.table.count) }
                for entry in 0..<block.count {
                    for cell in block.cells(of: entry) { _ = block.statistics(ofCell: cell)?.sum.value }
                    var sketch = VisitorSketch()
                    try rollup.sets(ofBlock: index)?.set(entry: entry, of: block)?
                        .add(to: &sketch, hashes: data.visitorHashes)
                }
            }
        }
        #expect(failures > 300, "seed \(seed)")
    }

    @Test("A few bytes that declare very much are refused")
    func declarations() {
        let shape = RollupShape(codes: 1 << 31, names: 60_000, visitors: 1 << 31, hasValues: true)
        var writer = ByteWriter()
        writer.u8(1)
        writer.varint(1 << 30)
        writer.varint(0)
        writer.varint(1)
        writer.varint(1 << 30)
        for _ in 0..<40 { writer.varint(1 << 30) }
        #expect(throws: DecodingFault.self) { _ = try Rollup(decoding: [0: writer.bytes], shape) }
    }

    @Test("A column of a million values costs no more than its share", arguments: [200_000, 400_000])
    func size(values: Int) throws {
        var random = SeededGenerator(seed: seed)
        let rows = 400_000
        let data = RollupTestData(.init(rows: rows, visitors: 30_000, names: 3, values: values, skew: 0.5), &random)
        let encoded = data.build(&random)
        let bytes = encoded.parts.reduce(0) { $0 + $1.payload.count }
        print("a roll-up of \(data.cells().count) values and \(data.rows) rows: \(bytes) bytes, \(encoded.kind)")
        #expect(bytes < data.rows / 4 + data.rows / 24 + 4_096, "seed \(seed)")
    }
}
