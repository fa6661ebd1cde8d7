import Client
import Testing

@Suite("CSV records as events")
struct CSVEncoderTests {
    /// The line a record becomes.
    private func line(_ record: String, header: [String], map: [String] = []) throws -> String {
        let encoder = CSVEncoder(targets: try ColumnMapping(map).targets(header: header))
        return withBytes(record) { bytes in
            var cells: [CSVCell] = []
            _ = CSVScanner.scan(bytes, atEnd: true, delimiter: UInt8(ascii: ","), cells: &cells)
            var output: [UInt8] = []
            encoder.append(bytes, cells: cells, to: &output)
            return String(decoding: output, as: UTF8.self)
        }
    }

    @Test("Fields go to the event, other columns to its properties")
    func fieldsAndProperties() throws {
        let header = ["user_id", "event", "timestamp", "plan"]
        let map = ["user_id=visitor", "timestamp=time"]
        #expect(
            try line("u1,signup,2024-03-13 10:21:14,pro", header: header, map: map)
                == "{\"visitor\":\"u1\",\"event\":\"signup\",\"time\":1710325274000,\"props\":{\"plan\":\"pro\"}}\n")
    }

    @Test("Empty cells are missing, and no properties are no object")
    func emptyCells() throws {
        #expect(try line("a,,", header: ["event", "user", "x"]) == "{\"event\":\"a\"}\n")
        #expect(try line(",,7", header: ["event", "user", "x"]) == "{\"props\":{\"x\":7}}\n")
        #expect(try line(",\"\",", header: ["event", "user", "x"]) == "{}\n")
    }

    @Test(
        "A property is a number only if its text comes back exactly",
        arguments: [
            ("0", true), ("7", true), ("-7", true), ("3.5", true), ("-0.25", true), ("999999999999999", true),
            ("0.0001", true), ("100", true), ("123456789012.345", true), ("true", true), ("false", true),
            ("007", false), ("1.50", false), ("1e5", false), ("-0", false), ("+1", false), ("1.", false),
            (".5", false), ("1,5", false), ("0x10", false), ("9999999999999999", false), ("0.00001", false),
            ("0.0", false), ("-", false), ("NaN", false), ("Infinity", false), ("null", false), ("True", false),
            (" 7", false), ("1234567890.1234567", false), ("1 2", false),
        ])
    func canonicalNumbers(text: String, isBare: Bool) throws {
        let shown = isBare ? text : "\"\(text)\""
        let cell = text.contains(",") ? "\"\(text)\"" : text
        #expect(try line("a,\(cell)", header: ["event", "x"]) == "{\"event\":\"a\",\"props\":{\"x\":\(shown)}}\n")
    }

    @Test("Canonical numbers survive a double, whatever their digits")
    func canonicalNumbersSurvive() {
        let seed: UInt64 = 11
        var state = seed
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        for round in 0..<20_000 {
            var text = next() % 2 == 0 ? "-" : ""
            for _ in 0...next() % 12 { text += String(next() % 10) }
            if next() % 2 == 0 {
                text += "."
                for _ in 0...next() % 8 { text += String(next() % 10) }
            }
            guard withBytes(text, { NumberText.isCanonical($0) }), let value = Double(text) else { continue }
            let whole = Int64(exactly: value)
            #expect(whole.map { String($0) } ?? String(value) == text, "seed \(seed), round \(round)")
        }
    }

    @Test("The measure is a number where it is one, else a text for the server to refuse")
    func value() throws {
        #expect(try line("a,3.10", header: ["event", "value"]) == "{\"event\":\"a\",\"value\":3.10}\n")
        #expect(try line("a, 1e5 ", header: ["event", "value"]) == "{\"event\":\"a\",\"value\":1e5}\n")
        #expect(try line("a,much", header: ["event", "value"]) == "{\"event\":\"a\",\"value\":\"much\"}\n")
        #expect(try line("a,007", header: ["event", "value"]) == "{\"event\":\"a\",\"value\":\"007\"}\n")
    }

    @Test("Ids stay texts, and an unknown time stays what it was")
    func texts() throws {
        #expect(
            try line("a,42,17,soon", header: ["event", "visitor", "id", "time"])
                == "{\"event\":\"a\",\"visitor\":\"42\",\"id\":\"17\",\"time\":\"soon\"}\n")
    }

    @Test("Everything JSON demands is escaped")
    func escaping() throws {
        #expect(
            try line("\"a\"\"b\\\n\u{1}\u{7f}é\",\"\t\r\"", header: ["event", "x\"y"])
                == "{\"event\":\"a\\\"b\\\\\\n\\u0001\u{7f}é\",\"props\":{\"x\\\"y\":\"\\t\\r\"}}\n")
    }
}
