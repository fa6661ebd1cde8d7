#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The address of a client, IPv4 or IPv6, as two numbers. An IPv4 address written as IPv6 is the IPv4 address.
public struct ClientAddress: Sendable, Hashable {
    /// The sixteen bytes of the address in IPv6 form, big-endian.
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(v4: UInt32) {
        self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(v4))
    }

    /// Where nothing is known of a client: `::`.
    public static let unknown = ClientAddress(high: 0, low: 0)

    /// Whether it is an IPv4 address.
    var isV4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// Whether only this machine can have it: 127.0.0.0/8 and `::1`.
    public var isLoopback: Bool { isV4 ? low >> 24 & 0xFF == 127 : high == 0 && low == 1 }

    /// What a rate limit counts by: the address itself, and of IPv6 the network of 64 bits that one household has.
    var limitKey: ClientAddress { isV4 ? self : ClientAddress(high: high, low: 0) }

    /// Reads what the socket functions say; `nil` for a family that is neither.
    ///
    /// - Parameter socketAddress: a whole `sockaddr_in` or `sockaddr_in6`.
    public init?(_ socketAddress: UnsafePointer<sockaddr>) {
        let raw = UnsafeRawPointer(socketAddress)
        switch CInt(socketAddress.pointee.sa_family) {
        case AF_INET:
            self.init(v4: UInt32(bigEndian: raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
        case AF_INET6:
            let bytes = raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            self = withUnsafeBytes(of: bytes) { ClientAddress(bigEndian: $0) }
        default: return nil
        }
    }

    private init(bigEndian bytes: UnsafeRawBufferPointer) {
        self.init(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    /// Reads an address without brackets or port; `nil` for anything else. What follows a `%` (an interface) is left out.
    public init?(_ text: some StringProtocol) {
        var bytes = Array(text.utf8.prefix { $0 != UInt8(ascii: "%") })
        guard !bytes.isEmpty, bytes.count < 46, !bytes.contains(0) else { return nil }
        bytes.append(0)
        var v4 = in_addr()
        var v6 = in6_addr()
        let found = bytes.withUnsafeBufferPointer { buffer -> ClientAddress? in
            guard let start = buffer.baseAddress else { return nil }
            return start.withMemoryRebound(to: CChar.self, capacity: buffer.count) { text in
                if inet_pton(AF_INET, text, &v4) == 1 { return ClientAddress(v4: UInt32(bigEndian: v4.s_addr)) }
                guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
                return withUnsafeBytes(of: v6) { ClientAddress(bigEndian: $0) }
            }
        }
        guard let found else { return nil }
        self = found
    }

    /// The address in the one form that the system writes it in.
    public var text: String {
        var out = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if isV4 {
            var address = in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian)
            inet_ntop(AF_INET, &address, &out, socklen_t(out.count))
        } else {
            var address = in6_addr()
            withUnsafeMutableBytes(of: &address) {
                $0.storeBytes(of: high.bigEndian, as: UInt64.self)
                $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            inet_ntop(AF_INET6, &address, &out, socklen_t(out.count))
        }
        return String(decoding: out.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Addresses that begin with the same bits, as `10.0.0.0/8` says it.
public struct AddressRange: Sendable, Hashable {
    private let high: UInt64
    private let low: UInt64
    private let highMask: UInt64
    private let lowMask: UInt64

    /// Reads `ADDRESS/BITS`, or one address; `nil` for anything else, and where bits behind the prefix are not zero.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = ClientAddress(parts[0]), !parts[0].contains("%") else { return nil }
        let width = address.isV4 && !parts[0].contains(":") ? 32 : 128
        var bits = width
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(parts[1]),
                (0...width).contains(number)
            else { return nil }
            bits = number
        }
        bits += 128 - width
        highMask = bits >= 64 ? .max : bits == 0 ? 0 : .max << UInt64(64 - bits)
        lowMask = bits <= 64 ? 0 : bits == 128 ? .max : .max << UInt64(128 - bits)
        (high, low) = (address.high, address.low)
        guard high & ~highMask == 0, low & ~lowMask == 0 else { return nil }
    }

    /// Whether an address lies in it.
    public func contains(_ address: ClientAddress) -> Bool {
        address.high & highMask == high && address.low & lowMask == low
    }
}
