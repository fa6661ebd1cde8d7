/// Why a text is not JSON.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where, in bytes from the start.
    public var position: Int
    /// What is wrong there.
    public var reason: String

    /// The reason with its place.
    public var description: String { "byte \(position): \(reason)" }
}

extension JSONNode {
    /// Reads a whole text of at most 64 levels.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        var reader = JSONReader(bytes: bytes)
        self = try reader.document()
    }
}

/// A strict reader by recursive descent; the depth is bounded, so that the stack is.
private struct JSONReader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document() throws(JSONError) -> JSONNode {
        let node = try value(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw wrong("something follows the value") }
        return node
    }

    private func wrong(_ reason: String) -> JSONError {
        JSONError(position: position, reason: reason)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONNode {
        guard depth < 64 else { throw wrong("more than 64 levels") }
        skipBlanks()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw wrong("the text ends where a value is expected")
        default: return try number()
        }
    }

    private mutating func word(_ word: StaticString, _ node: JSONNode) throws(JSONError) -> JSONNode {
        let count = word.utf8CodeUnitCount
        guard bytes.count - position >= count,
            bytes[position..<position + count].elementsEqual(
                UnsafeBufferPointer(start: word.utf8Start, count: count))
        else { throw wrong("an unknown word") }
        position += count
        return node
    }

    private mutating func number() throws(JSONError) -> JSONNode {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte) { position += 1 }
        let text = bytes[start..<position]
        let valid = text.withUnsafeBytes { NumberText.isJSONNumber($0) }
        guard valid else {
            position = start
            throw wrong("no value begins like this")
        }
        return .number(String(decoding: text, as: UTF8.self))
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONNode {
        position += 1
        var elements: [JSONNode] = []
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw wrong("a comma or ] is expected") }
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONNode {
        position += 1
        var members: [JSONMember] = []
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw wrong("a name in quotes is expected") }
            let name = try string()
            guard take(UInt8(ascii: ":")) else { throw wrong("a colon is expected") }
            members.append(JSONMember(name, try value(depth: depth + 1)))
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw wrong("a comma or } is expected") }
        }
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        var content: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else { throw wrong("not UTF-8") }
                return text
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20: throw wrong("a control character in a string")
            default: content.append(byte)
            }
        }
        throw wrong("a string without an end")
    }

    private mutating func escape(into content: inout [UInt8]) throws(JSONError) {
        guard let byte = next else { throw wrong("a string without an end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0c)
        case UInt8(ascii: "n"): content.append(0x0a)
        case UInt8(ascii: "r"): content.append(0x0d)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            var code = try codeUnit()
            if (0xd800..<0xdc00).contains(code) {
                guard next == UInt8(ascii: "\\"), position + 1 < bytes.count,
                    bytes[position + 1] == UInt8(ascii: "u")
                else { throw wrong("half a character") }
                position += 2
                let low = try codeUnit()
                guard (0xdc00..<0xe000).contains(low) else { throw wrong("half a character") }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw wrong("half a character") }
            content.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
        default: throw wrong("an unknown escape")
        }
    }

    private mutating func codeUnit() throws(JSONError) -> UInt32 {
        guard bytes.count - position >= 4 else { throw wrong("four hexadecimal digits are expected") }
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue, bytes[position] < 0x80 else {
                throw wrong("four hexadecimal digits are expected")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
