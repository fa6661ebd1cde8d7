/// A URL taken apart as far as dimensions are derived from it: parts of the bytes it was read from, nothing copied.
///
/// Lenient where trackers are (any scheme, raw Unicode in the path) and strict where a wrong answer would be worse than
/// none: what has no clear host or path gives none.
struct PageURL {
    /// Host without port, as written; brackets around IPv6 belong to it.
    private(set) var host: UnsafeRawBufferPointer?
    /// Whether ``host`` is the dimension as it stands: nothing to lower, no port to add.
    private(set) var hostIsPlain = false
    /// Port, unless it is absent or the scheme's own.
    private(set) var port: Int?
    /// Path without query and fragment; empty where the URL has an authority only.
    private(set) var path: UnsafeRawBufferPointer?
    /// Query without its question mark, unless absent.
    private(set) var query: UnsafeRawBufferPointer?

    /// Reads `scheme://authority/path?query#fragment`, `//authority…`, `/path…` or `?query…`; anything else has no
    /// parts.
    ///
    /// - Complexity: O(bytes). Allocates nothing.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) {
        if !readPlain(bytes) { readAny(bytes) }
    }

    /// Reads the URL that nearly all are, `http` or `https` with a plain host, in one pass; false for any other.
    @inline(__always)
    private mutating func readPlain(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count > 8, let base = bytes.baseAddress else { return false }
        let word = UInt64(littleEndian: base.loadUnaligned(as: UInt64.self))
        let start: Int
        if word == 0x2F2F_3A73_7074_7468 {
            start = 8
        } else if word & 0x00FF_FFFF_FFFF_FFFF == 0x2F_2F3A_7074_7468 {
            start = 7
        } else {
            return false
        }
        var end = start
        while end < bytes.count, PageURL.isPlainHostByte(bytes[end]) { end &+= 1 }
        guard end > start, end == bytes.count || PageURL.endsAuthority(bytes[end]) else { return false }
        host = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        hostIsPlain = true
        readPath(bytes, from: end)
        return true
    }

    @inline(never)
    private mutating func readAny(_ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first else { return }
        var position = 0
        var defaultPort = -1
        var needsHost = true
        switch first {
        case UInt8(ascii: "/"):
            if bytes.count > 1, bytes[1] == UInt8(ascii: "/") {
                position = 2
                // Without a scheme either default port says nothing.
                defaultPort = 443
            } else {
                readPath(bytes, from: 0)
                return
            }
        case UInt8(ascii: "?"):
            readQuery(bytes, from: 0)
            return
        default:
            guard let colon = PageURL.schemeEnd(bytes) else { return }
            guard colon + 2 < bytes.count, bytes[colon + 1] == UInt8(ascii: "/"), bytes[colon + 2] == UInt8(ascii: "/")
            else { return }
            let scheme = UnsafeRawBufferPointer(rebasing: bytes[..<colon])
            defaultPort = PageURL.defaultPort(scheme)
            needsHost = !PageURL.equalsIgnoringCase(scheme, "file")
            position = colon + 3
        }
        var end = position
        while end < bytes.count, !PageURL.endsAuthority(bytes[end]) { end &+= 1 }
        let authority = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
        guard readAuthority(authority, defaultPort: defaultPort) || (!needsHost && authority.isEmpty) else { return }
        readPath(bytes, from: end)
    }

    @inline(__always)
    private mutating func readPath(_ bytes: UnsafeRawBufferPointer, from start: Int) {
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "?"), bytes[end] != UInt8(ascii: "#") { end &+= 1 }
        path = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        readQuery(bytes, from: end)
    }

    @inline(__always)
    private mutating func readQuery(_ bytes: UnsafeRawBufferPointer, from start: Int) {
        guard start < bytes.count, bytes[start] == UInt8(ascii: "?") else { return }
        var end = start &+ 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "#") { end &+= 1 }
        query = UnsafeRawBufferPointer(rebasing: bytes[(start &+ 1)..<end])
    }

    /// Reads `user:password@host:port`; false where that is not what it is.
    private mutating func readAuthority(_ authority: UnsafeRawBufferPointer, defaultPort: Int) -> Bool {
        var start = 0
        for index in 0..<authority.count where authority[index] == UInt8(ascii: "@") { start = index &+ 1 }
        var end = start
        if end < authority.count, authority[end] == UInt8(ascii: "[") {
            while end < authority.count, authority[end] != UInt8(ascii: "]") {
                let byte = authority[end]
                guard
                    end == start || ASCII.hexadecimalDigit(byte) != nil || byte == UInt8(ascii: ":")
                        || byte == UInt8(ascii: ".")
                else { return false }
                end &+= 1
            }
            guard end < authority.count, end > start + 2 else { return false }
            end &+= 1
        } else {
            while end < authority.count, authority[end] != UInt8(ascii: ":") {
                guard PageURL.isHostByte(authority[end]) else { return false }
                end &+= 1
            }
        }
        guard end > start else { return false }
        if end < authority.count {
            guard authority[end] == UInt8(ascii: ":") else { return false }
            var number = 0
            for index in (end &+ 1)..<authority.count {
                guard ASCII.isDigit(authority[index]) else { return false }
                number = number &* 10 &+ Int(authority[index] &- UInt8(ascii: "0"))
                guard number <= 65_535 else { return false }
            }
            if end &+ 1 < authority.count, number != defaultPort { port = number }
        }
        host = UnsafeRawBufferPointer(rebasing: authority[start..<end])
        return true
    }

    /// Position of the colon behind a scheme.
    private static func schemeEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard ASCII.isLetter(bytes[0]) else { return nil }
        for index in 1..<bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: ":") { return index }
            guard
                ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: ".")
            else { return nil }
        }
        return nil
    }

    private static func defaultPort(_ scheme: UnsafeRawBufferPointer) -> Int {
        if equalsIgnoringCase(scheme, "https") || equalsIgnoringCase(scheme, "wss") { return 443 }
        if equalsIgnoringCase(scheme, "http") || equalsIgnoringCase(scheme, "ws") { return 80 }
        return -1
    }

    private static func equalsIgnoringCase(_ bytes: UnsafeRawBufferPointer, _ lower: StaticString) -> Bool {
        guard bytes.count == lower.utf8CodeUnitCount else { return false }
        for index in 0..<bytes.count where bytes[index] | 0x20 != lower.utf8Start[index] { return false }
        return true
    }

    /// Lower-case letters, digits, dots and hyphens.
    @inline(__always)
    private static func isPlainHostByte(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "-") < 2 || byte &- UInt8(ascii: "0") < 10
    }

    @inline(__always)
    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    /// Everything but control characters, white space and what a host must not have; Unicode hosts are taken as sent.
    @inline(__always)
    private static func isHostByte(_ byte: UInt8) -> Bool {
        if ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte >= 0x80 { return true }
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"),
            UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"),
            UInt8(ascii: "="):
            return true
        default:
            return false
        }
    }
}

extension PageURL {
    /// Writes the host as a dimension: lower case in ASCII, with a port that is not the scheme's own.
    ///
    /// - Parameter out: room for the host and six more bytes.
    /// - Returns: number of bytes written.
    func writeHost(_ host: UnsafeRawBufferPointer, to out: UnsafeMutableRawPointer) -> Int {
        var count = 0
        while count < host.count {
            let byte = host[count]
            out.storeBytes(of: ASCII.isUpper(byte) ? byte | 0x20 : byte, toByteOffset: count, as: UInt8.self)
            count &+= 1
        }
        guard let port else { return count }
        out.storeBytes(of: UInt8(ascii: ":"), toByteOffset: count, as: UInt8.self)
        count &+= 1
        var divisor = 10_000
        while divisor > 1, port / divisor == 0 { divisor /= 10 }
        while divisor > 0 {
            let digit = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: port / divisor % 10)
            out.storeBytes(of: digit, toByteOffset: count, as: UInt8.self)
            count &+= 1
            divisor /= 10
        }
        return count
    }
}
