import Events
import Foundation
import RocksDB
import Storage
import TestSupport
import Testing

/// The canary of `weir check`: each kind of damage is planted in each kind of row. What is found goes away when the damage
/// is undone, and what no check can find is listed here.
@Suite("Every kind of damage")
struct CheckDamageTests {
    private let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)

    /// What may happen to a row.
    private enum Damage: String, CaseIterable {
        case flipped
        case cut
        case emptied
        /// Another row of its kind in its place.
        case misdirected
        case deleted
    }

    /// What leaves no trace: rows that no other row knows of, and names without a checksum.
    private static let unseen: Set<String> = [
        "l deleted", "i deleted", "d deleted", "e deleted", "a deleted", "v deleted", "msalt flipped", "msalt deleted",
        "mpurge flipped", "mpurge deleted", "msites flipped", "msites deleted",
        // A letter more or less makes another name, and some site may have it.
        "s cut",
    ]

    /// A row's kind: its prefix, with the part of a segment or the name of the figure.
    private func kind(_ key: [UInt8]) -> String {
        let prefix = String(decoding: key.prefix(1), as: UTF8.self)
        switch prefix {
        case "c": return "c " + (Part(rawValue: key[13])?.title ?? "?")
        case "m": return String(decoding: key.prefix { $0 >= 0x61 && $0 <= 0x7a }, as: UTF8.self)
        default: return prefix
        }
    }

    private func damaged(
        _ row: StoredRows.Row, _ damage: Damage, among rows: [StoredRows.Row], _ random: inout SeededGenerator
    ) -> StoredRows.Row? {
        var row = row
        switch damage {
        case .flipped: row.value[random.int(0...(row.value.count - 1))] ^= 1 << UInt8(random.int(0...7))
        case .cut: row.value.removeLast()
        case .emptied: row.value = []
        case .misdirected:
            let others = rows.filter { $0.key != row.key && $0.value != row.value && $0.key[0] == row.key[0] }
            guard !others.isEmpty else { return nil }
            row.value = random.pick(others).value
        case .deleted: return nil
        }
        return row
    }

    @Test("B7: planted in any row, it is found and named, and with it undone nothing is")
    func everywhere() throws {
        let directory = TemporaryDirectory()
        try EveryPart.fill(directory, seed: seed)
        #expect(try StoreCheck.run(directory: directory.path).findings == [])
        let rows = try StoredRows.all(directory.path).filter { !$0.value.isEmpty }
        let kinds = Dictionary(grouping: rows) { kind($0.key) }
        let parts = (1...11).compactMap { Part(rawValue: $0).map { "c \($0.title)" } }
        #expect(Set(kinds.keys).isSuperset(of: parts + ["g", "l", "i", "d", "e", "s", "mformat", "mseed", "mpurge"]))

        var random = SeededGenerator(seed: seed)
        var kindsFound: Set<CheckFinding.Kind> = []
        for (kind, members) in kinds.sorted(by: { $0.key < $1.key }) {
            for damage in Damage.allCases {
                // One figure in another's place may be as good a figure.
                if damage == .misdirected, kind.first == "m", !["mseed", "mformat"].contains(kind) { continue }
                let row = random.pick(members)
                let planted = damaged(row, damage, among: rows, &random)
                guard planted != nil || damage == .deleted else { continue }
                if let planted {
                    try StoredRows.put(directory.path, [planted])
                } else {
                    try StoredRows.delete(directory.path, [row.key])
                }
                let label = "seed \(seed), \(kind) \(damage), key \(row.key)"
                do {
                    let findings = try StoreCheck.run(directory: directory.path).findings
                    kindsFound.formUnion(findings.map(\.kind))
                    let isExpected = !Self.unseen.contains("\(kind) \(damage)")
                    // A flipped letter mostly makes a name that no site can have, but not always.
                    if kind != "s" || damage != .flipped {
                        #expect(findings.isEmpty != isExpected, "\(label): \(findings)")
                    }
                    // A row that is gone is missed elsewhere.
                    if damage != .deleted, isExpected, "glidec".contains(kind.prefix(1)) {
                        #expect(findings.contains { $0.isAbout(row.key) }, "\(label): \(findings)")
                    }
                } catch {
                    // Without a format this is nobody's store.
                    #expect(kind == "mformat", "\(label): \(error)")
                }
                try StoredRows.put(directory.path, [row])
            }
            #expect(try StoreCheck.run(directory: directory.path).findings == [], "seed \(seed), \(kind)")
        }
        #expect(kindsFound.isSuperset(of: [.block, .missing, .orphan]), "\(kindsFound)")
    }

    @Test("Damage where the store's identity stands is a finding, and the rest is looked at all the same")
    func identity() throws {
        let directory = TemporaryDirectory()
        try EveryPart.fill(directory, seed: seed)
        do { try Database(path: directory.path).compactAll() }
        // Both rows, in whichever files they are: they mostly share a block, where only what differs from the key before is
        // written, but a file may end between them.
        var changed: [String: Data] = [:]
        var name = ""
        for file in try FileManager.default.contentsOfDirectory(atPath: directory.path) where file.hasSuffix(".sst") {
            var bytes = try Data(contentsOf: URL(fileURLWithPath: directory.path + "/" + file))
            let format = bytes.range(of: Data("mformat".utf8))
            let rest = (format?.upperBound ?? bytes.endIndex)..<bytes.endIndex
            let seed = bytes.range(of: Data("mseed".utf8)) ?? bytes.range(of: Data("seed".utf8), in: rest)
            if format != nil { name = file }
            for place in [format, seed].compactMap({ $0 }) { bytes[place.upperBound] ^= 0x10 }
            guard format != nil || seed != nil else { continue }
            try bytes.write(to: URL(fileURLWithPath: directory.path + "/" + file))
            changed[file] = bytes
        }
        #expect(!name.isEmpty)
        let report = try StoreCheck.run(directory: directory.path)
        #expect(report.findings.contains { $0.kind == .missing && $0.place.row == "the store's identity" })
        #expect(report.findings.contains { $0.kind == .database && $0.reason.contains(name) }, "\(report.findings)")
        #expect(report.parts > 20)
        #expect(report.notes.contains { $0.contains("seed") })
        // A server says so, and does not begin a new store.
        #expect { _ = try directory.open() } throws: { "\($0)".contains(name) }
        for (file, bytes) in changed {
            #expect(try Data(contentsOf: URL(fileURLWithPath: directory.path + "/" + file)) == bytes)
        }
    }
}
