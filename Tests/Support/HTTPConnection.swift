import Glibc

/// An answer.
public struct HTTPResponse: Sendable {
    /// The status code.
    public let status: Int
    /// The header fields, their names in lower case.
    public let headers: [String: String]
    /// The body.
    public let body: [UInt8]

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON.
    public func json() throws -> JSON {
        try JSON(parsing: body)
    }
}

/// A blocking HTTP/1.1 client over one connection, which it keeps open; not thread-safe.
///
/// It sends what it is told to, also where that is wrong, and adds nothing but `Host` and `Content-Length`.
public final class HTTPConnection {
    private let socket: Socket
    private let port: UInt16
    private var unread: [UInt8] = []

    /// Connects to a port of this machine.
    ///
    /// - Parameters:
    ///   - seconds: how long one read may take.
    ///   - receiveBuffer: bytes that the system may hold before they are read; `nil` for its own choice.
    public init(port: UInt16, seconds: Int = 60, receiveBuffer: Int32? = nil) throws {
        socket = try Socket(type: SOCK_STREAM, port: port, seconds: seconds, receiveBuffer: receiveBuffer)
        self.port = port
    }

    /// Sends a request and waits for its answer.
    ///
    /// - Parameter target: path and query.
    public func request(
        _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) throws -> HTTPResponse {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        try socket.write(Array(head.utf8) + Array("\r\n".utf8) + (body ?? []))
        return try response(hasBody: method != "HEAD")
    }

    /// Sends bytes as they are and waits for an answer.
    public func raw(_ bytes: [UInt8]) throws -> HTTPResponse {
        try socket.write(bytes)
        return try response(hasBody: true)
    }

    /// Sends bytes as they are.
    public func send(_ bytes: [UInt8]) throws {
        try socket.write(bytes)
    }

    /// Reads the answer to a request that was sent before.
    public func answer() throws -> HTTPResponse { try response(hasBody: true) }

    /// Says that nothing more will be sent; answers can still be read.
    public func finishWriting() {
        socket.finishWriting()
    }

    private func response(hasBody: Bool) throws -> HTTPResponse {
        while true {
            let lines = try head()
            let words = lines[0].split(separator: " ", maxSplits: 2)
            guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
                throw HarnessError("no status line: \(lines[0])")
            }
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                guard let colon = line.firstIndex(of: ":") else { throw HarnessError("no header field: \(line)") }
                headers[line[..<colon].lowercased()] = String(
                    line[line.index(after: colon)...].drop(while: { $0 == " " }))
            }
            if status == 100 { continue }
            var body: [UInt8] = []
            if hasBody, status != 204, status != 304 {
                if headers["transfer-encoding"]?.lowercased() == "chunked" {
                    body = try chunks()
                } else if let length = headers["content-length"].flatMap({ Int($0) }) {
                    body = try take(length)
                } else {
                    body = try rest()
                }
            }
            return HTTPResponse(status: status, headers: headers, body: body)
        }
    }

    private func fill() throws {
        let bytes = try socket.read()
        guard !bytes.isEmpty else { throw HarnessError("the server closed the connection") }
        unread += bytes
    }

    func take(_ count: Int) throws -> [UInt8] {
        while unread.count < count { try fill() }
        let taken = Array(unread[..<count])
        unread.removeFirst(count)
        return taken
    }

    /// Everything up to the end of the connection.
    public func rest() throws -> [UInt8] {
        while true {
            let bytes = try socket.read()
            if bytes.isEmpty { break }
            unread += bytes
        }
        defer { unread = [] }
        return unread
    }

    /// The next line, without its end.
    public func line() throws -> String {
        var searched = 0
        while true {
            while searched + 1 < unread.count {
                if unread[searched] == 0x0D, unread[searched + 1] == 0x0A {
                    let text = String(decoding: unread[..<searched], as: UTF8.self)
                    unread.removeFirst(searched + 2)
                    return text
                }
                searched += 1
            }
            try fill()
        }
    }

    func head() throws -> [String] {
        var lines = [try line()]
        while true {
            let next = try line()
            if next.isEmpty { return lines }
            lines.append(next)
        }
    }

    private func chunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let size = try line().prefix { $0 != ";" }
            guard let count = Int(size, radix: 16) else { throw HarnessError("no chunk size: \(size)") }
            if count == 0 {
                while !(try line()).isEmpty {}
                return body
            }
            body += try take(count)
            _ = try take(2)
        }
    }
}
