import Events
import Testing

@Suite("Civil time")
struct CivilTimeTests {
    @Test(
        "RFC 3339 times are read as Unix milliseconds",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.001Z", 1), ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600_000), ("2024-02-29T23:59:59.123456789Z", 1_709_251_199_123),
            ("2026-11-01T00:00:00+02:00", 1_793_484_000_000), ("2026-11-01T00:00:00-05:30", 1_793_511_000_000),
            ("2026-11-01t00:00:00z", 1_793_491_200_000), ("2026-11-01 00:00:00Z", 1_793_491_200_000),
            ("2026-11-01T00:00:00.5-00:00", 1_793_491_200_500), ("2016-12-31T23:59:60Z", 1_483_228_799_999),
            ("2016-12-31T23:59:60.75Z", 1_483_228_799_999), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
            ("9999-12-31T23:59:59-01:00", 253_402_304_399_000), ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            ("1970-01-01T00:00:00+23:59", -86_340_000), ("2026-11-01T12:34:56.0009Z", 1_793_536_496_000),
        ] as [(String, Int64)])
    func reads(text: String, milliseconds: Int64) {
        #expect(CivilTime.parse(text) == milliseconds)
    }

    @Test(
        "What is no RFC 3339 time, or no date, is refused",
        arguments: [
            "", "2026", "2026-11-01", "2026-11-01T00:00:00", "2026-11-01T00:00Z", "2026-11-01T00:00:00.Z",
            "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60",
            "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+01", "2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00Z ",
            " 2026-01-01T00:00:00Z", "2026/01/01T00:00:00Z", "2026-1-1T00:00:00Z0000", "2026-01-01T00:00:00,5Z",
            "1700000000000", "2026-01-01T00:00:00.5", "-026-01-01T00:00:00Z", "２026-01-01T00:00:00Z",
        ])
    func refuses(text: String) {
        #expect(CivilTime.parse(text) == nil)
    }

    @Test("Every day from 1600 to 2400 and its neighbours agree")
    func everyDay() {
        var expected = CivilTime.daysFromCivil(year: 1600, month: 1, day: 1)
        for year in 1600...2400 {
            for month in 1...12 {
                for day in 1...CivilTime.daysInMonth(year: year, month: month) {
                    let days = CivilTime.daysFromCivil(year: year, month: month, day: day)
                    #expect(days == expected)
                    let date = CivilTime.civil(fromDays: days)
                    #expect(date.year == year && date.month == month && date.day == day)
                    expected += 1
                }
            }
        }
        #expect(CivilTime.daysFromCivil(year: 1970, month: 1, day: 1) == 0)
        #expect(
            CivilTime.daysFromCivil(year: -1, month: 12, day: 31) + 1
                == CivilTime.daysFromCivil(year: 0, month: 1, day: 1))
    }

    @Test("Months begin and end where they should")
    func months() {
        let times: [Int64] = [0, -1, 1_793_491_200_000, 1_793_491_199_999, 1_709_164_800_000, CivilTime.latest]
        for time in times {
            let (start, end) = (CivilTime.monthStart(of: time), CivilTime.monthEnd(of: time))
            #expect(start <= time && time < end)
            #expect(CivilTime.monthStart(of: start) == start && CivilTime.monthEnd(of: start) == end)
            #expect(CivilTime.monthStart(of: end) == end)
            #expect(CivilTime.monthEnd(of: start - 1) == start)
        }
        #expect(CivilTime.format(CivilTime.monthEnd(of: 1_709_164_800_000)) == "2024-03-01T00:00:00Z")
    }

    @Test("What is written reads back, with milliseconds only where there are any")
    func writes() {
        #expect(CivilTime.format(0) == "1970-01-01T00:00:00Z")
        #expect(CivilTime.format(1_793_491_200_050) == "2026-11-01T00:00:00.050Z")
        #expect(CivilTime.format(CivilTime.latest) == "9999-12-31T23:59:59.999Z")
        var random = SplitMix(state: 7)
        for _ in 0..<10_000 {
            let time = Int64.random(in: -62_167_219_200_000...CivilTime.latest, using: &random)
            #expect(CivilTime.parse(CivilTime.format(time)) == time)
        }
    }
}
