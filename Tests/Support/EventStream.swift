/// A stream of server-sent events over a connection of its own, read message by message; not thread-safe.
public final class EventStream {
    /// One message.
    public struct Message: Sendable {
        /// The fields by name; a field that comes several times has its lines joined.
        public var fields: [String: String] = [:]
        /// Whether it is nothing but a comment.
        public var isComment: Bool { fields.isEmpty }

        /// The data as JSON.
        public func json() throws -> JSON { try JSON(parsing: fields["data"] ?? "") }
    }

    /// A stream that was refused.
    public struct Refused: Error, CustomStringConvertible {
        /// The answer instead.
        public let response: HTTPResponse

        public var description: String { "\(response.status) \(response.text)" }
    }

    /// The header fields of the answer.
    public let headers: [String: String]
    private let connection: HTTPConnection
    private var text: [UInt8] = []
    private var isOver = false

    /// Opens a stream.
    ///
    /// - Parameters:
    ///   - seconds: how long one read may take.
    ///   - receiveBuffer: see ``HTTPConnection/init(port:seconds:receiveBuffer:)``.
    /// - Throws: ``Refused`` when the answer is not 200.
    public init(port: UInt16, target: String, seconds: Int = 30, receiveBuffer: Int32? = nil) throws {
        connection = try HTTPConnection(port: port, seconds: seconds, receiveBuffer: receiveBuffer)
        try connection.send(Array("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8))
        let lines = try connection.head()
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw HarnessError("no header field: \(line)") }
            headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
        if status != 200 {
            let body = try connection.take(headers["content-length"].flatMap { Int($0) } ?? 0)
            throw Refused(response: HTTPResponse(status: status, headers: headers, body: body))
        }
        self.headers = headers
    }

    /// The next message, comments too; `nil` at the end of the stream.
    public func next() throws -> Message? {
        while true {
            if let message = cut() { return message }
            if isOver { return nil }
            let size = try connection.line().prefix { $0 != ";" }
            guard let count = Int(size, radix: 16) else { throw HarnessError("no chunk size: \(size)") }
            text += try connection.take(count)
            _ = try connection.line()
            if count == 0 { isOver = true }
        }
    }

    /// The next answer, without what is said besides.
    public func answer() throws -> JSON {
        while let message = try next() {
            if message.fields["event"] == "message" { return try message.json() }
            if message.fields["event"] == "error" { throw HarnessError("an error: \(message.fields)") }
        }
        throw HarnessError("the stream ended")
    }

    /// Takes a whole message from what has come.
    private func cut() -> Message? {
        guard let end = text.indices.dropLast().first(where: { text[$0] == 0x0A && text[$0 + 1] == 0x0A }) else {
            return nil
        }
        let lines = text[..<end].split(separator: 0x0A)
        text.removeFirst(end + 2)
        var message = Message()
        for line in lines {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { continue }
            let name = String(decoding: line[..<colon], as: UTF8.self)
            var value = line[(colon + 1)...]
            if value.first == 0x20 { value.removeFirst() }
            let joined = message.fields[name].map { $0 + "\n" } ?? ""
            message.fields[name] = joined + String(decoding: value, as: UTF8.self)
        }
        return message
    }
}
