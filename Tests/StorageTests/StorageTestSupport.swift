import Events
import Foundation
import Logging
import Storage
import TestSupport

/// A directory that is gone when the test is over.
final class TemporaryDirectory {
    let path: String

    init() {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("weir-storage-\(UInt64.random(in: .min ... .max))").path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func open(_ options: StoreOptions = StoreOptions(), clock: any WallClock = SystemClock()) throws -> Store {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return try Store.open(directory: path, options: options, clock: clock, logger: logger)
    }
}

/// Start of January 2026, Unix milliseconds.
let january: Int64 = 1_767_225_600_000

/// Makes batches of made-up events; the same generator state makes the same ones.
struct BatchMaker {
    var random: SeededGenerator
    let hash: EventHash

    init(seed: UInt64, hash: EventHash) {
        random = SeededGenerator(seed: seed)
        self.hash = hash
    }

    /// A batch of `rows` events of January 2026.
    mutating func batch(rows: Int, site: String = "default", ids: Range<UInt64>? = nil) -> ColumnBatch {
        let batch = ColumnBatch(site: site, month: january, hash: hash)
        let path = Field.path.columnIndex ?? 0
        let country = Field.country.columnIndex ?? 0
        var plan: Int?
        for row in 0..<rows {
            let id = ids.map { $0.lowerBound + UInt64(row) } ?? 0
            let value = random.next() % 3 == 0 ? Double(random.next() % 10_000) / 100 : nil
            append(
                batch, time: UInt32(random.next() % 2_678_400_000), id: id, value: value,
                name: "event\(random.next() % 5)", visitor: "v\(random.next() % 50)")
            set(batch, path, "/p/\(random.next() % 30)")
            if random.next() % 2 == 0 { set(batch, country, ["DE", "FR", "é", ""][Int(random.next() % 4)]) }
            if random.next() % 7 == 0 {
                let column = plan ?? batch.addPropertyColumn("plan")
                plan = column
                let first = Array("a\(random.next() % 3)".utf8)
                let second = Array("b\(random.next() % 3)".utf8)
                first.withUnsafeBytes { first in
                    second.withUnsafeBytes { second in
                        batch.setList(column: column, [(first, .string), (second, .string)])
                    }
                }
            }
        }
        return batch
    }

    func append(_ batch: ColumnBatch, time: UInt32, id: UInt64, value: Double?, name: String, visitor: String) {
        Array(name.utf8).withUnsafeBytes { name in
            Array(visitor.utf8).withUnsafeBytes { visitor in
                batch.appendRow(time: time, id: id, value: value, name: name, visitor: visitor)
            }
        }
    }

    func set(_ batch: ColumnBatch, _ column: Int, _ text: String) {
        Array(text.utf8).withUnsafeBytes { batch.set(column: column, bytes: $0, kind: .string) }
    }
}

/// Every event of a store's site as text, sorted: what is stored, whatever it is stored in.
func allRows(_ store: Store, site: String = "default") throws -> [String] {
    var rows: [String] = []
    for segment in store.snapshot(site: site).segments {
        let visitors = try segment.visitorNames()
        // Not part of the text, but read, so that damage to any part shows.
        _ = try segment.visitorHashes()
        for column in segment.header.columns.indices { try readAll(try segment.rollup(column: column)) }
        try readAll(try segment.hours())
        for name in segment.header.names {
            for row in name.rows {
                let (chunk, offset) = (row / CodeChunk.rows, row % CodeChunk.rows)
                var text = "\(segment.header.month + Int64(try segment.times(chunk: chunk)[offset])) \(name.name)"
                text += " \(visitors.text(of: Int(try segment.ordinals(chunk: chunk)[offset]) + 1) ?? "?")"
                if let value = try segment.values(chunk: chunk)?[offset], !value.isNaN { text += " \(value)" }
                for (index, column) in segment.header.columns.enumerated() {
                    let table = try segment.table(column: index)
                    let code = Int(try segment.codes(column: index, chunk: chunk)[offset])
                    guard code != 0 else { continue }
                    let members = table.members(of: code).map { table.text(of: Int($0)) ?? "?" }.sorted()
                    text += " \(column.name)=\(members.joined(separator: "|"))"
                }
                rows.append(text)
            }
        }
    }
    return rows.sorted()
}

/// Reads every part of a roll-up.
private func readAll(_ rollup: Rollup?) throws {
    guard let rollup else { return }
    for block in 0..<rollup.blocks {
        _ = try rollup.block(block)
        _ = try rollup.sets(ofBlock: block)
    }
}

/// Commits one batch as one request.
@discardableResult
func commit(_ batch: ColumnBatch, to store: Store) throws -> CommitOutcome {
    let outcomes = try store.commit([CommitItem(runs: [PreparedRun(batch)], deadLetters: [])])
    return try outcomes[0].get()
}
