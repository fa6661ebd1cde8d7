/// Numbers as text and back, the one way everywhere: `3` and `3.0` are the same text.
public enum NumberText {
    /// The shortest text that reads back as exactly this number, in the form that JavaScript prints: `3`, `0.1`,
    /// `1e+21`, `1e-7`.
    ///
    /// Minus zero is `0`. The number must be finite; others become `null`.
    public static func canonical(_ number: Double) -> String {
        var bytes: [UInt8] = []
        append(number, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the canonical text of a number; see ``canonical(_:)``.
    public static func append(_ number: Double, to bytes: inout [UInt8]) {
        // Below 2^53 a whole number's shortest text is its integer.
        if number.magnitude < 9_007_199_254_740_992, number == number.rounded(.towardZero) {
            append(Int64(number), to: &bytes)
        } else if number.isFinite {
            appendShortest(number, to: &bytes)
        } else {
            bytes.append(contentsOf: "null".utf8)
        }
    }

    /// Appends a whole number in decimal.
    public static func append(_ number: Int64, to bytes: inout [UInt8]) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        append(number.magnitude, to: &bytes)
    }

    /// Appends a whole number in decimal.
    public static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        let start = bytes.count
        var rest = number
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest != 0
        bytes[start...].reverse()
    }

    /// Takes the digits and the exponent from Swift's own shortest text and sets them as JavaScript does.
    private static func appendShortest(_ number: Double, to bytes: inout [UInt8]) {
        var digits: [UInt8] = []
        var pointAt = 0
        var sawPoint = false
        var exponent = 0
        var negativeExponent = false
        var inExponent = false
        for byte in number.magnitude.description.utf8 {
            switch byte {
            case UInt8(ascii: "."): sawPoint = true
            case UInt8(ascii: "e"): inExponent = true
            case UInt8(ascii: "-"): negativeExponent = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if inExponent {
                    exponent = exponent * 10 + Int(byte - UInt8(ascii: "0"))
                } else {
                    digits.append(byte)
                    if !sawPoint { pointAt += 1 }
                }
            default: break
            }
        }
        pointAt += negativeExponent ? -exponent : exponent
        let leadingZeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
        digits.removeFirst(leadingZeros)
        pointAt -= leadingZeros
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }

        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        let zero = UInt8(ascii: "0")
        if pointAt > 21 || pointAt < -5 {
            bytes.append(contentsOf: digits.prefix(1))
            if digits.count > 1 {
                bytes.append(UInt8(ascii: "."))
                bytes.append(contentsOf: digits.dropFirst())
            }
            bytes.append(UInt8(ascii: "e"))
            bytes.append(pointAt > 0 ? UInt8(ascii: "+") : UInt8(ascii: "-"))
            append(UInt64((pointAt - 1).magnitude), to: &bytes)
        } else if pointAt <= 0 {
            bytes.append(contentsOf: "0.".utf8)
            bytes.append(contentsOf: repeatElement(zero, count: -pointAt))
            bytes.append(contentsOf: digits)
        } else if digits.count <= pointAt {
            bytes.append(contentsOf: digits)
            bytes.append(contentsOf: repeatElement(zero, count: pointAt - digits.count))
        } else {
            bytes.append(contentsOf: digits[..<pointAt])
            bytes.append(UInt8(ascii: "."))
            bytes.append(contentsOf: digits[pointAt...])
        }
    }

    /// Reads a text as a number, for comparisons and measures over text: an optional sign, decimal digits with an
    /// optional fraction, an optional exponent, nothing around them. `nil` for anything else and for what no finite
    /// double can hold.
    ///
    /// Whole numbers of up to 15 digits, nearly all there are, take no allocation.
    public static func parse(_ text: UnsafeRawBufferPointer) -> Double? {
        var index = 0
        let count = text.count
        var negative = false
        if index < count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
            negative = text[index] == UInt8(ascii: "-")
            index += 1
        }
        var digits = 0
        var whole: Int64 = 0
        while index < count, isDigit(text[index]) {
            if digits < 16 { whole = whole * 10 + Int64(text[index] - UInt8(ascii: "0")) }
            digits += 1
            index += 1
        }
        if index == count, digits > 0, digits <= 15 { return Double(negative ? -whole : whole) }
        if index < count, text[index] == UInt8(ascii: ".") {
            index += 1
            while index < count, isDigit(text[index]) {
                digits += 1
                index += 1
            }
        }
        guard digits > 0 else { return nil }
        if index < count, text[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") { index += 1 }
            let start = index
            while index < count, isDigit(text[index]) { index += 1 }
            guard index > start else { return nil }
        }
        guard index == count, let number = Double(String(decoding: text, as: UTF8.self)), number.isFinite else {
            return nil
        }
        return number
    }

    /// Reads a text as a number; see ``parse(_:)-(UnsafeRawBufferPointer)``.
    public static func parse(_ text: String) -> Double? {
        var copy = text
        return copy.withUTF8 { parse(UnsafeRawBufferPointer($0)) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
