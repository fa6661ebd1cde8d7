import LoadgenCore
import Testing

@Suite("Answers of HTTP/1.1")
struct ResponseReaderTests {
    /// Feeds the text in pieces of a size.
    private func answers(_ text: String, pieces: Int, limit: Int = 1000) throws -> [HTTPAnswer] {
        var reader = ResponseReader(bodyLimit: limit)
        var answers: [HTTPAnswer] = []
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = min(start + pieces, bytes.count)
            let answer = try bytes[start..<end].withUnsafeBytes { try reader.take($0) }
            if let answer { answers.append(answer) }
            start = end
        }
        if let answer = reader.end() { answers.append(answer) }
        return answers
    }

    @Test("An answer is the same in whatever pieces it comes", arguments: [1, 2, 3, 5, 17, 1000])
    func pieces(size: Int) throws {
        let plain = try answers(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello", pieces: size)
        #expect(plain.map(\.status) == [200])
        #expect(plain.first?.body == Array("hello".utf8))
        #expect(plain.first?.keepsAlive == true)
        let chunked = try answers(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nT: v\r\n\r\n",
            pieces: size)
        #expect(chunked.map { String(decoding: $0.body, as: UTF8.self) } == ["hello, world"])
        let empty = try answers("HTTP/1.1 204 No Content\r\nServer: nginx\r\n\r\n", pieces: size)
        #expect(empty.map(\.status) == [204])
        let refused = try answers(
            "HTTP/1.1 429 Too Many\r\nRETRY-AFTER:  7 \r\nconnection: close\r\ncontent-length: 0\r\n\r\n", pieces: size)
        #expect(refused.map(\.retryAfter) == [7])
        #expect(refused.map(\.keepsAlive) == [false])
        let untilClose = try answers("HTTP/1.0 200 OK\r\n\r\nall of it", pieces: size)
        #expect(untilClose.map { String(decoding: $0.body, as: UTF8.self) } == ["all of it"])
    }

    @Test("No more of a body is kept than is wanted")
    func limit() throws {
        let answers = try answers("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n12345678", pieces: 3, limit: 4)
        #expect(answers.map { $0.body.count } == [4])
    }

    @Test("What is no answer is an error", arguments: ["SSH-2.0-x\r\n\r\n", "HTTP/1.1 abc no\r\n\r\n", "\r\n\r\n\r\n"])
    func malformed(text: String) {
        #expect(throws: ResponseReader.Malformed.self) { try answers(text, pieces: 100) }
    }

    @Test("A chunk whose length is no number is an error")
    func badChunk() {
        #expect(throws: ResponseReader.Malformed.self) {
            try answers("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", pieces: 100)
        }
    }
}
