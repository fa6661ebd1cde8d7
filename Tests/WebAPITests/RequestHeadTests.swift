import Foundation
import TestSupport
import Testing
import WebAPI

@Suite("Heads of requests")
struct RequestHeadTests {
    private static let usual =
        "POST /v1/events?site=shop HTTP/1.1\r\nHost: x\r\nUser-Agent: agent/1 \r\nContent-Length: 12\r\n"
        + "Content-Type: application/json; charset=utf-8\r\nConnection: keep-alive\r\n\r\n"

    private func scan(_ text: String) -> RequestHead.Scan { scan(Array(text.utf8)) }

    private func scan(_ bytes: [UInt8]) -> RequestHead.Scan { bytes.withUnsafeBytes { RequestHead.scan($0) } }

    @Test("A request that sends events is read, its parts where they stand")
    func usual() throws {
        guard case .head(let head) = scan(Self.usual + #"{"event":"a"}"#) else {
            Issue.record("not read")
            return
        }
        let bytes = Array(Self.usual.utf8)
        #expect(head.target == .events)
        #expect(String(decoding: bytes[head.query], as: UTF8.self) == "site=shop")
        #expect(String(decoding: bytes[head.userAgent], as: UTF8.self) == "agent/1")
        #expect(head.length == bytes.count)
        #expect(head.bodyLength == 12)
        #expect(!head.closes)
    }

    @Test("A pixel is read, and who wants the connection closed is heard")
    func pixel() throws {
        let text = "GET /v1/pixel.gif?event=a&visitor=b HTTP/1.1\r\nhost: x\r\nCONNECTION: Close\r\n\r\n"
        guard case .head(let head) = scan(text) else {
            Issue.record("not read")
            return
        }
        #expect(head.target == .pixel)
        #expect(head.bodyLength == 0)
        #expect(head.closes)
    }

