/// Writes JSON as bytes, for the few small documents the HTTP face makes itself.
struct JSONText {
    /// The text so far.
    private(set) var bytes: [UInt8] = []

    /// Appends text that is JSON already.
    mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Appends an integer.
    mutating func integer(_ value: some BinaryInteger) {
        bytes.append(contentsOf: String(value).utf8)
    }

    /// Appends a string in quotes, escaped.
    mutating func string(_ value: some StringProtocol) {
        bytes.append(0x22)
        for byte in value.utf8 {
            escape(byte)
        }
        bytes.append(0x22)
    }

    /// Appends text that the caller knows to be a JSON number.
    mutating func number(verified text: some StringProtocol) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0x22: raw(#"\""#)
        case 0x5C: raw(#"\\"#)
        case 0x0A: raw(#"\n"#)
        case 0x0D: raw(#"\r"#)
        case 0x09: raw(#"\t"#)
        // `<` and `>` too: a problem's detail must be harmless even where a browser is made to read it as a page.
        case 0..<0x20, 0x3C, 0x3E, 0x7F:
            raw(#"\u00"#)
            bytes.append(Self.digit(byte >> 4))
            bytes.append(Self.digit(byte & 15))
        default: bytes.append(byte)
        }
    }

    private static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? 0x30 + nibble : 0x57 + nibble
    }
}

/// Grammar checks for text that is to become part of a JSON document.
package enum JSONGrammar {
    /// Whether `text` is exactly one JSON number (RFC 8259, section 6).
    package static func isNumber(_ text: some StringProtocol) -> Bool {
        var rest = text.utf8[...]
        if rest.first == 0x2D { rest.removeFirst() }
        guard let first = rest.first, isDigit(first) else { return false }
        let integerDigits = takeDigits(&rest)
        if first == 0x30, integerDigits > 1 { return false }
        if rest.first == 0x2E {
            rest.removeFirst()
            guard takeDigits(&rest) > 0 else { return false }
        }
        if rest.first == 0x65 || rest.first == 0x45 {
            rest.removeFirst()
            if rest.first == 0x2B || rest.first == 0x2D { rest.removeFirst() }
            guard takeDigits(&rest) > 0 else { return false }
        }
        return rest.isEmpty
    }

    /// Whether `text` is a JSON number without a fraction or an exponent.
    package static func isInteger(_ text: some StringProtocol) -> Bool {
        isNumber(text) && text.utf8.allSatisfy { isDigit($0) || $0 == 0x2D }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= 0x30 && byte <= 0x39
    }

    private static func takeDigits<Text: Collection>(_ rest: inout Text) -> Int
    where Text.Element == UInt8, Text.SubSequence == Text {
        var count = 0
        while let byte = rest.first, isDigit(byte) {
            rest.removeFirst()
            count += 1
        }
        return count
    }
}
