import Foundation
import LoadgenCore
import Testing

@Suite("Drawing and counting time")
struct DrawingTests {
    @Test("An alias table draws each index as often as it weighs", arguments: [1, 2, 99] as [UInt64])
    func aliasTable(seed: UInt64) {
        let weights: [Double] = [5, 0, 1, 1, 3, 0.5, 10]
        let table = AliasTable(weights: weights)
        var random = RandomSource(seed: seed)
        var counts = [Int](repeating: 0, count: weights.count)
        let draws = 200_000
        for _ in 0..<draws { counts[table.draw(&random)] += 1 }
        for (count, weight) in zip(counts, weights) {
            let expected = weight / weights.reduce(0, +)
            #expect(abs(Double(count) / Double(draws) - expected) < 0.006, "seed \(seed)")
        }
        #expect(counts[1] == 0, "seed \(seed)")
    }

    @Test("The random source gives the numbers it has always given")
    func randomSource() {
        var random = RandomSource(seed: 1)
        let numbers = (0..<4).map { _ in random.next() }
        #expect(
            numbers == [
                14_971_601_782_005_023_387, 13_781_649_495_232_077_965, 1_847_458_086_238_483_744,
                13_765_271_635_752_736_470,
            ])
        #expect((0..<1000).allSatisfy { _ in random.next(below: 7) < 7 })
        #expect((0..<1000).allSatisfy { _ in (0..<1).contains(random.fraction()) })
    }

    @Test("Days and dates agree with the calendar's")
    func civilDates() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        for day in stride(from: 0, to: 80_000, by: 13) {
            let date = CivilDate(daysSinceEpoch: day)
            let parts = calendar.dateComponents(
                [.year, .month, .day], from: Date(timeIntervalSince1970: Double(day) * 86_400))
            #expect([date.year, date.month, date.day] == [parts.year, parts.month, parts.day])
            #expect(date.daysSinceEpoch == day)
        }
    }

    @Test(
        "Only real days are read",
        arguments: ["2026-02-29", "2026-13-01", "1969-12-31", "26-01-01", "2026-1-1", "x", ""])
    func badDates(text: String) {
        #expect(CivilDate(text) == nil)
    }

    @Test("The default start is the first of January 2026")
    func defaultStart() {
        #expect(GeneratorOptions.defaultStart == CivilDate("2026-01-01"))
        #expect(CivilDate("2024-02-29")?.milliseconds == 1_709_164_800_000)
    }
}
