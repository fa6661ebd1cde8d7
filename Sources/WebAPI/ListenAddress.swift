import NIOCore

/// An address to listen on, as it is written on the command line: `HOST:PORT`, with IPv6 addresses in brackets.
public struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// A name or an address, without brackets.
    public var host: String
    /// 0…65535; 0 asks the system for a free one.
    public var port: Int

    /// Why a text is no address to listen on. The description is meant for the person at the terminal.
    public struct ParseError: Error, Sendable, Equatable, CustomStringConvertible {
        /// What is wrong and what would be right.
        public let description: String
    }

    /// Creates an address.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`.
    ///
    /// - Throws: ``ParseError`` when the host is missing, the port is none, or an IPv6 address stands without brackets.
    public init(parsing text: String) throws(ParseError) {
        let example = "write HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080"
        guard let colon = text.lastIndex(of: ":") else {
            throw ParseError(description: "\"\(text)\" has no port: \(example)")
        }
        var host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let port = Int(digits),
            port <= 65535
        else {
            throw ParseError(description: "\"\(text)\" has no port between 0 and 65535: \(example)")
        }
        if host.hasPrefix("[") && host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw ParseError(description: "\"\(text)\" has an IPv6 address without brackets: \(example)")
        }
        guard !host.isEmpty else {
            throw ParseError(description: "\"\(text)\" has no host: \(example)")
        }
        self.init(host: String(host), port: port)
    }

    /// `HOST:PORT`, with brackets where they are needed.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Looks the host up; blocks while a name is being resolved.
    ///
    /// - Throws: ``ParseError`` when there is no such host.
    public func resolved() throws(ParseError) -> SocketAddress {
        do {
            return try SocketAddress.makeAddressResolvingHost(host, port: port)
        } catch {
            throw ParseError(description: "there is no host \"\(host)\"")
        }
    }
}

extension SocketAddress {
    /// Whether only this machine can reach the address: 127.0.0.0/8, `::1`, and the former written as IPv6.
    public var isLoopback: Bool {
        guard let text = ipAddress else { return true }
        // The system writes addresses in one canonical form, so a look at the text is enough.
        return text.hasPrefix("127.") || text == "::1" || text.hasPrefix("::ffff:127.")
    }

    /// The address as ``ListenAddress`` writes it.
    public var listenAddress: ListenAddress {
        ListenAddress(host: ipAddress ?? "", port: port ?? 0)
    }
}
