/// Which proxies are believed when they say for whom they ask.
public struct ProxyTrust: Sendable, Equatable {
    /// The header that names the client.
    public enum Header: String, Sendable, CaseIterable {
        /// `X-Forwarded-For` where there is one, else `Forwarded`.
        case auto
        case forwardedFor = "x-forwarded-for"
        case forwarded
    }

    /// Hops of a header that are looked at, from the last.
    public static let maxHops = 32

    /// The addresses of proxies; none are believed where there are none.
    public var ranges: [AddressRange]
    /// Where the client is named. A proxy sets one header and hands others on as the client sent them, so only the one
    /// that it sets must be believed.
    public var header: Header

    /// Creates a list.
    public init(ranges: [AddressRange] = [], header: Header = .auto) {
        self.ranges = ranges
        self.header = header
    }

    /// Whether what a peer says of its client is believed.
    public func trusts(_ peer: ClientAddress) -> Bool {
        ranges.contains { $0.contains(peer) }
    }

    /// The client of a request: the peer, unless that is a trusted proxy; then the last hop that is none.
    ///
    /// Where a hop is no address (`unknown`, a made-up name), or all hops are proxies, it is the one last believed.
    /// - Parameters:
    ///   - forwardedFor: the lines of `X-Forwarded-For`, in order.
    ///   - forwarded: the lines of `Forwarded` (RFC 7239), in order.
    public func client(peer: ClientAddress, forwardedFor: [String], forwarded: [String]) -> ClientAddress {
        guard trusts(peer) else { return peer }
        let hops: [Substring]
        switch header {
        case .forwardedFor: hops = Self.hops(forwardedFor)
        case .forwarded: hops = Self.hops(forwarded).map(Self.forwardedFor)
        case .auto:
            hops = forwardedFor.isEmpty ? Self.hops(forwarded).map(Self.forwardedFor) : Self.hops(forwardedFor)
        }
        var client = peer
        for hop in hops {
            guard let address = Self.address(hop) else { break }
            client = address
            guard trusts(address) else { break }
        }
        return client
    }

    /// The last hops of a header, the last first.
    private static func hops(_ lines: [String]) -> [Substring] {
        var hops: [Substring] = []
        for line in lines.reversed() {
            for hop in line.split(separator: ",", omittingEmptySubsequences: true).reversed() {
                guard hops.count < maxHops else { return hops }
                hops.append(hop)
            }
        }
        return hops
    }

    /// The value of `for` in an element of `Forwarded`; empty where there is none.
    private static func forwardedFor(_ element: Substring) -> Substring {
        for pair in element.split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].filter({ $0 != " " && $0 != "\t" }).lowercased() == "for" else { continue }
            return parts[1]
        }
        return ""
    }

    /// Reads `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`, also in double quotes.
    private static func address(_ hop: Substring) -> ClientAddress? {
        var text = hop.drop { $0 == " " || $0 == "\t" || $0 == "\"" }
        while let last = text.last, last == " " || last == "\t" || last == "\"" { text.removeLast() }
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            return ClientAddress(text[text.index(after: text.startIndex)..<end])
        }
        if let colon = text.firstIndex(of: ":"), text.firstIndex(of: ".").map({ $0 < colon }) ?? false {
            return ClientAddress(text[..<colon])
        }
        return ClientAddress(text)
    }
}
