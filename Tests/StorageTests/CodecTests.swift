import Events
import Storage
import TestSupport
import Testing

@Suite("Encodings")
struct CodecTests {
    private let seed = SeededGenerator.testSeed

    @Test("Integers come back whatever their shape", arguments: 0..<200)
    func integers(round: Int) throws {
        var random = SeededGenerator(seed: seed &+ UInt64(round))
        let count = Int(random.next() % 300)
        let shape = random.next() % 4
        let limit = [1, 200, 60_000, Int(UInt32.max)][Int(random.next() % 4)]
        var previous: UInt64 = 0
        let values = (0..<count).map { _ -> UInt32 in
            switch shape {
            case 0: return UInt32(limit - 1)
            case 1:
                previous = (previous + random.next() % 3) % UInt64(limit)
                return UInt32(previous)
            default: return UInt32(random.next() % UInt64(limit))
            }
        }
        var writer = ByteWriter()
        IntegerCodec.encode(values[...], into: &writer)
        var decoded: [UInt32] = []
        try writer.bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            let chunk = try IntegerCodec.decode(&reader, count: count, below: limit)
            #expect(reader.remaining == 0)
            chunk.append(to: &decoded)
            #expect(chunk.count == count)
            for row in 0..<count { #expect(chunk[row] == values[row]) }
        }
        #expect(decoded == values, "seed \(seed) round \(round)")
    }

    @Test("Packed values of every width come out the same with the processor's vectors and without", arguments: 0...32)
    func vectors(width: Int) {
        var random = SeededGenerator(seed: seed &+ UInt64(width))
        let mask = UInt32(truncatingIfNeeded: (1 as UInt64) << UInt64(width) - 1)
        for count in [0, 1, 7, 8, 9, 16, 31, 40, 64, 255, 1_000] {
            let base = UInt32(truncatingIfNeeded: random.next())
            let offsets = (0..<count).map { _ in UInt32(truncatingIfNeeded: random.next()) & mask }
            var writer = ByteWriter()
            BitPacking.pack(offsets[...], minus: 0, width: width, into: &writer)
            for vectors in [true, false] where !vectors || BitPacking.hasVectors {
                // Exactly as much memory as there is to read, so that a look behind it is found out.
                let packed = UnsafeMutableRawBufferPointer.allocate(byteCount: writer.bytes.count, alignment: 1)
                defer { packed.deallocate() }
                packed.copyBytes(from: writer.bytes)
                let values = [UInt32](unsafeUninitializedCapacity: count) { output, initialized in
                    BitPacking.unpack(
                        UnsafeRawBufferPointer(packed), width: width, base: base,
                        into: UnsafeMutableBufferPointer(rebasing: output[..<count]), vectors: vectors)
                    initialized = count
                }
                #expect(values == offsets.map { $0 &+ base }, "seed \(seed) count \(count) vectors \(vectors)")
            }
        }
    }

    @Test("Patched differences come back with and without high bits, at every length near a block's end")
    func patchedLengths() throws {
        var random = SeededGenerator(seed: seed)
        for count in [250, 255, 256, 257, 263, 264, 500, 511, 512, 513, 2_000, 65_536] {
            for shape in 0..<3 {
                var time: UInt32 = 0
                let values = (0..<count).map { index -> UInt32 in
                    if shape == 1 || index % 13 == 0 { time = UInt32(truncatingIfNeeded: random.next()) & 0x0FFF_FFFF }
                    time = shape == 2 ? time &+ UInt32(random.next() % 900) : time &+ UInt32(random.next() % 60_000)
                    return time
                }
                var writer = ByteWriter()
                IntegerCodec.encode(values[...], into: &writer)
                var decoded: [UInt32] = []
                try writer.bytes.withUnsafeBytes { raw in
                    var reader = ByteReader(raw)
                    try IntegerCodec.decode(&reader, count: count, below: Int(UInt32.max)).append(to: &decoded)
                }
                #expect(decoded == values, "seed \(seed) count \(count) shape \(shape)")
            }
        }
    }

    @Test("A code at or above the limit is refused, in every encoding")
    func range() {
        for values: [UInt32] in [[9, 9, 9], [1, 9, 3], [1, 300, 3], [1, 70_000, 3], [7, 8, 9]] {
            var writer = ByteWriter()
            IntegerCodec.encode(values[...], into: &writer)
            let limit = Int(values.max() ?? 0)
            let refused = writer.bytes.withUnsafeBytes { raw -> Bool in
                var reader = ByteReader(raw)
                return (try? IntegerCodec.decode(&reader, count: values.count, below: limit)) == nil
            }
            #expect(refused, "\(values)")
        }
    }

