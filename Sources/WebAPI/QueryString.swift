/// The parameters of a URL's query, decoded, in the order in which they stand.
public struct QueryString: Sendable {
    /// Name and value of each parameter; one without `=` has an empty value.
    public let parameters: [(String, String)]

    /// Decodes `text`, the part of a URL after `?`: `%XX` and `+` as in forms.
    ///
    /// Bytes that are no UTF-8 after decoding become U+FFFD, and a `%` without two digits stays what it is.
    public init(_ text: some StringProtocol) {
        var parameters: [(String, String)] = []
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first, !name.isEmpty else { continue }
            parameters.append((Self.decode(name), parts.count > 1 ? Self.decode(parts[1]) : ""))
        }
        self.parameters = parameters
    }

    /// The last value of `name`, as with the keys of a JSON object; `nil` when it is absent.
    public subscript(name: String) -> String? {
        parameters.last { $0.0 == name }?.1
    }

    /// The parameters without the key by which the request is admitted, which has no other meaning.
    var parametersWithoutKey: [(String, String)] { parameters.filter { $0.0 != "key" } }

    /// Reads a truth value: `true`, `1` or nothing after the name, `false` or `0`. Absent is false.
    func flag(_ name: String) throws(Problem) -> Bool {
        switch self[name] {
        case nil, "false", "0": return false
        case "true", "1", "": return true
        default: throw .invalidParameter(name, "must be true or false.")
        }
    }

    /// Reads the name of a site: 1…64 bytes of letters, digits, `.`, `_` and `-`; `nil` when it is absent or empty.
    func site() throws(Problem) -> String? {
        guard let site = self["site"], !site.isEmpty else { return nil }
        return try Self.checked(site: site)
    }

    /// Refuses everything but these parameters, each once and with a value: what removes something must not take a slip of
    /// the finger for a name left out.
    func requireOnly(_ names: String...) throws(Problem) {
        var seen: Set<String> = []
        for (name, value) in parametersWithoutKey {
            guard names.contains(name) else {
                throw .invalidParameter(
                    name, "there is no such parameter here; there is " + names.joined(separator: " and ") + ".")
            }
            guard seen.insert(name).inserted else { throw .invalidParameter(name, "must stand here once.") }
            guard name != "site" || !value.isEmpty else {
                throw .invalidParameter(name, "must not be empty; leave it out for the site default.")
            }
        }
    }

    /// The name of a site, if it is one.
    static func checked(site: String) throws(Problem) -> String {
        let isAllowed = site.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
        guard isAllowed, (1...WebLimits.siteBytes).contains(site.utf8.count) else {
            throw Problem(
                400, code: "invalid_site", title: "The site's name cannot be used",
                detail: "A site's name is 1 to \(WebLimits.siteBytes) letters, digits, dots, underscores and dashes.",
                field: "site")
        }
        return site
    }

    /// Reads an integer within bounds; `fallback` when it is absent.
    func integer(_ name: String, in range: ClosedRange<Int>, default fallback: Int) throws(Problem) -> Int {
        guard let text = self[name] else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw .invalidParameter(name, "must be an integer from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    private static func decode(_ bytes: some Collection<UInt8>) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index != bytes.endIndex {
            let byte = bytes[index]
            bytes.formIndex(after: &index)
            if byte == UInt8(ascii: "%"), let (value, next) = hexadecimalPair(bytes, at: index) {
                decoded.append(value)
                index = next
            } else {
                decoded.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func hexadecimalPair<Bytes: Collection<UInt8>>(
        _ bytes: Bytes, at index: Bytes.Index
    ) -> (UInt8, Bytes.Index)? {
        guard index != bytes.endIndex, let high = digit(bytes[index]) else { return nil }
        let second = bytes.index(after: index)
        guard second != bytes.endIndex, let low = digit(bytes[second]) else { return nil }
        return (high << 4 | low, bytes.index(after: second))
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
