import Client
import Testing

@Suite("JSON values")
struct JSONNodeTests {
    private func parse(_ text: String) -> JSONNode? {
        try? JSONNode(parsing: Array(text.utf8))
    }

    @Test("What is read is written as it was, in its order and with its numbers")
    func roundTrip() {
        let text = "{\"b\":[1,2.50,-3e7,true,false,null],\"a\":{\"x\":\"y\"},\"\":[],\"é\":{}}"
        #expect(parse(text).map { String(decoding: $0.encoded, as: UTF8.self) } == text)
        #expect(parse(" [ 1 , { \"a\" : 2 } ] ") == .array([.number("1"), .object([JSONMember("a", .number("2"))])]))
    }

    @Test("Escapes are read, pairs of surrogates too")
    func escapes() {
        #expect(parse("\"\\u00e9\\ud83d\\ude00\\n\\/\\\"\\\\\\b\\f\\r\\t\"") == .string("é😀\n/\"\\\u{8}\u{c}\r\t"))
    }

    @Test(
        "What is no JSON is an error",
        arguments: [
            "", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", "+1", "tru", "nul", "\"", "\"\\x\"", "\"\\u12g4\"",
            "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "1 2", "\"\n\"", "[1 2]", "{\"a\" 1}", "-", "--1", "]",
        ])
    func errors(text: String) {
        #expect(parse(text) == nil)
    }

    @Test("Depth is bounded and bytes that are not UTF-8 are refused")
    func bounds() {
        #expect(parse(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) != nil)
        #expect(parse(String(repeating: "[", count: 65) + String(repeating: "]", count: 65)) == nil)
        #expect(parse(String(repeating: "[", count: 100_000)) == nil)
        #expect((try? JSONNode(parsing: [0x22, 0xff, 0x22])) == nil)
    }

    @Test("Random bytes never trap")
    func random() {
        let seed: UInt64 = 12
        var state = seed
        let alphabet = Array("{}[]\",:\\u0dtrfalsen1-.e ".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<Int(state >> 58)).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return alphabet[Int(state >> 33) % alphabet.count]
            }
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            if let node = try? JSONNode(parsing: bytes) {
                #expect((try? JSONNode(parsing: node.encoded)) == node, "seed \(seed)")
            }
        }
    }
}
