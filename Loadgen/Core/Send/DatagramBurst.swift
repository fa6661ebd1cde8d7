import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Sends many datagrams with one call: sole owner of a connected UDP socket and of the memory the datagrams lie in.
///
/// The system cuts a burst into datagrams of one length (`UDP_SEGMENT`), which costs it a fraction of as many calls, so
/// bodies are made equally long with blanks behind them, which are no part of JSON. Where the system cannot do that, or
/// a body is large, datagrams are sent one by one.
struct DatagramBurst: ~Copyable {
    /// Datagrams of a burst at most; the system takes no more at once.
    static let limit = 64
    private static let bytesLimit = 60_000
    // Of Linux's `linux/udp.h`.
    private static let udpLevel: CInt = 17
    private static let segmentOption: CInt = 103

    private let descriptor: CInt
    private var lengths: [Int] = []
    private var longest = 0
    private let memory: UnsafeMutableRawPointer
    private let slotBytes = 64 * 1024
    private var canSegment = true

    /// Opens a socket that sends to an address.
    init(to address: SocketAddress) throws(RunError) {
        let family: CInt = address.protocol == .inet6 ? AF_INET6 : AF_INET
        descriptor = socket(family, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        memory = .allocate(byteCount: slotBytes * (Self.limit + 1), alignment: 64)
        var bytes: CInt = 4 << 20
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<CInt>.size))
        let result = address.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        guard descriptor >= 0, result == 0 else {
            throw RunError.cannotConnect(address: "\(address)", reason: String(cString: strerror(errno)))
        }
    }

    deinit {
        close(descriptor)
        memory.deallocate()
    }

    /// Datagrams that have been added and not sent.
    var count: Int { lengths.count }

    /// Whether another burst has to begin before this body.
    func isFull(before bytes: [UInt8]) -> Bool {
        lengths.count == Self.limit
            || (!lengths.isEmpty && max(longest, bytes.count) * (lengths.count + 1) > Self.bytesLimit)
    }

    /// Adds a datagram; its bytes are the loadgen's own, at most ``RunOptions/datagramByteLimit``.
    mutating func add(_ bytes: [UInt8]) {
        let length = min(bytes.count, slotBytes)
        bytes.withUnsafeBytes { source in
            if let start = source.baseAddress {
                (memory + lengths.count * slotBytes).copyMemory(from: start, byteCount: length)
            }
        }
        lengths.append(length)
        longest = max(longest, length)
    }

    /// Sends what was added.
    ///
    /// - Returns: datagrams that the system took, and the reason where it did not take all.
    mutating func send() -> (sent: Int, reason: String?) {
        defer {
            lengths.removeAll(keepingCapacity: true)
            longest = 0
        }
        if canSegment, lengths.count > 1 {
            if sendSegmented() { return (lengths.count, nil) }
            // A closed port answers an earlier datagram; anything else is that the system does not know segments.
            if errno != ECONNREFUSED { canSegment = false }
        }
        var sent = 0
        var reason: String?
        for (slot, length) in lengths.enumerated() {
            if Glibc.send(descriptor, memory + slot * slotBytes, length, CInt(MSG_NOSIGNAL)) == length {
                sent += 1
            } else {
                reason = String(cString: strerror(errno))
            }
        }
        return (sent, reason)
    }

    private func sendSegmented() -> Bool {
        let joined = memory + Self.limit * slotBytes
        var end = 0
        for (slot, length) in lengths.enumerated() {
            (joined + end).copyMemory(from: memory + slot * slotBytes, byteCount: length)
            end += length
            // The last one may be shorter.
            guard slot < lengths.count - 1 else { break }
            memset(joined + end, 0x20, longest - length)
            end += longest - length
        }
        var vector = iovec(iov_base: joined, iov_len: end)
        // A control message: its length, level and type, then the segments' length, aligned to eight bytes.
        var control: (Int, CInt, CInt, UInt16, UInt16, UInt32) = (
            18, Self.udpLevel, Self.segmentOption, UInt16(longest), 0, 0
        )
        return withUnsafeMutablePointer(to: &vector) { vector in
            withUnsafeMutableBytes(of: &control) { control in
                var message = msghdr()
                message.msg_iov = vector
                message.msg_iovlen = 1
                message.msg_control = control.baseAddress
                message.msg_controllen = 24
                return sendmsg(descriptor, &message, CInt(MSG_NOSIGNAL)) == end
            }
        }
    }
}
