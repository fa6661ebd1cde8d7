/// Finds the key that a request presents.
///
/// Programs send `Authorization: Bearer KEY` or `X-Weir-Key: KEY`. Beacons and pixels, which cannot set headers, put it into
/// the URL as `?key=KEY`. Where it stands several times, `X-Weir-Key` counts before `Authorization`, and both before the URL.
public enum PresentedKey {
    /// Hands the key to `body`, or `nil` where none is presented.
    ///
    /// - Parameters:
    ///   - weirKey: the value of `X-Weir-Key`.
    ///   - authorization: the value of `Authorization`. A scheme other than `Bearer` is for somebody else, a proxy for example.
    ///   - query: what stands behind `?` in the URL.
    /// - Complexity: O(bytes). Allocates only for a key in the URL that is percent-encoded, which no key needs to be.
    public static func with<Result>(
        weirKey: UnsafeRawBufferPointer?, authorization: UnsafeRawBufferPointer?, query: UnsafeRawBufferPointer?,
        _ body: (UnsafeRawBufferPointer?) -> Result
    ) -> Result {
        if let weirKey { return body(trim(weirKey)) }
        if let authorization, let key = bearer(authorization) { return body(key) }
        guard let query, let value = parameter(in: query) else { return body(nil) }
        guard value.contains(UInt8(ascii: "%")) else { return body(value) }
        return decode(value).withUnsafeBytes { body($0) }
    }

    /// The token of an `Authorization` header of the scheme `Bearer`.
    private static func bearer(_ header: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let scheme: StaticString = "bearer"
        let count = scheme.utf8CodeUnitCount
        let value = trim(header)
        guard value.count > count, value[count] == UInt8(ascii: " ") else { return nil }
        for index in 0..<count where value[index] | 0x20 != scheme.utf8Start[index] { return nil }
        return trim(UnsafeRawBufferPointer(rebasing: value[count...]))
    }

    /// The value of the last parameter `key` that is not empty.
    private static func parameter(in query: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var found: UnsafeRawBufferPointer?
        var start = 0
        while start < query.count {
            var end = start
            while end < query.count, query[end] != UInt8(ascii: "&") { end += 1 }
            if end - start > 4, query[start] == UInt8(ascii: "k"), query[start + 1] == UInt8(ascii: "e"),
                query[start + 2] == UInt8(ascii: "y"), query[start + 3] == UInt8(ascii: "=")
            {
                found = UnsafeRawBufferPointer(rebasing: query[start + 4..<end])
            }
            start = end + 1
        }
        return found
    }

    private static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        var decoded: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "%"), index + 2 < text.count, let high = digit(text[index + 1]),
                let low = digit(text[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(text[index])
                index += 1
            }
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    private static func trim(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var start = 0
        var end = bytes.count
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }
}
