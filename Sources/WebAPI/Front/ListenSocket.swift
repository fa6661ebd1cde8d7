import CLinux
import Logging
import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Sole owner of the socket on which connections are accepted.
///
/// Several threads may accept at once; it is closed when the last of them lets go.
final class ListenSocket: Sendable {
    let descriptor: CInt
    /// The address actually bound: port 0 has become the port the system chose.
    let address: SocketAddress

    /// Opens, binds and listens.
    ///
    /// - Throws: ``ServerStartError`` with the system's reason when the address cannot be used.
    init(_ wanted: SocketAddress, backlog: Int) throws(ServerStartError) {
        let family: CInt = wanted.protocol == .inet6 ? AF_INET6 : AF_INET
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw Self.failure(wanted) }
        var yes: CInt = 1
        let size = socklen_t(MemoryLayout<CInt>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size)
        // Connections inherit it. An answer is one write, so there is nothing to gather.
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, size)
        let isBound = wanted.withSockAddr { pointer, size in bind(descriptor, pointer, socklen_t(size)) } == 0
        guard isBound, listen(descriptor, CInt(backlog)) == 0, let bound = Self.localAddress(of: descriptor) else {
            let error = Self.failure(wanted)
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        address = bound
    }

    deinit {
        close(descriptor)
    }

    /// Refuses connections from now on, those that queue among them.
    func stop() {
        shutdown(descriptor, CInt(SHUT_RDWR))
    }

    /// What came of an attempt to accept.
    enum Accepted {
        /// A connection, non-blocking, and who it is from.
        case connection(CInt, SocketAddress?)
        /// There is none.
        case none
        /// One was there and is gone again.
        case gone
        /// The process or the system has no descriptor or memory left.
        case exhausted
    }

    /// Accepts a connection if there is one (`accept4`).
    func accept() -> Accepted {
        var storage = sockaddr_storage()
        let connection = weir_accept(descriptor, &storage)
        if connection >= 0 {
            return .connection(connection, withUnsafeBytes(of: &storage) { SocketAddress(system: $0) })
        }
        switch errno {
        case EAGAIN: return .none
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
        // Errors of the connection itself, which Linux hands on here.
        default: return .gone
        }
    }

    private static func failure(_ address: SocketAddress) -> ServerStartError {
        ServerStartError(
            "cannot listen for HTTP on \(address.listenAddress): \(String(cString: strerror(errno)))")
    }

    private static func localAddress(of descriptor: CInt) -> SocketAddress? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &storage) { bytes in
            guard let base = bytes.baseAddress,
                getsockname(descriptor, base.assumingMemoryBound(to: sockaddr.self), &size) == 0
            else { return nil }
            return SocketAddress(system: UnsafeRawBufferPointer(bytes))
        }
    }
}

extension SocketAddress {
    /// The address in a `sockaddr` that the system filled; `nil` for a family that is neither IPv4 nor IPv6.
    init?(system bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= MemoryLayout<sockaddr_in6>.size else { return nil }
        switch CInt(bytes.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET: self = SocketAddress(bytes.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6: self = SocketAddress(bytes.loadUnaligned(as: sockaddr_in6.self))
        default: return nil
        }
    }
}
