import Events
import Foundation
import RocksDB
import Storage
import TestSupport

/// An event as the tests of removal make it up.
struct MadeEvent {
    var time: UInt32
    var name: String
    var visitor: String
    var value: Double?
    var texts: [(column: String, text: String, kind: ValueKind)] = []

    /// The event as ``text(of:)`` shows it once it is stored.
    var text: String {
        let columns = texts.sorted { $0.column.utf8.lexicographicallyPrecedes($1.column.utf8) }
        return "\(january + Int64(time)) \(name) \(visitor)" + (value.map { " \($0)" } ?? "")
            + columns.map { " \($0.column)=\($0.text)" }.joined()
    }

    /// Events of January 2026 by visitors of whom some have columns, kinds of values, names and times of their own.
    static func random(_ count: Int, visitors: Int, seed: UInt64) -> [MadeEvent] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            let visitor = random.int(0...(visitors - 1))
            var event = MadeEvent(
                // The first visitors have the earliest and the latest events.
                time: visitor == 0 ? UInt32(random.int(0...10)) : UInt32(random.int(1000...2_600_000_000)),
                name: visitor == 1 && random.chance(0.5) ? "only one does" : "event\(random.int(0...4))",
                visitor: "visitor-\(visitor)")
            if visitor == 2 { event.time = 2_678_399_999 - UInt32(random.int(0...5)) }
            if visitor == 3 || (visitor > 40 && random.chance(0.3)) { event.value = Double(random.int(0...999)) / 4 }
            event.texts.append(("path", "/p/\(random.int(0...30))", .string))
            if random.chance(0.4) { event.texts.append(("country", random.pick(["DE", "FR", "", "é"]), .string)) }
            if visitor == 4 { event.texts.append(("props.secret", "secret of visitor-4", .string)) }
            if visitor < 8, random.chance(0.5) {
                let kinds: [(String, ValueKind)] = [("3", .number), ("true", .boolean), ("text", .string)]
                let (text, kind) = visitor < 6 ? kinds[visitor % 2] : kinds[2]
                event.texts.append(("props.mixed", text, kind))
            }
            return event
        }
    }
}

extension BatchMaker {
    /// A batch of made-up events of January 2026.
    ///
    /// - Parameter ids: of the events, in their order; none if absent.
    func batch(_ events: [MadeEvent], site: String = "default", ids: Range<UInt64>? = nil) -> ColumnBatch {
        let batch = ColumnBatch(site: site, month: january, hash: hash)
        let property = "props."
        var columns: [String: Int] = [:]
        for (row, event) in events.enumerated() {
            append(
                batch, time: event.time, id: ids.map { $0.lowerBound + UInt64(row) } ?? 0, value: event.value,
                name: event.name, visitor: event.visitor)
            for (name, text, kind) in event.texts {
                let column =
                    columns[name]
                    ?? (name.hasPrefix(property)
                        ? batch.addPropertyColumn(String(name.dropFirst(property.count)))
                        : Field(rawValue: name)?.columnIndex ?? 0)
                columns[name] = column
                Array(text.utf8).withUnsafeBytes { batch.set(column: column, bytes: $0, kind: kind) }
            }
        }
        return batch
    }
}

extension Store {
    /// Commits events in several requests.
    func add(_ events: [MadeEvent], site: String = "default", a part: Int = 5_000) throws {
        let maker = BatchMaker(seed: 0, hash: hash)
        for start in stride(from: 0, to: events.count, by: part) {
            try StorageTests.commit(
                maker.batch(Array(events[start..<min(start + part, events.count)]), site: site), to: self)
        }
    }

    /// Does all that is due in the background.
    func work() throws {
        while true {
            let maintained = try maintain()
            let compacted = try compact()
            if !maintained, !compacted { return }
        }
    }

    /// Carries erasures and deletions out on disk.
    func carryOut(_ clock: ManualClock) throws {
        for _ in 0..<100 {
            clock.set(clock.milliseconds() + 61_000)
            try work()
            let figures = statistics()
            if figures.pendingErasures == 0, figures.pendingPurges == 0 { return }
        }
        throw HarnessError("what was removed is still on the disk: \(statistics())")
    }
}

/// Every event of segments as text, sorted.
func text(of segments: [Segment]) throws -> [String] {
    var rows: [String] = []
    for segment in segments {
        let visitors = try segment.visitorNames()
        let hashes = try segment.visitorHashes()
        for name in segment.header.names {
            for row in name.rows {
                let (chunk, offset) = (row / CodeChunk.rows, row % CodeChunk.rows)
                let ordinal = Int(try segment.ordinals(chunk: chunk)[offset])
                guard visitors.hashes[ordinal + 1] == hashes[ordinal] else { throw HarnessError("names and hashes") }
                var text = "\(segment.header.month + Int64(try segment.times(chunk: chunk)[offset])) \(name.name)"
                text += " \(visitors.text(of: ordinal + 1) ?? "?")"
                if let value = try segment.values(chunk: chunk)?[offset], !value.isNaN { text += " \(value)" }
                for (index, column) in segment.header.columns.enumerated() {
                    let table = try segment.table(column: index)
                    let code = Int(try segment.codes(column: index, chunk: chunk)[offset])
                    if code != 0 { text += " \(column.name)=\(table.text(of: code) ?? "?")" }
                }
                rows.append(text)
            }
        }
    }
    return rows.sorted()
}

