import Events
import Storage
import TestSupport
import Testing

@Suite("Visitor sketches")
struct VisitorSketchTests {
    private let seed = SeededGenerator.testSeed

    /// Distinct hashes: a bijection of consecutive numbers.
    private func hashes(_ count: Int, _ seed: UInt64) -> [UInt64] {
        (0..<UInt64(count)).map { number in
            var random = SeededGenerator(seed: seed &* 0x9E37_79B9 &+ number &* 0x9E37_79B9_7F4A_7C15)
            return random.next()
        }
    }

    private func sketch(_ hashes: some Sequence<UInt64>, precision: Int = 12) -> VisitorSketch {
        var sketch = VisitorSketch(precision: precision)
        for hash in hashes { sketch.insert(hash) }
        return sketch
    }

    /// By how many standard deviations the estimates are off, as root of the mean square.
    private func deviation(_ count: Int, rounds: Int, precision: Int, _ change: (UInt64) -> UInt64) -> Double {
        var squares = 0.0
        for round in 0..<rounds {
            let estimate = sketch(hashes(count, seed &+ UInt64(round)).lazy.map(change), precision: precision).estimate
            let error = (estimate / Double(count) - 1) / VisitorSketch.relativeStandardError(precision: precision)
            squares += error * error
        }
        return (squares / Double(rounds)).squareRoot()
    }

    @Test(
        "Estimates are off by what is promised, from a few visitors to millions",
        arguments: [
            (10, 4), (512, 4), (513, 24), (1_000, 24), (4_096, 24), (20_000, 24), (100_000, 24), (1_000_000, 8),
        ])
    func error(count: Int, rounds: Int) {
        // The root mean square of 8 normal errors exceeds twice their deviation once in 20,000 times, of 24 never.
        let deviation = deviation(count, rounds: rounds, precision: 12) { $0 }
        #expect(deviation < (count <= 512 ? 0.000_001 : 2), "seed \(seed)")
        if count >= 4_096 { #expect(deviation > 0.3, "seed \(seed): too good to be true") }
    }

    @Test("Five million visitors are estimated within five standard deviations")
    func millions() {
        #expect(deviation(5_000_000, rounds: 1, precision: 12) { $0 } < 5, "seed \(seed)")
    }

    @Test("Every precision keeps its promise", arguments: [8, 10, 11, 13, 14])
    func precisions(precision: Int) {
        #expect(deviation(50_000, rounds: 12, precision: precision) { $0 } < 2.2, "seed \(seed)")
    }

    @Test("The harness finds out hashes that are none")
    func canary() {
        #expect(deviation(20_000, rounds: 4, precision: 12) { $0 | 1 } > 2)
        #expect(deviation(20_000, rounds: 4, precision: 12) { $0 & ~(1 << 12) } > 2)
    }

    @Test("A part of the hash range is estimated as well as the whole")
    func ranges() {
        for quarter: UInt64 in 0..<4 {
            let deviation = deviation(20_000, rounds: 16, precision: 12) { $0 >> 2 | quarter << 62 }
            #expect(deviation < 2, "seed \(seed)")
        }
    }

    @Test("What a sketch will take is known before it is encoded", arguments: [4, 12, 16])
    func encodedBytes(precision: Int) {
        for count in [0, 1, 100, 127, 128, 129, 520, 5_000, 200_000] {
            let sketch = sketch(hashes(count, seed), precision: precision)
            var writer = ByteWriter()
            sketch.encode(into: &writer)
            #expect(sketch.encodedBytes == writer.bytes.count, "seed \(seed), \(count) visitors")
        }
    }

    @Test("A sketch depends on the set alone: not on order, repetition or grouping", arguments: 0..<40)
    func merging(round: Int) {
        var random = SeededGenerator(seed: seed &+ UInt64(round))
        let all = hashes(3_000, seed)
        func some() -> [UInt64] {
            let count = [0, 1, 100, 400, 520, 2_500][Int(random.next() % 6)]
            return (0..<count).map { _ in all[Int(random.next() % UInt64(all.count))] }
        }
        let (a, b, c) = (some(), some(), some())
        func union(_ left: VisitorSketch, _ right: VisitorSketch) -> VisitorSketch {
            var result = left
            result.merge(right)
            return result
        }
        let (x, y, z) = (sketch(a), sketch(b), sketch(c))
        #expect(union(x, y) == union(y, x), "seed \(seed)")
        #expect(union(union(x, y), z) == union(x, union(y, z)), "seed \(seed)")
        #expect(union(x, x) == x, "seed \(seed)")
        #expect(union(x, VisitorSketch()) == x, "seed \(seed)")
        #expect(union(x, y) == sketch((a + b).shuffled()), "seed \(seed)")
        #expect(x.isExact == (Set(a).count <= 512), "seed \(seed)")
        if x.isExact { #expect(x.estimate == Double(Set(a).count), "seed \(seed)") }
    }

    @Test("Lowering the precision is the same as having had the lower one", arguments: [10, 100, 600, 40_000])
    func folding(count: Int) {
        let all = hashes(count, seed)
        var fine = sketch(all, precision: 13)
        fine.fold(to: 10)
        #expect(fine == sketch(all, precision: 10), "seed \(seed)")
        var coarse = sketch(all[..<(count / 2)], precision: 10)
        coarse.merge(sketch(all, precision: 14))
        #expect(coarse == sketch(all, precision: 10), "seed \(seed)")
    }

    private func encoded(_ sketch: VisitorSketch) -> [UInt8] {
        var writer = ByteWriter()
        sketch.encode(into: &writer)
        return writer.bytes
    }

    private func decoded(_ bytes: [UInt8]) throws -> VisitorSketch {
        try bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            let sketch = try VisitorSketch(decoding: &reader)
            guard reader.remaining == 0 else { throw TestFault("bytes are left") }
            return sketch
        }
    }

    @Test("A sketch comes back, in less than three bits a register")
    func encoding() throws {
        for count in [0, 1, 511, 512, 513, 700, 2_000, 5_000, 100_000, 1_000_000] {
            let sketch = sketch(hashes(count, seed))
            let bytes = encoded(sketch)
            #expect(try decoded(bytes) == sketch, "seed \(seed) count \(count)")
            if !sketch.isExact { #expect(bytes.count < 4_096 * 3 / 8 + 16, "\(bytes.count) bytes for \(count)") }
        }
    }

    @Test("Damaged bytes never trap", arguments: 0..<4)
    func damage(round: Int) throws {
        var random = SeededGenerator(seed: seed &+ UInt64(round))
        let good = encoded(sketch(hashes([3, 512, 600, 50_000][round], seed)))
        var failures = 0
        for _ in 0..<2_000 {
            var bytes = good
            for _ in 0...(random.next() % 3) {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.removeLast(bytes.count - place)
                default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
                }
                if bytes.isEmpty { bytes = [12] }
            }
            if let sketch = try? decoded(bytes) { _ = sketch.estimate } else { failures += 1 }
        }
        #expect(failures > 200, "seed \(seed)")
    }
}

/// A reason of a test's own.
struct TestFault: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
