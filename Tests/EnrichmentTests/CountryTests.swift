import Enrichment
import Foundation
import Testing

@Suite("The country of an address")
struct CountryTests {
    @Test("Addresses are found by their network, of IPv4 and IPv6, in any of the forms databases have")
    func lookup() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("weir-\(UUID().uuidString).mmdb")
        defer { try? FileManager.default.removeItem(at: file) }
        let networks: [(prefix: [UInt8], bits: Int, entry: MaxMindFile.Value)] = [
            ([10], 8, .map([("country", .map([("iso_code", .text("DE"))]))])),
            ([192, 0, 2], 24, .map([("registered_country", .map([("iso_code", .text("FR"))]))])),
            ([198, 51, 100], 24, .map([("country_code", .text("us"))])),
            ([203, 0, 113], 24, .map([("country", .text("JP"))])),
            ([172, 16], 12, .map([("city", .text("Nowhere"))])),
            ([100], 8, .map([("country", .map([("iso_code", .text("Germany"))]))])),
        ]
        try Data(MaxMindFile.bytes(networks)).write(to: file)
        let database = try CountryDatabase(path: file.path)
        let cases: [(String, String?)] = [
            ("10.1.2.3", "DE"), ("192.0.2.77", "FR"), ("198.51.100.1", "US"), ("203.0.113.9", "JP"),
            ("172.16.0.1", nil),
            ("100.1.1.1", nil), ("11.0.0.1", nil), ("", nil), ("nonsense", nil), ("2001:db8::1", nil),
            ("10.1.2.3:80", nil),
        ]
        for (address, country) in cases {
            #expect(database.country(of: address).map { String(decoding: $0, as: UTF8.self) } == country, "\(address)")
        }
    }

    @Test("A file that is no database is refused with its name")
    func badFile() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("weir-\(UUID().uuidString).mmdb")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("no database".utf8).write(to: file)
        for path in [file.path, file.path + "-missing"] {
            #expect { try CountryDatabase(path: path) } throws: {
                ($0 as? EnrichmentError)?.description.contains(path) == true
            }
        }
    }
}

/// Writes small databases in MaxMind's format, version 2.0: a tree of 24-bit records for IPv4.
enum MaxMindFile {
    indirect enum Value {
        case text(String)
        /// Of 2, 4 or 8 bytes.
        case number(UInt64, bytes: Int)
        case emptyList
        case map([(String, Value)])
    }

    static func bytes(_ networks: [(prefix: [UInt8], bits: Int, entry: Value)]) -> [UInt8] {
        // Of a node the two records: another node, data (negative, by number), or nothing.
        var nodes: [[Int?]] = [[nil, nil]]
        for (number, network) in networks.enumerated() {
            var node = 0
            for bit in 0..<network.bits {
                let byte = bit / 8 < network.prefix.count ? network.prefix[bit / 8] : 0
                let side = Int(byte >> (7 - bit % 8)) & 1
                if bit == network.bits - 1 {
                    nodes[node][side] = -1 - number
                } else if let next = nodes[node][side] {
                    node = next
                } else {
                    nodes.append([nil, nil])
                    nodes[node][side] = nodes.count - 1
                    node = nodes.count - 1
                }
            }
        }
        var data: [UInt8] = []
        var offsets: [Int] = []
        for network in networks {
            offsets.append(data.count)
            data += encoded(network.entry)
        }
        var bytes: [UInt8] = []
        for record in nodes.joined() {
            let value = record.map { $0 >= 0 ? $0 : nodes.count + 16 + offsets[-1 - $0] } ?? nodes.count
            bytes += [UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
        }
        bytes += [UInt8](repeating: 0, count: 16) + data + [0xAB, 0xCD, 0xEF] + Array("MaxMind.com".utf8)
        return bytes
            + encoded(
                .map([
                    ("node_count", .number(UInt64(nodes.count), bytes: 4)), ("record_size", .number(24, bytes: 2)),
                    ("ip_version", .number(4, bytes: 2)), ("binary_format_major_version", .number(2, bytes: 2)),
                    ("binary_format_minor_version", .number(0, bytes: 2)), ("build_epoch", .number(1, bytes: 8)),
                    ("database_type", .text("Test")), ("languages", .emptyList), ("description", .map([])),
                ]))
    }

    private static func encoded(_ value: Value) -> [UInt8] {
        switch value {
        case .text(let text): [UInt8(2 << 5 | text.utf8.count)] + Array(text.utf8)
        case .number(let number, let count):
            // Of 64 bits the type does not fit its three bits and stands in a byte of its own.
            (count == 8 ? [8, 2] : [UInt8((count == 2 ? 5 : 6) << 5 | count)])
                + (0..<count).map { UInt8(number >> UInt64((count - 1 - $0) * 8) & 255) }
        case .emptyList: [0, 4]
        case .map(let members):
            [UInt8(7 << 5 | members.count)] + members.flatMap { encoded(.text($0.0)) + encoded($0.1) }
        }
    }
}