/// The first rows that only one of two lists has; empty if they are equal. Shorter to read than both.
func difference(_ found: [String], _ expected: [String]) -> [String] {
    var left = Dictionary(grouping: found, by: \.self).mapValues(\.count)
    for row in expected { left[row, default: 0] -= 1 }
    return left.filter { $0.value != 0 }.sorted { $0.key < $1.key }.prefix(4)
        .map { "\($0.value > 0 ? "too many" : "missing"): \($0.key)" }
}

/// What a segment's header says, as text; without what depends on how it is stored.
func text(of header: SegmentHeader) -> String {
    var lines = [
        "\(header.bucket) \(header.first) \(header.last) rows \(header.rows) visitors \(header.visitors) "
            + "values \(header.hasValues)"
    ]
    for name in header.names { lines.append("\(name.name) \(name.rows)") }
    for column in header.columns {
        lines.append("\(column.name) \(column.present) \(column.first) \(column.last) \(column.kinds)")
    }
    return lines.joined(separator: "\n")
}

/// The blocks whose bytes are in a directory's files, whether the database still knows them or not.
struct RawBlocks {
    /// Kind and number of a block.
    struct ID: Hashable {
        var kind: UInt8
        var number: UInt64
    }

    private(set) var ids: Set<ID> = []
    private let files: [[UInt8]]

    init(in path: String) throws {
        var files: [[UInt8]] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: path)
        where name.hasSuffix(".sst") || name.hasSuffix(".log") || name.hasPrefix("MANIFEST") {
            files.append([UInt8](try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))))
        }
        self.files = files
        for file in files {
            file.withUnsafeBytes { raw in
                guard raw.count >= 40 else { return }
                for start in 0..<(raw.count - 40) where raw[start] == 0x57 && raw[start + 1] == 0x42 {
                    guard (1...2).contains(raw[start + 2]), (1...5).contains(raw[start + 3]), raw[start + 4] <= 1
                    else { continue }
                    let number = UInt64(
                        littleEndian: raw.loadUnaligned(fromByteOffset: start + 16, as: UInt64.self))
                    // Chance finds of the magic bytes have numbers far beyond those of a test.
                    if number < 1 << 32 { ids.insert(ID(kind: raw[start + 3], number: number)) }
                }
            }
        }
    }

    /// Whether any file holds these bytes.
    func contain(_ bytes: [UInt8]) -> Bool {
        files.contains { file in
            guard let first = bytes.first else { return true }
            var from = file.startIndex
            while let start = file[from...].firstIndex(of: first) {
                if file[start...].starts(with: bytes) { return true }
                from = start + 1
            }
            return false
        }
    }
}

/// Decodes every block of a closed store and returns the keys of those whose payload holds some bytes.
func blocks(of path: String, holding bytes: [UInt8]) throws -> [String] {
    let database = try Database(path: path)
    var found: [String] = []
    let kinds: [(prefix: [UInt8], kind: Block.Kind)] = [
        (Keys.logPrefix, .log), (Keys.segmentPrefix, .part), (Keys.partPrefix, .part),
        (Keys.deadLetterPrefix, .deadLetter), (Keys.erasurePrefix, .erasure),
    ]
    for (prefix, kind) in kinds {
        var walk = database.iterate(prefix: prefix)
        while let row = try walk.next({ (key: [UInt8]($0), block: [UInt8]($1)) }) {
            let payload = try payload(of: row.block, key: row.key, kind: kind)
            if RawText(payload).holds(bytes) { found.append("\(String(decoding: prefix, as: UTF8.self)) \(row.key)") }
        }
    }
    return found
}

private func payload(of block: [UInt8], key: [UInt8], kind: Block.Kind) throws -> [UInt8] {
    func number<T: FixedWidthInteger>(_ offset: Int, _ type: T.Type) -> T {
        key.withUnsafeBytes { T(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
    }
    var part = PartID(part: .header)
    if key.count > 13 {
        part = PartID(
            part: Part(rawValue: key[13]) ?? .header, column: number(14, UInt16.self), chunk: number(16, UInt32.self))
    }
    let identity = Block.Identity(
        kind: kind, site: number(1, UInt32.self), number: number(5, UInt64.self), part: part)
    return try block.withUnsafeBytes { try Block.decode($0, identity: identity) }
}

private struct RawText {
    private let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func holds(_ wanted: [UInt8]) -> Bool {
        guard bytes.count >= wanted.count else { return false }
        return (0...(bytes.count - wanted.count)).contains { bytes[$0...].starts(with: wanted) }
    }
}

/// A store that is closed and opened again in between; nobody else may hold it then.
final class ReopenableStore {
    private let directory: TemporaryDirectory
    private let options: StoreOptions
    private let clock: ManualClock
    private var held: Store?

    init(_ directory: TemporaryDirectory, _ options: StoreOptions, _ clock: ManualClock) {
        self.directory = directory
        self.options = options
        self.clock = clock
    }

    /// The store, opened if it is closed.
    func current() throws -> Store {
        if let held { return held }
        let store = try directory.open(options, clock: clock)
        held = store
        return store
    }

    func close() { held = nil }
}
