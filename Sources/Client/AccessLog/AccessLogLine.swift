/// One line of an access log, taken apart.
///
/// The formats are those of Apache and nginx: common (`host ident user [time] "request" status bytes`), combined (the same
/// with `"referrer" "agent"`), and either with the virtual host before it. What follows is left alone. A line that ends
/// within its last quoted field has been cut off, and is taken as far as it goes.
public struct AccessLogLine: Equatable, Sendable {
    /// Virtual host, with its port if that is logged.
    public var virtualHost: String?
    /// The client's address or name.
    public var address: String
    /// The user that the server knows, absent for `-`.
    public var user: String?
    /// Unix milliseconds.
    public var time: Int64
    public var method: String
    /// What was asked for, as it was sent: a path with its query, or a whole URL.
    public var target: String
    public var status: Int
    /// Bytes of the answer, absent for `-`.
    public var bytes: Int?
    public var referrer: String?
    public var userAgent: String?

    /// Why a line is none.
    public enum Fault: Error, Sendable, Equatable {
        case fields
        case time
        case request
        case status

        /// The reason in words.
        var detail: String {
            switch self {
            case .fields: "the line is not in the common or combined format of access logs"
            case .time: "the time is not like [17/May/2015:10:05:03 +0000]"
            case .request: "the request is not a method, a target and a protocol"
            case .status: "the status is not a number of three digits"
            }
        }
    }

    /// Reads a line, given without its end.
    ///
    /// - Complexity: O(bytes).
    public init(_ line: UnsafeRawBufferPointer) throws(Fault) {
        var fields = AccessLogFields(line)
        var before: [String] = []
        while !fields.isAt(UInt8(ascii: "[")) {
            guard before.count < 4, let field = fields.word() else { throw .fields }
            before.append(field)
        }
        guard before.count >= 3 else { throw .fields }
        virtualHost = before.count == 4 ? before[0] : nil
        address = before[before.count - 3]
        user = AccessLogLine.known(before[before.count - 1])
        guard let stamp = fields.bracketed(), let time = AccessLogTime.read(stamp) else { throw .time }
        self.time = time
        guard let request = fields.quoted() else { throw .fields }
        let parts = request.split(separator: " ", omittingEmptySubsequences: false)
        // HTTP/0.9 has no protocol; a blank within the target is a fault of the client's, and part of the target.
        guard parts.count >= 2, AccessLogLine.isMethod(parts[0]), !parts[1].isEmpty else { throw .request }
        let hasProtocol = parts.count > 2 && (parts.last?.hasPrefix("HTTP/") ?? false)
        method = String(parts[0])
        target = parts[1..<(hasProtocol ? parts.count - 1 : parts.count)].joined(separator: " ")
        guard let text = fields.word(), text.utf8.count == 3, let status = Int(text), (100...999).contains(status)
        else { throw .status }
        self.status = status
        bytes = fields.word().flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
        referrer = fields.quoted().flatMap { AccessLogLine.known($0) }
        userAgent = fields.quoted().flatMap { AccessLogLine.known($0) }
    }

    private static func known(_ text: String) -> String? {
        text.isEmpty || text == "-" ? nil : text
    }

    /// The methods of HTTP are letters, in upper case by custom.
    private static func isMethod(_ text: Substring) -> Bool {
        (1...20).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
    }
}

/// A cursor over the fields of a line.
private struct AccessLogFields {
    private let line: UnsafeRawBufferPointer
    private var position = 0

    init(_ line: UnsafeRawBufferPointer) {
        self.line = line
    }

    mutating func isAt(_ byte: UInt8) -> Bool {
        skipSpace()
        return position < line.count && line[position] == byte
    }

    /// What stands up to the next blank.
    mutating func word() -> String? {
        skipSpace()
        let start = position
        while position < line.count, line[position] != 0x20 { position += 1 }
        return start < position ? String(decoding: line[start..<position], as: UTF8.self) : nil
    }

    /// What stands in brackets.
    mutating func bracketed() -> Slice<UnsafeRawBufferPointer>? {
        guard isAt(UInt8(ascii: "[")), let end = line[position...].firstIndex(of: UInt8(ascii: "]")) else { return nil }
        defer { position = end + 1 }
        return line[(position + 1)..<end]
    }

    /// What stands in quotes, its escapes resolved; to the line's end where the closing quote is missing.
    mutating func quoted() -> String? {
        guard isAt(UInt8(ascii: "\"")) else { return nil }
        var index = position + 1
        var text: [UInt8] = []
        while index < line.count, line[index] != UInt8(ascii: "\"") {
            if line[index] == UInt8(ascii: "\\"), index + 1 < line.count {
                index += unescape(from: index, &text)
            } else {
                text.append(line[index])
                index += 1
            }
        }
        position = min(index + 1, line.count)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends what the escape at `index` stands for, and tells how long it is: `\"`, `\\`, `\n`, `\t`, `\r` and `\xHH`,
    /// as Apache and nginx write them.
    private func unescape(from index: Int, _ text: inout [UInt8]) -> Int {
        let next = line[index + 1]
        switch next {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(next)
        case UInt8(ascii: "x"):
            let digits = String(decoding: line[min(index + 2, line.count)..<min(index + 4, line.count)], as: UTF8.self)
            guard digits.utf8.count == 2, let byte = UInt8(digits, radix: 16) else {
                text.append(line[index])
                return 1
            }
            text.append(byte)
            return 4
        default:
            text.append(line[index])
            return 1
        }
        return 2
    }

    private mutating func skipSpace() {
        while position < line.count, line[position] == 0x20 || line[position] == 0x09 { position += 1 }
    }
}
