import Foundation
import Storage
import TestSupport
import Testing

@Suite("Visitor sets side by side")
struct HeadSetsTests {
    @Test("Each is what a set built by itself is, from few visitors to all of them", arguments: 0..<30)
    func agreement(round: Int) {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        var random = SeededGenerator(seed: seed &+ UInt64(round))
        let limit = random.pick([4, 50, 1_024])
        let hashes = Set((0..<random.int(1...4_000)).map { _ in random.next() }).sorted()
        let sets = HeadSets(hashes: hashes, limit: limit, precision: 6)
        // Twice with the same memory, since that is how names follow each other.
        for _ in 0..<2 {
            let count = random.int(1...5)
            let shares = (0..<count).map { _ in random.pick([0, 0.01, 0.5, 0.98, 1]) }
            var pairs: [UInt64] = []
            var expected = (0..<count).map { _ in VisitorSetBuilder(limit: limit, precision: 6) }
            for ordinal in hashes.indices {
                // Codes and sets are numbered differently; the last code has no set.
                for code in 0...count where random.chance(code < count ? shares[code] : 0.5) {
                    pairs.append(UInt64(code) << 32 | UInt64(ordinal))
                    guard code < count else { continue }
                    hashes.withUnsafeBufferPointer {
                        expected[count - 1 - code].insert(UInt32(ordinal), hashes: $0)
                    }
                }
            }
            // What is known of the members beforehand makes no difference.
            let most = (0..<count).map { code in pairs.count { Int($0 >> 32) == code } }.max() ?? 0
            sets.begin(count, rows: random.chance(0.5) ? most : .max)
            let place = (0..<count).reversed().map { Int32($0) } + [-1]
            let cut = random.int(0...pairs.count)
            sets.add(pairs[..<cut], place: place)
            sets.add(pairs[cut...], place: place)
            for (set, builder) in expected.enumerated() {
                #expect(sets.finish(set) == builder.finish(visitors: hashes.count), "seed \(seed)")
            }
        }
    }
}
