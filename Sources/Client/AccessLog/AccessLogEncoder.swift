/// Writes a line of an access log as an event.
struct AccessLogEncoder: Sendable {
    private let options: AccessLogOptions
    private let key: VisitorKey
    /// ``AccessLogOptions/baseURL`` without a slash at its end.
    private let base: String?

    init(_ options: AccessLogOptions) {
        self.options = options
        key = VisitorKey(salt: options.salt)
        base = options.baseURL.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    }

    /// What a line counts as; `nil` for a kind that is to be left out.
    func kind(of line: AccessLogLine) -> RequestKind? {
        let kind = RequestKind(method: line.method, target: line.target, status: line.status)
        return options.skipped.contains(kind) ? nil : kind
    }

    /// Appends the event as an object and a line end.
    func append(_ line: AccessLogLine, as kind: RequestKind, to output: inout [UInt8]) {
        output.append(contentsOf: "{\"event\":\"\(kind.rawValue)\",\"time\":\(line.time),\"visitor\":".utf8)
        JSONText.appendString(key.visitor(address: line.address, userAgent: line.userAgent), to: &output)
        func append(_ name: String, _ value: String?) {
            guard let value else { return }
            output.append(contentsOf: ",\"\(name)\":".utf8)
            JSONText.appendString(value, to: &output)
        }
        append("url", url(of: line))
        append("referrer", line.referrer)
        append("user_agent", line.userAgent)
        append("user", line.user)
        output.append(contentsOf: ",\"props\":{\"method\":\"\(line.method)\",\"status\":\(line.status)".utf8)
        if let bytes = line.bytes { output.append(contentsOf: ",\"bytes\":\(bytes)".utf8) }
        output.append(contentsOf: "}}\n".utf8)
    }

    /// The URL that was asked for: with the host where it is known, else the path alone.
    private func url(of line: AccessLogLine) -> String {
        guard line.target.hasPrefix("/") else { return line.target }
        if let base { return base + line.target }
        if let host = line.virtualHost { return "http://" + host + line.target }
        // Two slashes would begin a host.
        return "/" + line.target.drop { $0 == "/" }
    }
}

/// How access logs are read.
public struct AccessLogOptions: Sendable, Equatable {
    /// The shortest salt.
    public static let leastSaltBytes = 16

    /// Scheme and host of the site that wrote the log, such as `https://example.com`; `nil` where the log says it or nobody
    /// knows.
    public var baseURL: String?
    /// What visitors are hashed with, so that those of several imports are the same; `nil` for a random one.
    public var salt: String?
    /// What is left out.
    public var skipped: Set<RequestKind> = []

    /// Creates options that leave nothing out.
    public init() {}
}
