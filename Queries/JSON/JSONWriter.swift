/// Writes JSON straight into bytes, without building a tree first. Members come out in the order of the calls.
///
/// Commas are set by the writer. Keeping `begin…` and `end…` in pairs, and one `key` before each value of an object, is
/// the caller's part.
public struct JSONWriter: Sendable {
    /// What has been written so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty document.
    ///
    /// - Parameter capacity: Bytes to reserve.
    public init(reserving capacity: Int = 1024) {
        bytes.reserveCapacity(capacity)
    }

    /// Opens an object; its members follow, each a ``key(_:)`` and a value.
    public mutating func beginObject() {
        separate()
        bytes.append(UInt8(ascii: "{"))
    }

    /// Closes the innermost container, which is an object.
    public mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
    }

    /// Opens an array; its elements follow.
    public mutating func beginArray() {
        separate()
        bytes.append(UInt8(ascii: "["))
    }

    /// Closes the innermost container, which is an array.
    public mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
    }

    /// Writes the name of an object's next member.
    public mutating func key(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
    }

    /// Writes `null`.
    public mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    /// Writes `true` or `false`.
    public mutating func bool(_ flag: Bool) {
        separate()
        bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    }

    /// Writes a whole number.
    public mutating func integer(_ number: Int64) {
        separate()
        NumberText.append(number, to: &bytes)
    }

    /// Writes a whole number.
    public mutating func integer(_ number: Int) {
        integer(Int64(number))
    }

    /// Writes a whole number.
    public mutating func unsigned(_ number: UInt64) {
        separate()
        NumberText.append(number, to: &bytes)
    }

    /// Writes a number in its shortest exact form, whole ones without a fraction, and `null` for what is not finite.
    public mutating func number(_ number: Double) {
        separate()
        NumberText.append(number, to: &bytes)
    }

    /// Writes a string with the escapes that JSON asks for; everything else stays UTF-8.
    public mutating func string(_ text: String) {
        var copy = text
        copy.withUTF8 { quoted(UnsafeRawBufferPointer($0)) }
    }

    /// Writes a string from its UTF-8 bytes. Bytes that are not UTF-8 become U+FFFD, so that the document stays valid.
    public mutating func string(utf8 text: UnsafeRawBufferPointer) {
        if text.allSatisfy({ $0 < 0x80 }) {
            quoted(text)
        } else {
            string(String(decoding: text, as: UTF8.self))
        }
    }

    /// Writes a value that has been put together before.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .integer(let number): integer(number)
        case .unsigned(let number): unsigned(number)
        case .number(let number): self.number(number)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members {
                key(member.key)
                self.value(member.value)
            }
            endObject()
        }
    }

    /// Appends bytes that are one complete JSON value already.
    public mutating func raw(_ json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// A comma is due unless the value is the first of its container, follows a key, or starts the document.
    private mutating func separate() {
        switch bytes.last {
        case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): break
        default: bytes.append(UInt8(ascii: ","))
        }
    }

    private mutating func quoted(_ text: UnsafeRawBufferPointer) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        var clean = 0
        for index in text.indices {
            let byte = text[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes.append(contentsOf: text[clean..<index])
            clean = index + 1
            escape(byte)
        }
        bytes.append(contentsOf: text[clean...])
        bytes.append(UInt8(ascii: "\""))
    }

    @inline(never)
    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            let hex = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(hex[Int(byte >> 4)])
            bytes.append(hex[Int(byte & 15)])
        }
    }
}

extension JSONValue {
    /// The value as a compact document.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }
}
