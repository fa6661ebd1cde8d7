/// Turns an event's line of JSON into a request for the pixel, whose parameters are the event's fields.
struct PixelRequest: Sendable {
    /// `GET /v1/pixel.gif?`
    let start: [UInt8]
    /// ` HTTP/1.1`, the head's fields and the empty line.
    let end: [UInt8]

    init(prefix: String, fields: String) {
        start = Array("GET \(prefix)/v1/pixel.gif?".utf8)
        end = Array(" HTTP/1.1\r\n\(fields)\r\n".utf8)
    }

    /// Appends a request.
    ///
    /// - Parameter line: An object as ``EventEncoder`` writes it: no blanks between the parts, one level of `props`.
    func append(_ line: [UInt8], to request: inout [UInt8]) {
        request.append(contentsOf: start)
        var reader = FlatReader(line)
        var isFirst = true
        var inProperties = false
        while let part = reader.next() {
            switch part {
            case .object: inProperties = true
            case .pair(let key, let value):
                if !isFirst { request.append(UInt8(ascii: "&")) }
                isFirst = false
                if inProperties { request.append(contentsOf: "props.".utf8) }
                Self.appendEncoded(line[key], to: &request)
                request.append(UInt8(ascii: "="))
                Self.appendEncoded(line[value], to: &request)
            }
        }
        request.append(contentsOf: end)
    }

    /// Percent-encodes all but RFC 3986's unreserved bytes.
    private static func appendEncoded(_ bytes: ArraySlice<UInt8>, to request: inout [UInt8]) {
        let digits: StaticString = "0123456789ABCDEF"
        for byte in bytes {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                request.append(byte)
            default:
                request.append(UInt8(ascii: "%"))
                request.append(digits.utf8Start[Int(byte >> 4)])
                request.append(digits.utf8Start[Int(byte & 15)])
            }
        }
    }
}

/// Reads the keys and values of one line of ``EventEncoder``'s JSON.
private struct FlatReader {
    enum Part {
        /// A key whose value is an object, which begins.
        case object
        /// A key and its value, without quotes.
        case pair(Range<Int>, Range<Int>)
    }

    private let line: [UInt8]
    private var position = 0

    init(_ line: [UInt8]) {
        self.line = line
    }

    mutating func next() -> Part? {
        while position < line.count, line[position] != UInt8(ascii: "\"") { position += 1 }
        guard position < line.count else { return nil }
        let key = quoted()
        // The colon.
        position += 1
        guard position < line.count else { return nil }
        if line[position] == UInt8(ascii: "{") { return .object }
        if line[position] == UInt8(ascii: "\"") { return .pair(key, quoted()) }
        let start = position
        while position < line.count, line[position] != UInt8(ascii: ","), line[position] != UInt8(ascii: "}") {
            position += 1
        }
        return .pair(key, start..<position)
    }

    /// The text between the quotes at the position, which moves behind the second one.
    private mutating func quoted() -> Range<Int> {
        let start = position + 1
        position = start
        while position < line.count, line[position] != UInt8(ascii: "\"") {
            position += line[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        defer { position += 1 }
        return start..<min(position, line.count)
    }
}
