import Foundation
import Queries
import TestSupport
import Testing

@Suite("JSON of queries and answers")
struct RequestJSONTests {
    private func parse(_ text: String) throws -> JSONValue {
        try JSONParser.parse(Array(text.utf8))
    }

    private func error(_ bytes: [UInt8], maxBytes: Int = JSONParser.defaultMaxBytes) -> Queries.JSONError? {
        do {
            _ = try JSONParser.parse(bytes, maxBytes: maxBytes)
            return nil
        } catch { return error }
    }

    @Test(
        "Valid documents read as their values",
        arguments: [
            ("null", JSONValue.null), (" true ", .bool(true)), ("\n[false]\t", .array([.bool(false)])),
            ("0", .integer(0)), ("-0", .integer(0)), ("-12", .integer(-12)), ("3.0", .number(3)),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .unsigned(1 << 63)), ("18446744073709551615", .unsigned(.max)),
            ("18446744073709551616", .number(18_446_744_073_709_551_616)), ("1e2", .number(100)),
            ("-1.5E-3", .number(-0.0015)), ("1e-400", .number(0)), ("{}", .object([])), ("[]", .array([])),
            ("\"\\u00e9\\ud83d\\ude00\\n\\/\\\"\\\\\"", .string("é😀\n/\"\\")), ("\"\\u0000\"", .string("\0")),
            ("{\"b\":1,\"a\":[{}]}", .object([("b", .integer(1)), ("a", .array([.object([])]))])),
        ])
    func valid(text: String, value: JSONValue) throws {
        #expect(try parse(text) == value)
    }

    @Test(
        "Anything else is refused where it goes wrong",
        arguments: [
            ("", 0), ("   ", 3), ("{", 1), ("[1,]", 3), ("[1 2]", 3), ("{\"a\":1,}", 7), ("{\"a\" 1}", 5), ("{a:1}", 1),
            ("01", 1), ("1.", 2), (".5", 0), ("+1", 0), ("1e", 2), ("--1", 1), ("nul", 0), ("NaN", 0), ("1 2", 2),
            ("\"a", 2), ("\"\\x\"", 2), ("\"\\u12\"", 5), ("\"\\ud800\"", 1), ("\"\\ud800\\u0041\"", 1),
            ("\"\\udc00\"", 1), ("\"\u{1}\"", 1), ("// x\n1", 0), ("1e400", 0), ("{\"a\":1,\"a\":2}", 7),
            ("{\"a\":1,\"\\u0061\":2}", 7), ("\u{FEFF}1", 0),
        ])
    func invalid(text: String, position: Int) {
        #expect(error(Array(text.utf8))?.position == position, "\(text)")
    }

    @Test("Names are told apart by their bytes")
    func namesAreBytes() throws {
        #expect(try parse("{\"\u{E9}\":1,\"e\u{301}\":2}").encoded().count == 16)
    }

    @Test("Bytes that are not UTF-8 are refused with their place")
    func utf8() {
        #expect(error([0x22, 0x61, 0xFF, 0x22])?.position == 2)
        #expect(error([0x22, 0xC0, 0xAF, 0x22])?.position == 1)
        #expect(error([0x22, 0xED, 0xA0, 0x80, 0x22])?.position == 1)
    }

    @Test("Nesting and size are limited")
    func limits() {
        let fits = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        #expect(error(Array(fits.utf8)) == nil)
        #expect(error(Array("[\(fits)]".utf8))?.position == 32)
        #expect(error([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000))?.position == 32)
        #expect(error(Array("[1,2]".utf8), maxBytes: 4) != nil)
    }

    @Test("What is written reads back the same, in the same order")
    func roundTrip() throws {
        let value = JSONValue.object([
            ("z", .array([.null, .bool(true), .integer(.min), .unsigned(.max), .number(0.1)])),
            ("a", .string("\u{0}\u{1F}\u{8}\t\n\u{C}\r\"\\/é😀")), ("", .object([("é", .array([]))])),
        ])
        let text = String(decoding: value.encoded(), as: UTF8.self)
        #expect(
            text == #"{"z":[null,true,-9223372036854775808,18446744073709551615,0.1],"#
                + #""a":"\u0000\u001f\b\t\n\f\r\"\\/é😀","":{"é":[]}}"#)
        #expect(try parse(text) == value)
    }

    @Test("Bytes that are not UTF-8 do not spoil an answer")
    func repairsStrings() {
        var writer = JSONWriter()
        [UInt8]([0x61, 0xFF, 0x62]).withUnsafeBytes { writer.string(utf8: $0) }
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "\"a\u{FFFD}b\"")
    }

    @Test(
        "Numbers have one text, the one that JavaScript prints",
        arguments: [
            (3.0, "3"), (-0.0, "0"), (0.1, "0.1"), (-2.5, "-2.5"), (1e21, "1e+21"), (1e20, "100000000000000000000"),
            (1.5e300, "1.5e+300"), (1e-6, "0.000001"), (1e-7, "1e-7"), (1.25e-7, "1.25e-7"),
            (123_456.789, "123456.789"),
            (9_007_199_254_740_992, "9007199254740992"), (1_152_921_504_606_846_976, "1152921504606847000"),
            (.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"), (.nan, "null"),
            (.infinity, "null"),
        ])
    func numberText(number: Double, text: String) {
        #expect(NumberText.canonical(number) == text)
        if number.isFinite { #expect(Double(text) == number) }
    }

    @Test(
        "Text reads as a number only when all of it is one",
        arguments: [
            ("0", 0), ("-12", -12), ("+3", 3), ("007", 7), ("2.50", 2.5), (".5", 0.5), ("5.", 5), ("1e3", 1000),
            ("1E-2", 0.01), ("12345678901234567890", 12_345_678_901_234_567_168), ("", nil), ("-", nil), (".", nil),
            ("e1", nil), ("1e", nil), (" 1", nil), ("1 ", nil), ("1,5", nil), ("0x10", nil), ("inf", nil), ("nan", nil),
            ("1e999", nil), ("1_000", nil), ("١", nil),
        ] as [(String, Double?)])
    func parsesNumbers(text: String, number: Double?) {
        #expect(NumberText.parse(text) == number)
    }

    @Test("Any double's text reads back as exactly that double")
    func randomNumbers() {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let number = Double(bitPattern: generator.next())
            guard number.isFinite else { continue }
            let text = NumberText.canonical(number)
            #expect(NumberText.parse(text) == number)
            #expect((try? parse(text))?.doubleValue == number)
        }
    }
}
