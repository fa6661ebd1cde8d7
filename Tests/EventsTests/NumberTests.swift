import Events
import Testing

@Suite("Numbers")
struct NumberTests {
    let harness = Harness()

    @Test(
        "A number has one text, that of JavaScript, however it was written",
        arguments: [
            ("3", "3"), ("3.0", "3"), ("30e-1", "3"), ("-0", "0"), ("-0.0", "0"), ("0.1", "0.1"), ("1e21", "1e+21"),
            ("1e20", "100000000000000000000"), ("1.5e300", "1.5e+300"), ("1e-6", "0.000001"), ("1e-7", "1e-7"),
            ("-1.25e-9", "-1.25e-9"), ("123456.789", "123456.789"), ("0.1e1", "1"), ("1E2", "100"),
            ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"), ("1e-400", "0"),
            ("9223372036854775807", "9223372036854775807"), ("-9223372036854775808", "-9223372036854775808"),
            ("18446744073709551615", "18446744073709551615"), ("9007199254740993", "9007199254740993"),
            ("9007199254740993.0", "9007199254740992"), ("123456789012345680000.0", "123456789012345680000"),
            ("0.30000000000000004", "0.30000000000000004"), ("100.50", "100.5"),
        ])
    func canonicalText(written: String, text: String) throws {
        let row = try harness.row("{\"event\":\"e\",\"visitor\":\"v\",\"props\":{\"n\":\(written)}}")
        #expect(row["props.n"] == "#\(text)")
    }

    @Test(
        "Numbers that cannot be held cost their event",
        arguments: [
            "1e400", "-1e400", "18446744073709551616", "-9223372036854775809", String(repeating: "9", count: 40),
        ])
    func tooLarge(number: String) throws {
        let decoded = try harness.decode("\(smallest)\n{\"event\":\"e\",\"props\":{\"n\":\(number)}}\n\(smallest)")
        #expect(decoded.rejections.map(\.code) == [.invalidNumber])
        #expect(try harness.code("\"value\":\(number)") == .invalidNumber)
    }

    @Test(
        "What is no number in JSON is no JSON",
        arguments: [
            "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "NaN", "Infinity", "-Infinity", "1_000", "1,5", "--1",
        ])
    func noNumber(number: String) throws {
        let decoded = try harness.decode("\(smallest)\n{\"event\":\"e\",\"value\":\(number)}\n\(smallest)")
        #expect(decoded.rejections.map(\.code) == [.invalidJSON])
        #expect(decoded.accepted == 2)
    }
}
