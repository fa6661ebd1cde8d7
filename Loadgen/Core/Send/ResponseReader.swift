#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A whole answer of an HTTP server.
package struct HTTPAnswer {
    /// Its status.
    package var status = 0
    /// The seconds of `Retry-After`, where that is a number.
    package var retryAfter: Int?
    /// Whether the connection can be used again.
    package var keepsAlive = true
    /// Its body, as much of it as is wanted.
    package var body: [UInt8] = []
}

/// Reads answers of HTTP/1.1, one at a time, from bytes as they come (RFC 9112).
///
/// Logic without a socket: whoever owns one hands the bytes in and asks whether the answer is there.
package struct ResponseReader {
    /// Why what came is no answer.
    package struct Malformed: Error, Equatable {}

    private enum Framing {
        case length(Int)
        case chunked
        case untilClose
    }

    /// The longest head that is read.
    private static let headLimit = 64 * 1024

    private let bodyLimit: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var answer = HTTPAnswer()
    private var framing: Framing?
    /// Bytes of the body, or of its chunk, still to come.
    private var remaining = 0
    private var isLastChunk = false

    /// Creates a reader.
    ///
    /// - Parameter bodyLimit: How many bytes of a body are kept; the rest is read and forgotten.
    package init(bodyLimit: Int) {
        self.bodyLimit = bodyLimit
    }

    /// Takes what came.
    ///
    /// - Returns: The answer, once it is complete; bytes behind it stay for the next one.
    package mutating func take(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> HTTPAnswer? {
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            start = 0
        }
        buffer.append(contentsOf: bytes)
        return try next()
    }

    /// A reader with the same limit at the start of a connection.
    func fresh() -> ResponseReader { ResponseReader(bodyLimit: bodyLimit) }

    /// The server has closed the connection: an answer that ends with that is complete.
    package mutating func end() -> HTTPAnswer? {
        guard case .untilClose? = framing else { return nil }
        return finish()
    }

    /// Whether an answer has begun.
    package var isWithin: Bool { framing != nil || start < buffer.count }

    private mutating func next() throws(Malformed) -> HTTPAnswer? {
        while true {
            guard let framing else {
                guard try readHead() else { return nil }
                continue
            }
            switch framing {
            case .length:
                takeBody()
                return remaining == 0 ? finish() : nil
            case .chunked:
                guard try readChunks() else { return nil }
                return finish()
            case .untilClose:
                remaining = .max
                takeBody()
                return nil
            }
        }
    }

    private mutating func finish() -> HTTPAnswer {
        framing = nil
        isLastChunk = false
        defer { answer = HTTPAnswer() }
        return answer
    }

    private mutating func takeBody() {
        let count = min(remaining, buffer.count - start)
        let kept = min(count, bodyLimit - answer.body.count)
        if kept > 0 { answer.body.append(contentsOf: buffer[start..<start + kept]) }
        start += count
        remaining -= count
    }

    /// Reads chunks as far as they are there.
    ///
    /// - Returns: Whether the last one and the empty line behind it have been read.
    private mutating func readChunks() throws(Malformed) -> Bool {
        while true {
            if remaining > 2 {
                // The line's end belongs to the chunk and is left out of the body.
                remaining -= 2
                takeBody()
                remaining += 2
                if remaining > 2 { return false }
            }
            if remaining > 0 {
                let count = min(remaining, buffer.count - start)
                start += count
                remaining -= count
                if remaining > 0 { return false }
            }
            guard let end = lineEnd(from: start) else {
                guard buffer.count - start < Self.headLimit else { throw Malformed() }
                return false
            }
            let line = buffer[start..<end]
            start = end + 2
            if isLastChunk {
                // Trailers, up to an empty line.
                if line.isEmpty { return true }
                continue
            }
            let digits = line.prefix { $0 != UInt8(ascii: ";") }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0, size < 1 << 40 else {
                throw Malformed()
            }
            isLastChunk = size == 0
            remaining = size == 0 ? 0 : size + 2
        }
    }

    private func lineEnd(from start: Int) -> Int? {
        var index = start
        while index + 1 < buffer.count {
            if buffer[index] == 13, buffer[index + 1] == 10 { return index }
            index += 1
        }
        return nil
    }

    /// Reads the head, if it is all there.
    private mutating func readHead() throws(Malformed) -> Bool {
        var end = start
        var found: Int?
        buffer.withUnsafeBytes { bytes in
            while end + 3 < bytes.count {
                if bytes[end] == 13, bytes[end + 1] == 10, bytes[end + 2] == 13, bytes[end + 3] == 10 {
                    found = end + 2
                    return
                }
                end += 1
            }
        }
        guard let found else {
            guard buffer.count - start < Self.headLimit else { throw Malformed() }
            return false
        }
        let head = HTTPHead(buffer, from: start, to: found)
        guard let status = head.status else { throw Malformed() }
        start = found + 2
        // 1xx answers only announce the real one.
        guard status >= 200 else { return true }
        answer.status = status
        answer.keepsAlive = head.keepsAlive
        answer.retryAfter = head.retryAfter
        if status == 204 || status == 304 {
            framing = .length(0)
            remaining = 0
        } else if head.isChunked {
            framing = .chunked
            remaining = 0
        } else if let length = head.contentLength {
            framing = .length(length)
            remaining = length
        } else {
            framing = .untilClose
            answer.keepsAlive = false
        }
        return true
    }
}
