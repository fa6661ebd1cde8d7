/// The origins whose pages may send events.
public struct OriginList: Sendable, Equatable {
    /// Origins in a list.
    public static let limit = 1000
    /// Bytes of an origin.
    static let originBytes = 300

    /// Whether pages of every origin may.
    public let allowsAny: Bool
    private let origins: [[UInt8]]

    /// A list that allows every origin.
    public static let any = OriginList(allowsAny: true, origins: [])

    private init(allowsAny: Bool, origins: [[UInt8]]) {
        self.allowsAny = allowsAny
        self.origins = origins
    }

    /// Why a text is no origin, continuing its quotation.
    public struct ParseError: Error, Equatable, CustomStringConvertible {
        /// What is wrong and what would be right.
        public let description: String
    }

    /// Reads a list.
    ///
    /// - Parameter texts: origins as browsers send them, `https://shop.example` or `http://localhost:3000`, or `*` for
    ///   any. A port that the scheme has anyway is left out, and capitals are made small.
    /// - Throws: ``ParseError`` for a text that is none, such as one with a path.
    public init(_ texts: [String]) throws(ParseError) {
        guard texts.count <= Self.limit else {
            throw ParseError(description: "has \(texts.count) origins, more than the \(Self.limit) allowed")
        }
        var origins: [[UInt8]] = []
        var allowsAny = false
        for text in texts {
            if text == "*" {
                allowsAny = true
            } else {
                origins.append(Array(try Self.normal(text).utf8))
            }
        }
        self.init(allowsAny: allowsAny, origins: origins)
    }

    private static func normal(_ text: String) throws(ParseError) -> String {
        let example = "an origin is a scheme and a host, such as https://shop.example or http://localhost:3000"
        let lower = text.lowercased()
        guard let scheme = ["https://", "http://"].first(where: { lower.hasPrefix($0) }) else {
            throw ParseError(description: "\"\(text)\" begins neither with https:// nor with http://; \(example)")
        }
        var host = lower.dropFirst(scheme.count)
        let plain = scheme == "https://" ? ":443" : ":80"
        if host.hasSuffix(plain) { host.removeLast(plain.count) }
        let allowed = host.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5B, 0x5D, 0x5F: true
            default: false
            }
        }
        guard allowed, !host.isEmpty, host.first != ":", host.last != ":", lower.utf8.count <= originBytes else {
            throw ParseError(description: "\"\(text)\" is no origin; \(example), without a path")
        }
        return scheme + host
    }

    /// Whether pages of an origin may send events. Only what a browser sends is the same byte by byte.
    ///
    /// - Complexity: O(origins), no allocation.
    func allows(_ origin: UnsafeRawBufferPointer) -> Bool {
        if allowsAny { return true }
        return names(origin)
    }

    /// Whether the origin is one of those that are named.
    func names(_ origin: UnsafeRawBufferPointer) -> Bool {
        for candidate in origins where candidate.count == origin.count {
            if candidate.elementsEqual(origin) { return true }
        }
        return false
    }
}
