import Events
import Storage
import TestSupport
import Testing

@Suite("Roll-ups of sealed segments")
struct RollupStoreTests {
    private let seed = SeededGenerator.testSeed

    /// Sealed segments of made-up events.
    private func segments(_ directory: TemporaryDirectory, rows: Int) throws -> [Segment] {
        let store = try directory.open()
        var maker = BatchMaker(seed: seed, hash: store.hash)
        for _ in 0..<3 { try commit(maker.batch(rows: rows), to: store) }
        try store.flush()
        let segments = store.snapshot(site: "default").segments
        let isSealed = segments.allSatisfy { $0.isSealed }
        #expect(isSealed)
        return segments
    }

    @Test("The hours of a segment say what its rows say")
    func hours() throws {
        let directory = TemporaryDirectory()
        var compared = 0
        for segment in try segments(directory, rows: 2_000) {
            let header = segment.header
            guard let rollup = try segment.hours() else { continue }
            let hours = SegmentHours(header)
            var events: [Int64: [Int: Int]] = [:]
            var visitors: [Int64: Set<UInt32>] = [:]
            for (name, run) in header.names.enumerated() {
                for row in run.rows {
                    let (chunk, offset) = (row / CodeChunk.rows, row % CodeChunk.rows)
                    let time = header.month + Int64(try segment.times(chunk: chunk)[offset])
                    events[time - time % 3_600_000, default: [:]][name, default: 0] += 1
                    visitors[time - time % 3_600_000, default: []].insert(try segment.ordinals(chunk: chunk)[offset])
                }
            }
            #expect(rollup.directory.distinct == events.count, "seed \(seed)")
            for index in 0..<rollup.blocks {
                let block = try rollup.block(index)
                for entry in 0..<block.count {
                    let start = hours.start(ofCode: block.codes[entry])
                    let names = events.removeValue(forKey: start) ?? [:]
                    for cell in block.cells(of: entry) {
                        #expect(names[Int(block.cellNames[cell])] == Int(block.cellEvents[cell]), "seed \(seed)")
                    }
                    #expect(block.events[entry] == UInt32(names.values.reduce(0, +)), "seed \(seed)")
                    if let known = block.visitors(of: entry) {
                        #expect(known == visitors[start]?.count, "seed \(seed)")
                    }
                    compared += 1
                }
            }
            #expect(!rollup.directory.isComplete || events.isEmpty, "seed \(seed)")
            let totals = try #require(rollup.directory.totals)
            #expect(totals.names.map(\.events) == header.names.map(\.rows.count))
        }
        #expect(compared > 20)
    }

    @Test("A column's roll-up has as many events as the column's rows")
    func columns() throws {
        let directory = TemporaryDirectory()
        var compared = 0
        for segment in try segments(directory, rows: 4_000) {
            for (column, summary) in segment.header.columns.enumerated() {
                guard let rollup = try segment.rollup(column: column) else { continue }
                #expect(summary.rollup != .none && summary.rollup != .version1)
                let table = try segment.table(column: column)
                var rows = 0
                for chunk in 0..<segment.header.chunks {
                    let codes = try segment.codes(column: column, chunk: chunk)
                    for row in 0..<codes.count { rows += table.countedMembers(of: Int(codes[row])).count }
                }
                var events = 0
                for index in 0..<rollup.blocks { events += try rollup.block(index).events.reduce(0) { $0 + Int($1) } }
                #expect(summary.rollup == .complete ? events == rows : events <= rows, "seed \(seed)")
                compared += 1
            }
        }
        #expect(compared > 3)
    }
}
