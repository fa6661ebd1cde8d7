/// A server's refusal in words, from `application/problem+json` (RFC 9457) or whatever else it sent.
public struct Problem: Sendable, Equatable {
    /// The HTTP status.
    public var status: Int
    /// The stable code, if it sent one.
    public var code: String?
    /// The title, or the status in words.
    public var title: String
    /// What exactly is wrong, if it said so.
    public var detail: String?

    /// Reads a refusal; never fails, because anything may stand between client and server.
    public init(_ response: ClientResponse) {
        status = response.status
        title = "the server answered \(response.status)"
        guard let node = try? JSONNode(parsing: response.body), case .object = node else {
            let text = String(decoding: response.body.prefix(300), as: UTF8.self)
            detail = text.isEmpty ? nil : text
            return
        }
        code = node["code"]?.text
        title = node["title"]?.text ?? title
        detail = node["detail"]?.text
    }

    /// One line: title, detail, code.
    public var description: String {
        var line = title
        if let detail { line += ": \(detail)" }
        if let code { line += " (\(code))" }
        return Console.harmless(line)
    }
}
