/// Why bytes are not the JSON that was asked for, and where.
public struct JSONError: Error, Sendable, Equatable {
    /// What is wrong, in a sentence without the position.
    public var detail: String
    /// Bytes before the place.
    public var position: Int
}

/// A strict reader of small documents, such as the body of a query: no comments, no trailing commas, no duplicate keys,
/// nothing but UTF-8.
///
/// Nesting is limited, so its recursion is too.
public struct JSONParser {
    /// The largest document, in bytes, unless the caller says otherwise.
    public static let defaultMaxBytes = 1 << 20
    /// How deep arrays and objects may nest.
    public static let maxDepth = 32

    private let bytes: [UInt8]
    private var index = 0

    /// Reads one document that fills all of `bytes`, spaces around it allowed.
    ///
    /// - Complexity: O(bytes).
    public static func parse(
        _ bytes: [UInt8], maxBytes: Int = defaultMaxBytes
    ) throws(JSONError) -> JSONValue {
        guard bytes.count <= maxBytes else {
            throw JSONError(
                detail: "The document has \(bytes.count) bytes, more than the limit of \(maxBytes)", position: maxBytes)
        }
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw JSONError(detail: "The text is not valid UTF-8", position: error.byteOffsets.lowerBound)
        }
        var parser = JSONParser(bytes: bytes)
        parser.skipSpace()
        guard !parser.atEnd else { throw JSONError(detail: "There is no JSON in the text", position: parser.index) }
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.atEnd else { throw parser.unexpected("the end of the text") }
        return value
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var atEnd: Bool { index >= bytes.count }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private func unexpected(_ wanted: String) -> JSONError {
        guard let byte = current else {
            return JSONError(detail: "The text ends where \(wanted) should be", position: index)
        }
        let shown =
            byte > 0x20 && byte < 0x7F
            ? "'\(Unicode.Scalar(byte))'" : "byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))"
        return JSONError(detail: "Found \(shown) where \(wanted) should be", position: index)
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard let byte = current else { throw unexpected("a value") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw unexpected("a value")
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let length = word.utf8CodeUnitCount
        guard index + length <= bytes.count,
            (0..<length).allSatisfy({ bytes[index + $0] == word.utf8Start[$0] })
        else { throw unexpected("a value") }
        index += length
        return value
    }

    private func checkDepth(_ depth: Int) throws(JSONError) {
        guard depth <= Self.maxDepth else {
            throw JSONError(detail: "Arrays and objects nest deeper than \(Self.maxDepth)", position: index)
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        try checkDepth(depth)
        index += 1
        var elements: [JSONValue] = []
        skipSpace()
        if current == UInt8(ascii: "]") {
            index += 1
            return .array(elements)
        }
        while true {
            skipSpace()
            elements.append(try value(depth: depth))
            skipSpace()
            switch current {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: "]"):
                index += 1
                return .array(elements)
            default: throw unexpected("',' or ']'")
            }
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        try checkDepth(depth)
        index += 1
        var members: [(key: String, value: JSONValue)] = []
        // By bytes: `String` takes differently composed letters for the same.
        var seen: Set<[UInt8]> = []
        skipSpace()
        if current == UInt8(ascii: "}") {
            index += 1
            return .object(members)
        }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw unexpected("a member's name in quotes") }
            let start = index
            let key = try string()
            guard seen.insert(Array(key.utf8)).inserted else {
                throw JSONError(
                    detail: "The name \(ShownText.quoted(key)) appears twice in one object", position: start)
            }
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw unexpected("':'") }
            index += 1
            skipSpace()
            members.append((key, try value(depth: depth)))
            skipSpace()
            switch current {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: "}"):
                index += 1
                return .object(members)
            default: throw unexpected("',' or '}'")
            }
        }
    }

    private mutating func digits() throws(JSONError) {
        let start = index
        while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { index += 1 }
        guard index > start else { throw unexpected("a digit") }
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = index
        var isWhole = true
        if current == UInt8(ascii: "-") { index += 1 }
        if current == UInt8(ascii: "0") { index += 1 } else { try digits() }
        if current == UInt8(ascii: ".") {
            isWhole = false
            index += 1
            try digits()
        }
        if let byte = current, byte | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            index += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isWhole, let number = Int64(text) { return .integer(number) }
        if isWhole, let number = UInt64(text) { return .unsigned(number) }
        guard let number = Double(text), number.isFinite else {
            throw JSONError(detail: "The number is larger than a double can hold", position: start)
        }
        return .number(number)
    }
}

// MARK: - Strings

extension JSONParser {
    private mutating func string() throws(JSONError) -> String {
        index += 1
        let start = index
        while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { index += 1 }
        if current == UInt8(ascii: "\"") {
            defer { index += 1 }
            return String(decoding: bytes[start..<index], as: UTF8.self)
        }
        var text = Array(bytes[start..<index])
        while true {
            guard let byte = current else { throw unexpected("the string's closing quote") }
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                index += 1
                try escape(into: &text)
            case 0..<0x20:
                throw JSONError(detail: "A control character in a string must be escaped", position: index)
            default:
                text.append(byte)
                index += 1
            }
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard let byte = current else { throw unexpected("an escape") }
        let start = index - 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            index += 1
            var code = try hexadecimal()
            if code & 0xFC00 == 0xD800, current == UInt8(ascii: "\\"), index + 1 < bytes.count,
                bytes[index + 1] == UInt8(ascii: "u")
            {
                index += 2
                let low = try hexadecimal()
                // Anything but a low half leaves `code` a lone surrogate, which is refused below.
                if low & 0xFC00 == 0xDC00 { code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF) }
            }
            guard let scalar = Unicode.Scalar(code) else {
                throw JSONError(detail: "A \\u escape is half of a surrogate pair", position: start)
            }
            text.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
            return
        default: throw unexpected("one of \" \\ / b f n r t u")
        }
        index += 1
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected("a hexadecimal digit")
            }
            code = code << 4 | UInt32(digit)
            index += 1
        }
        return code
    }
}
