import Client
import Testing

@Suite("Forms of time")
struct TimeTextTests {
    @Test(
        "Every accepted form gives its moment",
        arguments: [
            ("2024-03-13T10:21:14Z", 1_710_325_274_000), ("2024-03-13t10:21:14z", 1_710_325_274_000),
            ("2024-03-13 10:21:14", 1_710_325_274_000), ("2024-03-13T10:21:14", 1_710_325_274_000),
            ("2024-03-13 10:21:14.5", 1_710_325_274_500), ("2024-03-13 10:21:14.123456789", 1_710_325_274_123),
            ("2024-03-13T12:21:14+02:00", 1_710_325_274_000), ("2024-03-13T04:51:14-05:30", 1_710_325_274_000),
            ("2024-03-13 12:21:14.001+02:00", 1_710_325_274_001),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000), ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999Z", -1), ("2000-03-01T00:00:00Z", 951_868_800_000),
            ("0000-03-01T00:00:00Z", -62_162_035_200_000), ("9999-12-31T23:59:59Z", 253_402_300_799_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("1710325274", 1_710_325_274_000), ("1710325274000", 1_710_325_274_000), ("0", 0),
            ("99999999999", 99_999_999_999_000), ("100000000000", 100_000_000_000), ("-1", -1000),
            ("1710325274.5", 1_710_325_274_500), ("-1710325274000", -1_710_325_274_000),
        ] as [(String, Int64)])
    func accepted(text: String, expected: Int64) {
        #expect(withBytes(text) { TimeText.read($0) }?.milliseconds == expected)
    }

    @Test(
        "Anything else is no time",
        arguments: [
            "", "-", "soon", "2024-03-13", "2024-13-01 00:00:00", "2024-00-01 00:00:00", "2023-02-29 00:00:00",
            "2024-02-30 00:00:00", "2024-01-01 24:00:00", "2024-01-01 00:60:00", "2024-01-01 00:00:61",
            "2024-01-01 00:00:00.", "2024-01-01 00:00:00.x", "2024-01-01 00:00:00 Z", "2024-01-01T00:00:00+0200",
            "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+02:60", "2024-01-01_00:00:00", "2024/01/01 00:00:00",
            "24-01-01 00:00:00", "1e9", "17x", "1234567890123456789", "100000000000.5", "1.", "0x10",
            "2024-01-01T00:00:00ZZ", "2024-01-01T0a:00:00Z", "999999999999999999999",
        ])
    func refused(text: String) {
        #expect(withBytes(text) { TimeText.read($0) } == nil)
    }

    @Test("Days follow one another through four hundred years")
    func everyDay() {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var expected: Int64 = -11_676_096_000_000
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        var wrong = 0
        for year in 1600..<2000 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            for month in 1...12 {
                for day in 1...lengths[month - 1] + (isLeap && month == 2 ? 1 : 0) {
                    let text = "\(year)-\(two(month))-\(two(day)) 00:00:00"
                    if withBytes(text, { TimeText.read($0) })?.milliseconds != expected { wrong += 1 }
                    expected += 86_400_000
                }
            }
        }
        #expect(wrong == 0)
        #expect(expected == 946_684_800_000)
    }

    @Test(
        "A line of NDJSON is changed only where its own time has a form the server does not read",
        arguments: [
            ("{\"time\":\"2024-03-13 10:21:14\"}", "{\"time\":1710325274000}"),
            ("{\"time\": \"2024-03-13T10:21:14\" }", "{\"time\": 1710325274000 }"),
            ("{\"time\":1710325274,\"a\":1}", "{\"time\":1710325274000,\"a\":1}"),
            ("{\"a\":{\"time\":5},\"time\" : 1710325274}", "{\"a\":{\"time\":5},\"time\" : 1710325274000}"),
            (
                "{\"a\":\"time\",\"b\":\"\\\"time\\\":1\",\"time\":1}",
                "{\"a\":\"time\",\"b\":\"\\\"time\\\":1\",\"time\":1000}"
            ),
            ("{\"time\":\"1710325274000\"}", "{\"time\":1710325274000}"),
            ("{\"time\":1710325274000}", nil), ("{\"time\":\"2024-03-13T10:21:14Z\"}", nil),
            ("{\"time\":\"soon\"}", nil), ("{\"time\":null}", nil), ("{\"a\":1}", nil), ("", nil), ("{\"time\"", nil),
            ("{\"time\":", nil), ("{\"time\":\"x", nil), ("{\"a\\", nil), ("[{\"time\":1}]", nil), ("}}{{", nil),
        ] as [(String, String?)])
    func lines(line: String, expected: String?) {
        let changed = withBytes(line) { bytes -> String? in
            guard let replacement = EventLineTime.replacement(in: bytes) else { return nil }
            return String(decoding: bytes[..<replacement.range.lowerBound], as: UTF8.self)
                + String(replacement.milliseconds)
                + String(decoding: bytes[replacement.range.upperBound...], as: UTF8.self)
        }
        #expect(changed == expected)
    }
}
