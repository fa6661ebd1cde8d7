/// A key as it is written: `weir_` + 12 hexadecimal digits, its public id + `_` + 40 hexadecimal digits, its secret.
///
/// All digits are lower case, so that a key stands in a URL, a header and a JSON text as it is, is picked up by a double
/// click, and can be found by programs that look for secrets in places where they do not belong.
public enum KeyText {
    /// Bytes of a key.
    public static let count = prefix.count + idDigits + 1 + secretDigits
    /// Random bytes of a secret: far too many to be guessed.
    static let secretBytes = 20
    static let idDigits = 12
    static let secretDigits = 2 * secretBytes
    private static let prefix: StaticPrefix = StaticPrefix()

    /// The five bytes that every key begins with.
    private struct StaticPrefix {
        let count = 5
        /// `weir` as a little-endian word.
        let word: UInt32 = 0x7269_6577
        let last = UInt8(ascii: "_")
    }

    /// The public id in a key; `nil` for what is not of a key's form.
    ///
    /// - Complexity: O(1), no allocation.
    @inline(__always)
    static func id(in bytes: UnsafeRawBufferPointer) -> UInt64? {
        guard bytes.count == count, let base = bytes.baseAddress,
            base.loadUnaligned(as: UInt32.self).littleEndian == prefix.word, bytes[4] == prefix.last,
            bytes[5 + idDigits] == prefix.last
        else { return nil }
        return number(UnsafeRawBufferPointer(start: base + 5, count: idDigits))
    }

    /// Reads lower-case hexadecimal digits.
    private static func number(_ digits: UnsafeRawBufferPointer) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: value = value << 4 | UInt64(digit - 0x30)
            case 0x61...0x66: value = value << 4 | UInt64(digit - 0x57)
            default: return nil
            }
        }
        return value
    }

    /// A key with this id and a new secret.
    static func make(id: UInt64, using random: inout some RandomNumberGenerator) -> String {
        let secret = (0..<secretBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        return "weir_" + idText(id) + "_" + hexadecimal(secret)
    }

    /// An id as it is written, in keys and in lists of keys.
    public static func idText(_ id: UInt64) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: max(0, idDigits - digits.count)) + digits
    }

    /// Reads an id as ``idText(_:)`` writes it; `nil` for anything else.
    public static func id(_ text: String) -> UInt64? {
        let bytes = Array(text.utf8)
        guard bytes.count == idDigits else { return nil }
        return bytes.withUnsafeBytes { number($0) }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
