/// A host and a port, such as `127.0.0.1:8081` or `[::1]:8081`.
public struct HostPort: Sendable, Hashable, CustomStringConvertible {
    /// The name or the address, without brackets.
    public let host: String
    /// The port, 1 to 65535.
    public let port: Int

    fileprivate init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`; the port may be left out where there is a default.
    ///
    /// - Returns: Nil if the text is no host with a port.
    public init?(_ text: some StringProtocol, defaultPort: Int? = nil) {
        var host = text[...]
        var portText: Substring?
        if host.first == "[" {
            guard let end = host.firstIndex(of: "]") else { return nil }
            let rest = host[host.index(after: end)...]
            host = host[host.index(after: host.startIndex)..<end]
            if !rest.isEmpty {
                guard rest.first == ":" else { return nil }
                portText = Substring(rest.dropFirst())
            }
        } else if let colon = host.firstIndex(of: ":") {
            portText = Substring(host[host.index(after: colon)...])
            host = host[..<colon]
        }
        guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || $0 == "/" }) else { return nil }
        let port: Int
        if let portText {
            guard portText.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(portText) else { return nil }
            port = number
        } else {
            guard let defaultPort else { return nil }
            port = defaultPort
        }
        guard (1...65_535).contains(port) else { return nil }
        self.host = String(host)
        self.port = port
    }

    /// `HOST:PORT`, with brackets around an IPv6 address.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// The address of a server: `http://HOST[:PORT][/PREFIX]`.
public struct TargetURL: Sendable, Hashable, CustomStringConvertible {
    /// Where to connect to.
    public let address: HostPort
    /// The path in front of `/v1/…`, without a slash at its end; mostly empty.
    public let prefix: String

    /// The server's default address, `http://127.0.0.1:8080`.
    public static let local = TargetURL(address: HostPort(host: "127.0.0.1", port: 8080))

    private init(address: HostPort) {
        self.address = address
        prefix = ""
    }

    /// Reads an address; nil if it is none, has a query, or is not plain HTTP.
    public init?(_ text: String) {
        let scheme = "http://"
        guard text.lowercased().hasPrefix(scheme) else { return nil }
        let rest = text.dropFirst(scheme.count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let address = HostPort(rest[..<slash], defaultPort: 80) else { return nil }
        var path = rest[slash...]
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !path.contains("?"), !path.contains("#") else {
            return nil
        }
        while path.last == "/" { path.removeLast() }
        self.address = address
        prefix = String(path)
    }

    /// The address as it was given, in its shortest form.
    public var description: String { "http://\(address)\(prefix)" }
}
