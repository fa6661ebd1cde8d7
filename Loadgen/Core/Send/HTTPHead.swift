/// What matters in the head of an answer, read from its bytes without making text of them.
struct HTTPHead {
    /// The status of the first line; nil where it is none.
    private(set) var status: Int?
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var keepsAlive = true
    private(set) var retryAfter: Int?

    /// Reads lines that end in CRLF.
    init(_ bytes: [UInt8], from start: Int, to end: Int) {
        bytes.withUnsafeBytes { bytes in
            var line = start
            while line < end {
                var next = line
                while bytes[next] != 13 { next += 1 }
                let content = UnsafeRawBufferPointer(rebasing: bytes[line..<next])
                if line == start { readStatus(content) } else { readField(content) }
                line = next + 2
            }
        }
    }

    private mutating func readStatus(_ line: UnsafeRawBufferPointer) {
        // HTTP/1.1 200 OK
        guard line.count >= 12, line[0] == UInt8(ascii: "H"), line[8] == 32 else { return }
        status = Self.number(UnsafeRawBufferPointer(rebasing: line[9..<12]))
        if line[7] == UInt8(ascii: "0") { keepsAlive = false }
    }

    private mutating func readField(_ line: UnsafeRawBufferPointer) {
        switch line.first.map({ $0 | 32 }) {
        case UInt8(ascii: "c"):
            if let value = Self.value(of: "content-length", in: line) {
                contentLength = Self.number(value)
            } else if let value = Self.value(of: "connection", in: line) {
                if Self.equals(value, "close") { keepsAlive = false }
                if Self.equals(value, "keep-alive") { keepsAlive = true }
            }
        case UInt8(ascii: "t"):
            if let value = Self.value(of: "transfer-encoding", in: line), Self.equals(value, "chunked") {
                isChunked = true
            }
        case UInt8(ascii: "r"):
            if let value = Self.value(of: "retry-after", in: line) { retryAfter = Self.number(value) }
        default: break
        }
    }

    private static func value(of name: StaticString, in line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let length = name.utf8CodeUnitCount
        guard line.count > length, line[length] == UInt8(ascii: ":"),
            equals(UnsafeRawBufferPointer(rebasing: line[..<length]), name)
        else { return nil }
        var from = length + 1
        var to = line.count
        while from < to, line[from] == 32 || line[from] == 9 { from += 1 }
        while to > from, line[to - 1] == 32 || line[to - 1] == 9 { to -= 1 }
        return UnsafeRawBufferPointer(rebasing: line[from..<to])
    }

    private static func equals(_ bytes: UnsafeRawBufferPointer, _ lowercase: StaticString) -> Bool {
        guard bytes.count == lowercase.utf8CodeUnitCount else { return false }
        for index in 0..<bytes.count where bytes[index] | 32 != lowercase.utf8Start[index] | 32 { return false }
        return true
    }

    private static func number(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard (1...18).contains(bytes.count) else { return nil }
        var number = 0
        for byte in bytes {
            guard (48...57).contains(byte) else { return nil }
            number = number * 10 + Int(byte - 48)
        }
        return number
    }
}
