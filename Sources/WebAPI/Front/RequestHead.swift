/// The head of a request that the front answers itself: `POST /v1/events` with a body of known length, or a pixel.
///
/// The reader is strict: whatever is not exactly as RFC 9112 has it, or asks for anything out of the ordinary, is
/// ``Scan/other``, and it is for the HTTP library behind the front to answer or to refuse it.
package struct RequestHead: Equatable, Sendable {
    /// What the request is for.
    package enum Target: Equatable, Sendable {
        case events
        case pixel
    }

    /// What the bytes so far are.
    package enum Scan: Equatable, Sendable {
        /// The beginning of a head.
        case incomplete
        /// Not a request for the front, or not one that it would answer.
        case other
        case head(RequestHead)
    }

    package var target: Target
    /// Where the part behind the `?` stands, in bytes from the request's first.
    package var query: Range<Int>
    /// Where the value of `User-Agent` stands; empty if there is none.
    package var userAgent: Range<Int>
    /// Where the value of `Accept-Language` stands; empty if there is none.
    package var acceptLanguage: Range<Int>
    /// Bytes of the head, the blank line included.
    package var length: Int
    /// Bytes of the body.
    package var bodyLength: Int
    /// Whether the client wants the connection closed after the answer.
    package var closes: Bool

    /// Bytes of a request line, and of a whole head, that the front reads. Longer ones are left to the library.
    package static let maxBytes = 8 * 1024
    /// Header fields that the front reads.
    package static let maxFields = 64

    /// Reads a head from the beginning of `bytes`.
    ///
    /// - Complexity: O(bytes of the head). Allocates nothing.
    package static func scan(_ bytes: UnsafeRawBufferPointer) -> Scan {
        var reader = HeadReader(bytes)
        return reader.read()
    }
}

