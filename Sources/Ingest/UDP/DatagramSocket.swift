import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Why the UDP receiver could not be set up. The description is meant for the person at the terminal.
public struct UDPError: Error, Sendable, CustomStringConvertible {
    /// What failed and, where the system said so, why.
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    init(_ what: String, errno code: Int32) {
        self.description = "\(what): \(String(cString: strerror(code)))"
    }
}

/// Sole owner of one bound, non-blocking UDP socket.
///
/// All calls are made from one thread at a time; the descriptor is closed when the value goes away.
struct DatagramSocket: ~Copyable {
    /// What the kernel is asked to queue while the process is busy. It grants that to a process with `CAP_NET_ADMIN`, and
    /// others no more than `net.core.rmem_max`.
    static let receiveBufferBytes: CInt = 32 * 1024 * 1024

    let descriptor: CInt
    /// The address actually bound: port 0 has become the port the system chose.
    let boundAddress: SocketAddress

    /// Opens a socket and binds it.
    ///
    /// - Parameter address: where to listen; port 0 picks a free one.
    init(binding address: SocketAddress) throws(UDPError) {
        let family: CInt = address.protocol == .inet6 ? AF_INET6 : AF_INET
        let kind = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw UDPError("cannot open a UDP socket", errno: errno) }

        var wanted = Self.receiveBufferBytes
        // A smaller queue than asked for is not an error: what overflows is counted.
        let size = socklen_t(MemoryLayout<CInt>.size)
        if setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, size) != 0 {
            _ = setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &wanted, size)
        }
        let bound = address.withSockAddr { pointer, size in bind(descriptor, pointer, socklen_t(size)) }
        guard bound == 0 else {
            let code = errno
            close(descriptor)
            throw UDPError("cannot listen for UDP on \(address.ipAddress ?? "?"):\(address.port ?? 0)", errno: code)
        }
        guard let local = Self.localAddress(of: descriptor) else {
            close(descriptor)
            throw UDPError("cannot tell the UDP socket's own address")
        }
        self.descriptor = descriptor
        self.boundAddress = local
    }

    deinit {
        close(descriptor)
    }

    /// Waits until a datagram is there.
    ///
    /// - Returns: false when `milliseconds` went by, or a signal came, without one.
    func waitUntilReadable(milliseconds: CInt) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&request, 1, milliseconds) > 0
    }

    /// The socket's inode, by which `/proc/net/udp` names it; `nil` where the system does not say.
    func inode() -> UInt64? {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { return nil }
        return UInt64(information.st_ino)
    }

    private static func localAddress(of descriptor: CInt) -> SocketAddress? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutableBytes(of: &storage) { bytes in
            guard let base = bytes.baseAddress else { return CInt(-1) }
            return getsockname(descriptor, base.assumingMemoryBound(to: sockaddr.self), &size)
        }
        guard result == 0 else { return nil }
        return withUnsafeBytes(of: &storage) { SocketAddress(socketAddressBytes: $0) }
    }
}

extension SocketAddress {
    /// The address in a kernel-filled `sockaddr`, or `nil` for a family that is neither IPv4 nor IPv6.
    init?(socketAddressBytes bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= MemoryLayout<sockaddr_in6>.size else { return nil }
        switch CInt(bytes.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET: self = SocketAddress(bytes.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6: self = SocketAddress(bytes.loadUnaligned(as: sockaddr_in6.self))
        default: return nil
        }
    }
}