    @Test("A varint of 64 bits comes back, and an overlong one is refused")
    func varints() throws {
        for value: UInt64 in [0, 1, 127, 128, 1 << 35, .max] {
            var writer = ByteWriter()
            writer.varint(value)
            let decoded = try writer.bytes.withUnsafeBytes { raw in
                var reader = ByteReader(raw)
                return try reader.varint()
            }
            #expect(decoded == value)
        }
        let overlong = [UInt8](repeating: 0x80, count: 10) + [1]
        #expect(throws: DecodingFault.self) {
            try overlong.withUnsafeBytes { raw in
                var reader = ByteReader(raw)
                _ = try reader.varint()
            }
        }
    }

    @Test("A block is as the format's page says, byte for byte")
    func blockLayout() throws {
        var payload = ByteWriter()
        payload.fixed(Int64(1000))
        payload.varint(1)
        payload.fixed(UInt64(0x1122_3344_5566_7788))
        let identity = Block.Identity(kind: .ids, number: 7)
        let block = Block.encode(payload.bytes, identity: identity, level: 1)
        #expect(
            Array(block.prefix(24)) == [0x57, 0x42, 2, 2] + [UInt8](repeating: 0, count: 12) + [7, 0, 0, 0, 0, 0, 0, 0])
        #expect(Array(block[24..<32]) == [17, 0, 0, 0, 17, 0, 0, 0])
        #expect(Array(block.dropFirst(40)) == payload.bytes)
        #expect(try block.withUnsafeBytes { try Block.decode($0, identity: identity) } == payload.bytes)
        #expect(throws: StorageError.self) {
            _ = try block.withUnsafeBytes { try Block.decode($0, identity: Block.Identity(kind: .ids, number: 8)) }
        }
    }

    @Test("Merged runs hold the rows of all, whatever the order of merging", arguments: 0..<20)
    func merging(round: Int) throws {
        let hash = EventHash(seed: seed)
        var maker = BatchMaker(seed: seed &+ UInt64(round), hash: hash)
        let runs = [1, 40, 3, 200].map { RunAssembler.run(of: maker.batch(rows: $0)) }
        let bucket = Bucket(level: .none, start: january)
        let all = AlignedRuns(runs, hash: hash).merged(bucket: bucket, dictionaries: .sorted)
        let firstTwo = AlignedRuns(Array(runs[2...]), hash: hash).merged(bucket: bucket, dictionaries: .asTheyAre)
        let stepwise = AlignedRuns([runs[1], firstTwo, runs[0]], hash: hash)
            .merged(bucket: bucket, dictionaries: .sorted)
        #expect(all.header.rows == 244)
        #expect(all.header.encode() == stepwise.header.encode(), "seed \(seed)")
    }

    @Test("A sum does not depend on the order of its terms, and decimals stay decimal", arguments: 0..<50)
    func sums(round: Int) {
        var random = SeededGenerator(seed: seed &+ UInt64(round))
        let terms = (0..<200).map { index -> Double in
            index % 3 == 0
                ? Double(Int64(bitPattern: random.next()) % 10_000_000) / 100
                : Double(bitPattern: random.next() & 0xBFFF_FFFF_FFFF_FFFF)
        }.filter { $0.isFinite && $0.magnitude < 1e150 }
        var forwards = ExactSum()
        var halves = (ExactSum(), ExactSum())
        for term in terms { forwards.add(term) }
        for (index, term) in terms.reversed().enumerated() {
            if index % 2 == 0 { halves.0.add(term) } else { halves.1.add(term) }
        }
        halves.0.add(halves.1)
        #expect(forwards.value == halves.0.value, "seed \(seed)")
        var cents = ExactSum()
        for _ in 0..<3 { cents.add(0.1) }
        #expect(cents.value == 0.3)
    }

    @Test("A sum beyond the range of doubles stays finite")
    func hugeSums() {
        var sum = ExactSum()
        for _ in 0..<3 { sum.add(1.7e308) }
        #expect(sum.value == .greatestFiniteMagnitude)
    }
}
