import Compression
import Foundation
import NIOCore
import Testing
import WebAPI

@Suite("Pieces of requests")
struct RequestPiecesTests {
    @Test("Parameters are decoded as forms are")
    func parameters() {
        let query = QueryString("site=a%20b&by=path&by=url&empty=&flag&q=a+b%2Bc&bad=%zz%4&=x&&u=%C3%BC%ff")
        #expect(query["site"] == "a b")
        #expect(query["by"] == "url")
        #expect(query["empty"] == "")
        #expect(query["flag"] == "")
        #expect(query["q"] == "a b+c")
        #expect(query["bad"] == "%zz%4")
        #expect(query["u"] == "ü\u{FFFD}")
        #expect(query["absent"] == nil)
        #expect(query.parameters.count == 8)
    }

    @Test(
        "A content encoding is known in any case, and several in a row are not",
        arguments: [
            ([], .identity), ([""], .identity), (["identity"], .identity), (["GZIP"], .gzip), (["x-gzip"], .gzip),
            (["identity, gzip"], .gzip), (["deflate"], .deflate), ([" zstd "], .zstd), (["br"], nil),
            (["gzip, gzip"], nil), (["gzip", "zstd"], nil),
        ] as [([String], ContentEncoding?)])
    func encoding(values: [String], expected: ContentEncoding?) throws {
        guard let expected else {
            let problem = try #require(throws: Problem.self) { try RequestBodyReader.encoding(values) }
            #expect(problem.status == 415)
            #expect(problem.code == "unsupported_encoding")
            return
        }
        #expect(try RequestBodyReader.encoding(values) == expected)
    }

    @Test(
        "Events may come as JSON, text or bytes, and as nothing else",
        arguments: [
            (nil, true), ("", true), ("application/json", true), ("Application/JSON; charset=utf-8", true),
            ("application/x-ndjson", true), ("application/ld+json", true), ("text/plain;charset=UTF-8", true),
            ("application/octet-stream", true), ("multipart/form-data; boundary=json", false), ("image/png", false),
            ("application/x-www-form-urlencoded", true), ("application/xml", false),
        ] as [(String?, Bool)])
    func mediaType(value: String?, isTaken: Bool) throws {
        if isTaken {
            try RequestBodyReader.checkMediaType(value)
        } else {
            let problem = try #require(throws: Problem.self) { try RequestBodyReader.checkMediaType(value) }
            #expect(problem.code == "unsupported_media_type")
        }
    }

    @Test("A body of several chunks is joined and padded with zeros")
    func padding() {
        let body = RequestBodyReader.pad([ByteBuffer(string: "ab"), ByteBuffer(), ByteBuffer(string: "cde")])
        #expect(body.count == 5)
        #expect(Array(body.bytes[0..<5]) == Array("abcde".utf8))
        #expect(body.bytes[5...].count == 64)
        #expect(body.bytes[5...].allSatisfy { $0 == 0 })
    }

    @Test("A compressed body in several chunks is inflated and padded")
    func inflates() throws {
        let text = Array(String(repeating: #"{"event":"a"}"# + "\n", count: 1000).utf8)
        let compressed = try text.withUnsafeBytes { try Zstd.compress($0, level: 3) }
        let chunks = compressed.map { ByteBuffer(bytes: [$0]) }
        let body = try RequestBodyReader.inflate(chunks, .zstd)
        #expect(body.count == text.count)
        #expect(Array(body.bytes[0..<body.count]) == text)
        #expect(body.bytes.count == text.count + 64)
    }

    @Test("E7 A body that is not what its encoding says is 400, one that grows too large is 413 and names the limit")
    func inflateErrors() throws {
        let broken = try #require(throws: Problem.self) {
            try RequestBodyReader.inflate([ByteBuffer(string: "{}")], .gzip)
        }
        #expect(broken.status == 400)
        #expect(broken.code == "invalid_encoding")

        let zeros = [UInt8](repeating: 0x20, count: WebLimits.inflatedBodyBytes + 1)
        let bomb = try zeros.withUnsafeBytes { try Zstd.compress($0, level: 1) }
        let tooLarge = try #require(throws: Problem.self) {
            try RequestBodyReader.inflate([ByteBuffer(bytes: bomb)], .zstd)
        }
        #expect(tooLarge.status == 413)
        #expect(tooLarge.code == "body_too_large")
        #expect(tooLarge.detail.contains("\(WebLimits.inflatedBodyBytes)"))
    }

    @Test(
        "A JSON number is told from what only looks like one",
        arguments: [
            ("0", true), ("-1.5", true), ("1e9", true), ("1E-7", true), ("10.25e+2", true), ("", false), ("-", false),
            ("01", false), ("1.", false), (".5", false), ("+1", false), ("1e", false), ("0x10", false), ("NaN", false),
            ("1 ", false), ("١", false),
        ])
    func numbers(text: String, expected: Bool) {
        #expect(JSONGrammar.isNumber(text) == expected)
    }
}