/// Walks a head once, line by line.
private struct HeadReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var head: RequestHead
    private var hasHost = false
    private var hasLength = false
    private var hasUserAgent = false
    private var hasAcceptLanguage = false

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = UnsafeRawBufferPointer(rebasing: bytes[..<min(bytes.count, RequestHead.maxBytes)])
        head = RequestHead(
            target: .events, query: 0..<0, userAgent: 0..<0, acceptLanguage: 0..<0, length: 0, bodyLength: 0,
            closes: false)
    }

    mutating func read() -> RequestHead.Scan {
        switch requestLine() {
        case .ended, .more: break
        case .wanting: return bytes.count < RequestHead.maxBytes ? .incomplete : .other
        case .refused: return .other
        }
        for _ in 0...RequestHead.maxFields {
            switch field() {
            case .ended:
                guard hasHost, head.target == .pixel ? head.bodyLength == 0 : hasLength && head.bodyLength > 0 else {
                    return .other
                }
                head.length = position
                return .head(head)
            case .wanting: return bytes.count < RequestHead.maxBytes ? .incomplete : .other
            case .refused: return .other
            case .more: continue
            }
        }
        return .other
    }

    private enum Step {
        /// The part is read.
        case ended
        /// There is another field behind it.
        case more
        /// Bytes are missing.
        case wanting
        /// It is not for the front.
        case refused
    }

    // MARK: The request line

    private static let targets: [(text: StaticString, target: RequestHead.Target)] = [
        ("POST /v1/events", .events), ("GET /v1/pixel.gif", .pixel),
    ]

    private mutating func requestLine() -> Step {
        for (text, target) in HeadReader.targets {
            let known = min(text.utf8CodeUnitCount, bytes.count)
            guard matches(text, at: 0, count: known) else { continue }
            guard known == text.utf8CodeUnitCount else { return .wanting }
            head.target = target
            position = known
            return restOfRequestLine()
        }
        return .refused
    }

    /// The query and the version.
    private mutating func restOfRequestLine() -> Step {
        guard position < bytes.count else { return .wanting }
        head.query = position..<position
        if bytes[position] == UInt8(ascii: "?") {
            let start = position + 1
            position = start
            // What may stand in a target; a fragment may not.
            while position < bytes.count, bytes[position] > 0x20, bytes[position] < 0x7F,
                bytes[position] != UInt8(ascii: "#")
            {
                position += 1
            }
            head.query = start..<position
        }
        let version: StaticString = " HTTP/1.1\r\n"
        let known = min(version.utf8CodeUnitCount, bytes.count - position)
        guard matches(version, at: position, count: known) else { return .refused }
        guard known == version.utf8CodeUnitCount else { return .wanting }
        position += known
        return .ended
    }

    private func matches(_ text: StaticString, at start: Int, count: Int) -> Bool {
        for index in 0..<count where bytes[start + index] != text.utf8Start[index] { return false }
        return true
    }

    // MARK: Fields

    private mutating func field() -> Step {
        let start = position
        guard start < bytes.count else { return .wanting }
        if bytes[start] == 0x0D {
            guard start + 1 < bytes.count else { return .wanting }
            guard bytes[start + 1] == 0x0A else { return .refused }
            position = start + 2
            return .ended
        }
        var index = start
        while index < bytes.count, isToken(bytes[index]) { index &+= 1 }
        guard index < bytes.count else { return .wanting }
        // A name is a token and ends with its colon. A line that begins with a blank, which once continued the one
        // before, has no name.
        guard index > start, bytes[index] == UInt8(ascii: ":") else { return .refused }
        let name = start..<index
        index &+= 1
        while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index &+= 1 }
        let value = index
        while index < bytes.count, bytes[index] >= 0x20 || bytes[index] == 0x09, bytes[index] != 0x7F { index &+= 1 }
        guard index < bytes.count else { return .wanting }
        guard bytes[index] == 0x0D else { return .refused }
        guard index + 1 < bytes.count else { return .wanting }
        guard bytes[index + 1] == 0x0A else { return .refused }
        position = index + 2
        while index > value, bytes[index &- 1] == 0x20 || bytes[index &- 1] == 0x09 { index &-= 1 }
        return take(name, value..<index) ? .more : .refused
    }

    /// Notes a field that matters.
    ///
    /// - Returns: `false` for one with which the front has nothing to do.
    private mutating func take(_ name: Range<Int>, _ value: Range<Int>) -> Bool {
        switch name.count {
        case 4 where isNamed("host", name):
            guard !hasHost, !value.isEmpty else { return false }
            hasHost = true
        case 6 where isNamed("expect", name), 7 where isNamed("upgrade", name), 7 where isNamed("trailer", name),
            15 where isNamed("idempotency-key", name), 17 where isNamed("transfer-encoding", name):
            return false
        case 10 where isNamed("user-agent", name):
            guard !hasUserAgent else { return false }
            hasUserAgent = true
            head.userAgent = value
        case 15 where isNamed("accept-language", name):
            guard !hasAcceptLanguage else { return false }
            hasAcceptLanguage = true
            head.acceptLanguage = value
        case 10 where isNamed("connection", name):
            if isNamed("close", value) { head.closes = true } else { return isNamed("keep-alive", value) }
        case 12 where isNamed("content-type", name): return isKnownType(value)
        case 14 where isNamed("content-length", name): return takeLength(value)
        case 16 where isNamed("content-encoding", name): return isNamed("identity", value)
        default: break
        }
        return true
    }

    private mutating func takeLength(_ value: Range<Int>) -> Bool {
        // Twelve digits cannot overflow; what is too long a body is told by the library.
        guard !hasLength, (1...12).contains(value.count) else { return false }
        var length = 0
        for index in value {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return false }
            length = length * 10 + Int(digit)
        }
        hasLength = true
        head.bodyLength = length
        return true
    }

    /// The types that events mostly come as. Others may be fine too; that is not for the front to tell.
    private func isKnownType(_ value: Range<Int>) -> Bool {
        let end = value.first { bytes[$0] == UInt8(ascii: ";") } ?? value.upperBound
        let type = value.lowerBound..<end
        return isNamed("application/json", type) || isNamed("text/plain", type) || isNamed("application/x-ndjson", type)
    }

    /// Whether the bytes are this text, whose letters are small, in whatever case.
    private func isNamed(_ text: StaticString, _ range: Range<Int>) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        for index in 0..<range.count {
            let byte = bytes[range.lowerBound &+ index]
            let small = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            guard small == text.utf8Start[index] else { return false }
        }
        return true
    }

    /// The characters of RFC 9110's `token`.
    @inline(__always)
    private func isToken(_ byte: UInt8) -> Bool {
        let set = byte < 64 ? HeadReader.tokens.0 : HeadReader.tokens.1
        return byte < 128 && set & (1 &<< UInt64(byte & 63)) != 0
    }

    private static let tokens: (UInt64, UInt64) = {
        var sets: (UInt64, UInt64) = (0, 0)
        for byte in "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8 {
            if byte < 64 { sets.0 |= 1 << UInt64(byte) } else { sets.1 |= 1 << UInt64(byte - 64) }
        }
        return sets
    }()
}
