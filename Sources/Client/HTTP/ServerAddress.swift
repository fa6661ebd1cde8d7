/// Where a server listens: the text of a URL, taken apart just far enough.
public struct ServerAddress: Sendable, Equatable {
    /// Scheme, host, port and path prefix, without a slash at the end.
    public let base: String
    /// The host, without brackets.
    public let host: String

    /// Reads `http://HOST[:PORT][/PREFIX]`; without a scheme, `http` is meant.
    public init(_ text: String) throws(ClientError) {
        func wrong(_ reason: String) -> ClientError {
            ClientError(.usage, "\(Console.harmless(text)) is not a server's address: \(reason)")
        }
        var base = text.contains("://") ? text : "http://" + text
        while base.last == "/" { base.removeLast() }
        guard let scheme = ["http://", "https://"].first(where: { base.lowercased().hasPrefix($0) }) else {
            throw wrong("it must begin with http:// or https://")
        }
        guard base.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw wrong("it holds blanks or other odd characters")
        }
        let rest = base.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" }
        guard !rest.contains("?"), !rest.contains("#"), !authority.contains("@") else {
            throw wrong("it must be no more than scheme, host, port and path")
        }
        var host = authority
        var port: Substring?
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { throw wrong("a bracket is missing") }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let after = authority[authority.index(after: end)...]
            if let first = after.first {
                guard first == ":" else { throw wrong("after the bracket comes a port") }
                port = after.dropFirst()
            }
        } else if let colon = authority.lastIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard !host.isEmpty else { throw wrong("the host is missing") }
        if let port, UInt16(port) ?? 0 == 0 { throw wrong("the port must be a number from 1 to 65535") }
        self.base = base
        self.host = String(host)
    }

    /// Whether the host can only be this machine, so that compressing a body saves nothing.
    public var isLoopback: Bool {
        host.lowercased() == "localhost" || host.hasPrefix("127.") || host == "::1"
    }

    /// The URL of a path with query parameters.
    public func url(_ path: String, parameters: [(name: String, value: String)] = []) -> String {
        var url = base + path
        for (index, parameter) in parameters.enumerated() {
            url += index == 0 ? "?" : "&"
            url += Self.percentEncoded(parameter.name) + "=" + Self.percentEncoded(parameter.value)
        }
        return url
    }

    /// `text` with everything but RFC 3986's unreserved characters written as `%XX`.
    public static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            default:
                result.append(UInt8(ascii: "%"))
                result.append(digits[Int(byte >> 4)])
                result.append(digits[Int(byte & 15)])
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
