/// The decoding of `application/x-www-form-urlencoded`, which is how queries of URLs are written.
enum FormDecoding {
    /// Decodes a value: `+` is a space, `%XX` a byte; a percent sign without two hexadecimal digits stands for itself.
    ///
    /// - Parameters:
    ///   - bytes: the encoded value.
    ///   - out: room for as many bytes.
    /// - Returns: the value: `bytes` itself where there is nothing to decode or where the result were not UTF-8,
    ///   otherwise the decoded bytes at `out`.
    static func decode(_ bytes: UnsafeRawBufferPointer, into out: UnsafeMutableRawPointer) -> UnsafeRawBufferPointer {
        var isEncoded = false
        for byte in bytes where byte == UInt8(ascii: "%") || byte == UInt8(ascii: "+") {
            isEncoded = true
            break
        }
        guard isEncoded else { return bytes }
        var count = 0
        var position = 0
        while position < bytes.count {
            var byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "+") {
                byte = UInt8(ascii: " ")
            } else if byte == UInt8(ascii: "%"), position + 1 < bytes.count,
                let high = ASCII.hexadecimalDigit(bytes[position]),
                let low = ASCII.hexadecimalDigit(bytes[position + 1])
            {
                byte = high << 4 | low
                position += 2
            }
            out.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
            count += 1
        }
        let decoded = UnsafeRawBufferPointer(start: out, count: count)
        return UTF8Sequence.isValid(decoded) ? decoded : bytes
    }
}
