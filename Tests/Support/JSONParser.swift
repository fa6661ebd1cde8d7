/// Why a text is no JSON.
public struct JSONError: Error, CustomStringConvertible {
    /// What is wrong, and at which byte.
    public let description: String
}

extension JSON {
    /// Parses a text.
    public init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }

    /// Parses the UTF-8 bytes of a text.
    ///
    /// - Complexity: O(bytes); nesting is limited to 200 levels.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    var position = 0
    var depth = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document() throws(JSONError) -> JSON {
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw error("something follows the value") }
        return value
    }

    func error(_ what: String) -> JSONError {
        JSONError(description: "\(what) at byte \(position) of \(String(decoding: bytes.prefix(400), as: UTF8.self))")
    }

    mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func take(_ text: StaticString) -> Bool {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        let matches = text.withUTF8Buffer { $0.elementsEqual(bytes[position..<end]) }
        if matches { position = end }
        return matches
    }

    mutating func value() throws(JSONError) -> JSON {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t") where take("true"): return .bool(true)
        case UInt8(ascii: "f") where take("false"): return .bool(false)
        case UInt8(ascii: "n") where take("null"): return .null
        case nil: throw error("the text ends")
        default: return try number()
        }
    }

    mutating func enter() throws(JSONError) {
        position += 1
        depth += 1
        guard depth <= 200 else { throw error("nested too deeply") }
        skipSpace()
    }

    /// Takes what follows a member: true for a comma, false for the closing bracket.
    mutating func takeComma(closing: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        guard let byte = next, byte == UInt8(ascii: ",") || byte == closing else {
            throw error("no comma and no closing bracket")
        }
        position += 1
        return byte != closing
    }

    mutating func array() throws(JSONError) -> JSON {
        try enter()
        defer { depth -= 1 }
        var members: [JSON] = []
        if next == UInt8(ascii: "]") {
            position += 1
            return .array([])
        }
        repeat { members.append(try value()) } while try takeComma(closing: UInt8(ascii: "]"))
        return .array(members)
    }

    mutating func object() throws(JSONError) -> JSON {
        try enter()
        defer { depth -= 1 }
        var members: [String: JSON] = [:]
        if next == UInt8(ascii: "}") {
            position += 1
            return .object([:])
        }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error("no name of a member") }
            let name = try string()
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw error("no colon") }
            position += 1
            members[name] = try value()
        } while try takeComma(closing: UInt8(ascii: "}"))
        return .object(members)
    }

    mutating func number() throws(JSONError) -> JSON {
        let start = position
        while let byte = next, "+-0123456789.eE".utf8.contains(byte) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if let integer = Int64(text), !text.hasPrefix("+") { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw error("no value") }
        return .number(number)
    }

    mutating func string() throws(JSONError) -> String {
        position += 1
        var content: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else { throw error("invalid UTF-8") }
                return text
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20: throw error("a control character in a string")
            default: content.append(byte)
            }
        }
        throw error("the text ends in a string")
    }

    mutating func escape(into content: inout [UInt8]) throws(JSONError) {
        guard let byte = next else { throw error("the text ends in an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "u"):
            var code = try fourHexDigits()
            if (0xD800..<0xDC00).contains(code) {
                guard take("\\u") else { throw error("a lone surrogate") }
                let low = try fourHexDigits()
                guard (0xDC00..<0xE000).contains(low) else { throw error("a lone surrogate") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("a lone surrogate") }
            content.append(contentsOf: String(Character(scalar)).utf8)
        default: throw error("an unknown escape")
        }
    }

    mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        guard position + 4 <= bytes.count,
            let code = UInt32(String(decoding: bytes[position..<(position + 4)], as: UTF8.self), radix: 16)
        else { throw error("no four hexadecimal digits") }
        position += 4
        return code
    }
}