    @Test("Every beginning of a head is a beginning")
    func beginnings() {
        let bytes = Array(Self.usual.utf8)
        for count in 0..<bytes.count { #expect(scan(Array(bytes[..<count])) == .incomplete, "\(count)") }
    }

    @Test(
        "E5 What is not exactly a request that sends events is left to the HTTP library",
        arguments: [
            "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n",
            "post /v1/events HTTP/1.1\r\n", "POST /v1/eventsx HTTP/1.1\r\n",
            "POST /v1/events/ HTTP/1.1\r\n", "POST  /v1/events HTTP/1.1\r\n", "POST /v1/events  HTTP/1.1\r\n",
            "POST http://x/v1/events HTTP/1.1\r\n",
            "POST /v1/events HTTP/1.0\r\n", "POST /v1/events HTTP/2.0\r\n",
            "POST /v1/events HTTP/1.1\nHost: x\n\n", "POST /v1/events\r\n\r\n", "POST /v1/events?a b HTTP/1.1\r\n",
            "POST /v1/events?a\u{0}b HTTP/1.1\r\n", "POST /v1/events?a#b HTTP/1.1\r\n", "\u{16}\u{3}\u{1}",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\r\nPOST /v1/events HTTP/1.1\r\n", "x",
        ])
    func otherLines(_ text: String) {
        #expect(scan(text) == .other)
    }

    @Test(
        "E5 A field out of the ordinary leaves the request to the HTTP library",
        arguments: [
            "", "Host: x", "Host: x\r\nContent-Length: 1\r\nContent-Length: 1",
            "Host: x\r\nHost: x\r\nContent-Length: 1", "Host:\r\nContent-Length: 1", "Content-Length: 1",
            "Host: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", "Host: x\r\nTransfer-Encoding: chunked",
            "Host: x\r\nContent-Length: -1", "Host: x\r\nContent-Length: +1", "Host: x\r\nContent-Length: 0x1",
            "Host: x\r\nContent-Length: 1 1", "Host: x\r\nContent-Length: 1,1", "Host: x\r\nContent-Length:",
            "Host: x\r\nContent-Length: 9999999999999", "Host: x\r\nContent-Length: 0",
            "Host: x\r\nContent-Length: 1\r\nExpect: 100-continue", "Host: x\r\nContent-Length: 1\r\nUpgrade: h2c",
            "Host: x\r\nContent-Length: 1\r\nContent-Encoding: gzip", "Host: x\r\nContent-Length : 1",
            "Host: x\r\n Content-Length: 1", "Host: x\r\nContent-Length: 1\r\n folded", "Host: x\r\n: 1",
            "Host: x\r\nContent-Length: 1\r\nno colon", "Host: x\r\nContent-Length: 1\r\nA: \u{0}",
            "Host: x\r\nContent-Length: 1\r\nA: b\nB: c", "Host: x\r\nContent-Length: 1\r\nA: b\rB: c",
            "Host: x\r\nContent-Length: 1\r\nConnection: upgrade", "Host: x\r\nContent-Length: 1\r\nÄ: b",
            "Host: x\r\nContent-Length: 1\r\nContent-Type: image/png",
        ])
    func otherFields(_ fields: String) {
        #expect(scan("POST /v1/events HTTP/1.1\r\n" + fields + "\r\n\r\n") == .other)
    }

    @Test("E4 A head that is longer than the front reads, or has more fields, is left to the HTTP library")
    func floods() {
        let start = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
        #expect(scan(start + "A: " + String(repeating: "a", count: RequestHead.maxBytes)) == .other)
        #expect(scan("POST /v1/events?" + String(repeating: "a", count: RequestHead.maxBytes)) == .other)
        #expect(scan(start + String(repeating: "A: b\r\n", count: RequestHead.maxFields)) == .other)
    }

    @Test("F12 Mutated heads are read within their bounds, and as their beginnings announced")
    func mutations() {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        var generator = SeededGenerator(seed: seed)
        for failure in Self.failures { check(failure, "a saved failure") }
        for round in 0..<20_000 {
            var bytes = Array(Self.usual.utf8)
            for _ in 0...generator.int(0...3) { Self.mutate(&bytes, &generator) }
            check(bytes, "WEIR_SEED=\(seed), round \(round)")
        }
    }

    /// Heads that were once read wrongly.
    private static let failures: [[UInt8]] = [
        Array("POST /v1/events HTTP/1.1\r\n\r".utf8), Array("POST /v1/events?".utf8),
        Array("GET /v1/pixel.gif HTTP/1.1\r\nHost: x\r\n\r\n".utf8), [], [0x0D], [0x0A],
    ]

    private static func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let special: [UInt8] = [0, 0x0A, 0x0D, 0x20, 0x09, 0x3A, 0x3F, 0x23, 0x7F, 0x80, 0xFF, 0x30, 0x39]
        guard !bytes.isEmpty else { return }
        let place = generator.int(0...(bytes.count - 1))
        switch generator.int(0...4) {
        case 0: bytes[place] = generator.pick(special)
        case 1: bytes.insert(generator.pick(special), at: place)
        case 2: bytes.remove(at: place)
        case 3: bytes.removeSubrange(place...)
        default: bytes.insert(contentsOf: bytes[place...].prefix(generator.int(1...40)), at: place)
        }
    }

    /// What holds for every reading: its parts lie in the bytes, and no beginning of it was called foreign.
    private func check(_ bytes: [UInt8], _ what: String) {
        guard case .head(let head) = scan(bytes) else { return }
        let text = String(decoding: bytes, as: UTF8.self).debugDescription
        #expect(head.length <= bytes.count && head.bodyLength >= 0, "\(what): \(text)")
        #expect(head.query.upperBound <= head.length && head.userAgent.upperBound <= head.length, "\(what): \(text)")
        #expect(bytes[..<head.length].suffix(4).elementsEqual("\r\n\r\n".utf8), "\(what): \(text)")
        // No line feed without its carriage return, and no carriage return without its line feed.
        for place in 0..<head.length where bytes[place] == 0x0A || bytes[place] == 0x0D {
            let isPair = bytes[place] == 0x0A ? place > 0 && bytes[place - 1] == 0x0D : bytes[place + 1] == 0x0A
            #expect(isPair, "\(what): \(text)")
        }
        for count in 0..<head.length {
            #expect(scan(Array(bytes[..<count])) == .incomplete, "\(what), \(count): \(text)")
        }
    }
}
