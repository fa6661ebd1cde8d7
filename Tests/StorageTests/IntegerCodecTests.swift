import Foundation
import Storage
import TestSupport
import Testing

/// The integer encodings give back what was written, whatever it is, and never trap on what was not.
@Suite struct IntegerCodecTests {
    private func encoded(_ values: [UInt32]) -> [UInt8] {
        var writer = ByteWriter()
        IntegerCodec.encode(values[...], into: &writer)
        return writer.bytes
    }

    private func decoded(_ bytes: [UInt8], count: Int, below limit: Int) throws -> [UInt32] {
        try bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            let chunk = try IntegerCodec.decode(&reader, count: count, below: limit)
            try reader.end()
            var values: [UInt32] = []
            chunk.append(to: &values)
            return values
        }
    }

    /// Columns of the shapes that occur, and some that do not.
    private static func column(_ random: inout SeededGenerator) -> [UInt32] {
        let count = [0, 1, 2, 7, 8, 9, 63, 64, 65, 255, 256, 1_000, 4_096, 65_536].randomElement(using: &random) ?? 0
        let bits = UInt32.random(in: 0...32, using: &random)
        let top: UInt32 = bits == 32 ? .max : (1 << bits) - 1
        let shape = Int.random(in: 0..<9, using: &random)
        var value = UInt32.random(in: 0...top, using: &random)
        var step: UInt32 = UInt32.random(in: 0...1_000, using: &random)
        return (0..<count).map { row in
            switch shape {
            case 0: return UInt32.random(in: 0...top, using: &random)
            case 1: return top
            case 2: return row % 97 == 0 ? .max : UInt32.random(in: 0...min(top, 9), using: &random)
            case 3:
                value = value &+ UInt32.random(in: 0...min(top, 50), using: &random)
                return value
            case 4:
                // A stretch of ascending times, then somewhere else.
                value =
                    Int.random(in: 0..<4, using: &random) == 0
                    ? UInt32.random(in: 0...top, using: &random) : value &+ UInt32.random(in: 0...5_000, using: &random)
                return value
            case 5: return value &+ UInt32(row) &* step
            case 6:
                if Int.random(in: 0..<30, using: &random) == 0 { value = UInt32.random(in: 0...top, using: &random) }
                return value
            case 7:
                if Int.random(in: 0..<100, using: &random) == 0 { step = UInt32.random(in: 0...9, using: &random) }
                value = value &+ step
                return value
            default:
                // Zipf, about.
                return UInt32(Double(top) / Double(1 + Int.random(in: 0...100_000, using: &random)))
            }
        }
    }

    @Test func givesBackEveryShape() throws {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        var random = SeededGenerator(seed: seed)
        // Every encoding that sealed parts use.
        let all: Set<UInt8> = [0, 9, 10, 11, 12, 13, 14]
        var seen: Set<UInt8> = []
        // Some shapes are rare, so it goes on until all have come.
        for round in 0..<40_000 where round < 400 || !seen.isSuperset(of: all) {
            let values = Self.column(&random)
            let limit = Int(values.max() ?? 0) + 1
            let bytes = encoded(values)
            try #require(
                try decoded(bytes, count: values.count, below: limit) == values, "seed \(seed), round \(round)")
            if values.count > 127 { seen.insert(bytes[values.count > 16_383 ? 3 : 2]) }
            // A limit that a value exceeds must be noticed, whatever the encoding.
            if limit > 1 {
                #expect(throws: DecodingFault.self, "seed \(seed), round \(round)") {
                    try decoded(bytes, count: values.count, below: limit - 1)
                }
            }
        }
        #expect(seen.isSuperset(of: all), "seed \(seed): chose only \(seen.sorted())")
    }

    @Test func packsWithinARangeThatIsGiven() throws {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        var random = SeededGenerator(seed: seed)
        for round in 0..<100 {
            let values = Self.column(&random)
            let (least, greatest) = (values.min() ?? 0, values.max() ?? 0)
            let exact = random.chance(0.5)
            let range = (exact ? least : least / 2)...(exact ? greatest : max(greatest, greatest &+ greatest / 2))
            var writer = ByteWriter()
            IntegerCodec.encodePacked(values[...], in: range, into: &writer)
            let read = try decoded(writer.bytes, count: values.count, below: Int(greatest) + 1)
            #expect(read == values, "seed \(seed), round \(round)")
        }
    }

    @Test func longColumnsAreCutIntoChunks() throws {
        var random = SeededGenerator(seed: 7)
        for count in [0, 1, 65_536, 65_537, 200_000] {
            let values = (0..<count).map { _ in UInt32.random(in: 0..<1_000, using: &random) }
            var writer = ByteWriter()
            IntegerCodec.encodeLong(values, into: &writer)
            let read = try writer.bytes.withUnsafeBytes { raw in
                var reader = ByteReader(raw)
                let read = try IntegerCodec.decodeLong(&reader, atMost: count, below: 1_000)
                try reader.end()
                return read
            }
            #expect(read == values)
        }
    }

    /// Damaged payloads give a fault or other numbers below the limit: never a trap, never a number beyond it.
    @Test func survivesDamage() {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let values = Array(Self.column(&random).prefix(2_000))
            let limit = Int(values.max() ?? 0) + 1
            let good = encoded(values)
            for _ in 0..<20 {
                var bytes = good
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
                case 1:
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                default:
                    for place in bytes.indices where Bool.random(using: &random) {
                        bytes[place] = UInt8.random(in: 0...255, using: &random)
                    }
                }
                if let read = try? decoded(bytes, count: values.count, below: limit) {
                    #expect(read.count == values.count && read.allSatisfy { Int($0) < limit }, "seed \(seed)")
                }
            }
        }
    }

    /// What earlier versions wrote, byte by byte, is still read.
    @Test func readsTheEncodingsOfVersion1() throws {
        #expect(try decoded([3, 0, 5], count: 3, below: 6) == [5, 5, 5])
        #expect(try decoded([2, 1, 7, 200], count: 2, below: 201) == [7, 200])
        #expect(try decoded([2, 2, 7, 0, 0, 1], count: 2, below: 257) == [7, 256])
        #expect(try decoded([1, 4, 1, 0, 1, 0], count: 1, below: 70_000) == [65_537])
        #expect(try decoded([3, 8, 10, 2, 1], count: 3, below: 7) == [5, 6, 5])
    }

    @Test func sortedTimesTakeFewBytes() throws {
        // Sessions of four events a day: what most of a store's bytes are.
        var random = SeededGenerator(seed: 3)
        var values: [UInt32] = []
        while values.count < 65_536 {
            var time = UInt32.random(in: 0..<86_400_000, using: &random)
            for _ in 0..<4 where values.count < 65_536 {
                values.append(time)
                time += UInt32.random(in: 1_000...60_000, using: &random)
            }
        }
        let bits = Double(encoded(values).count * 8) / Double(values.count)
        // A quarter needs 27 bits, the rest 16, and a bit a row tells them apart.
        #expect(bits < 20.5)
    }
}
