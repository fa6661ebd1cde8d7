import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Sole owner of the memory that one `recvmmsg` call fills: a row of equal slots and the kernel's descriptions of them.
///
/// Everything unsafe about receiving lies in this type. The layout of the message array is the kernel's:
///
///     struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; }   // stride: a multiple of the alignment
struct DatagramVector: ~Copyable {
    /// The C library's function, looked up by name since the importer does not show GNU extensions.
    private typealias ReceiveMany =
        @convention(c) (CInt, UnsafeMutableRawPointer, CUnsignedInt, CInt, UnsafeMutableRawPointer?) -> CInt

    private static let headerStride = 64
    private static let lengthOffset = MemoryLayout<msghdr>.size
    private static let nameBytes = MemoryLayout<sockaddr_storage>.size
    // Of Linux's `struct msghdr` on 64 bits, which keeps them where POSIX has them.
    private static let nameLengthOffset = MemoryLayout<msghdr>.offset(of: \.msg_namelen) ?? 8
    private static let flagsOffset = MemoryLayout<msghdr>.offset(of: \.msg_flags) ?? 48

    /// Datagrams a call can take.
    let slots: Int
    /// Bytes a slot holds; what is longer is cut by the kernel and flagged.
    let slotBytes: Int

    private let receiveMany: ReceiveMany
    private let payload: UnsafeMutableRawPointer
    private let names: UnsafeMutableRawPointer
    private let vectors: UnsafeMutablePointer<iovec>
    private let headers: UnsafeMutableRawPointer
    /// Slots that the last call filled.
    private var filled = 0

    /// - Parameters:
    ///   - slots: datagrams a call, at least 1.
    ///   - slotBytes: bytes a datagram, at least 1.
    init(slots: Int, slotBytes: Int) throws(UDPError) {
        precondition(slots > 0 && slotBytes > 0)
        precondition(Self.lengthOffset + 4 <= Self.headerStride)
        guard let symbol = dlsym(nil, "recvmmsg") else {
            throw UDPError("this system's C library has no recvmmsg")
        }
        self.receiveMany = unsafeBitCast(symbol, to: ReceiveMany.self)
        self.slots = slots
        self.slotBytes = slotBytes
        self.payload = .allocate(byteCount: slots * slotBytes, alignment: 64)
        self.names = .allocate(byteCount: slots * Self.nameBytes, alignment: 64)
        self.vectors = .allocate(capacity: slots)
        self.headers = .allocate(byteCount: slots * Self.headerStride, alignment: 64)
        payload.initializeMemory(as: UInt8.self, repeating: 0, count: slots * slotBytes)
        names.initializeMemory(as: UInt8.self, repeating: 0, count: slots * Self.nameBytes)
        headers.initializeMemory(as: UInt8.self, repeating: 0, count: slots * Self.headerStride)
        for slot in 0..<slots {
            (vectors + slot).initialize(to: iovec(iov_base: payload + slot * slotBytes, iov_len: slotBytes))
            var header = msghdr()
            header.msg_name = names + slot * Self.nameBytes
            header.msg_namelen = socklen_t(Self.nameBytes)
            header.msg_iov = vectors + slot
            header.msg_iovlen = 1
            (headers + slot * Self.headerStride).storeBytes(of: header, as: msghdr.self)
        }
    }

    deinit {
        payload.deallocate()
        names.deallocate()
        vectors.deallocate()
        headers.deallocate()
    }

    /// Takes what the socket has queued, without waiting.
    ///
    /// - Returns: the number of datagrams, 0 when there are none; an error number below zero.
    mutating func receive(from socket: borrowing DatagramSocket) -> Int {
        // The kernel overwrites the length of the name, the flags and the length, of the slots that it fills.
        for slot in 0..<filled {
            (headers + slot * Self.headerStride + Self.nameLengthOffset)
                .storeBytes(of: socklen_t(Self.nameBytes), as: socklen_t.self)
            (headers + slot * Self.headerStride + Self.flagsOffset).storeBytes(of: 0, as: CInt.self)
        }
        let flags = CInt(MSG_DONTWAIT)
        let taken = receiveMany(socket.descriptor, headers, CUnsignedInt(slots), flags, nil)
        filled = max(0, Int(taken))
        guard taken < 0 else { return Int(taken) }
        let code = errno
        return code == EAGAIN || code == EWOULDBLOCK || code == EINTR ? 0 : -Int(code)
    }

    /// Whether the kernel cut the datagram of `slot` to the slot's size.
    func isTruncated(_ slot: Int) -> Bool {
        precondition(slot >= 0 && slot < slots)
        let flags = (headers + slot * Self.headerStride + Self.flagsOffset).load(as: CInt.self)
        return flags & CInt(MSG_TRUNC) != 0
    }

    /// Lends the bytes of the datagram in `slot`, as many as were received.
    func withDatagram<Result>(_ slot: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        precondition(slot >= 0 && slot < slots)
        let length = (headers + slot * Self.headerStride + Self.lengthOffset).load(as: CUnsignedInt.self)
        return body(UnsafeRawBufferPointer(start: payload + slot * slotBytes, count: min(Int(length), slotBytes)))
    }

    /// Appends the bytes of the datagram in `slot` to `bytes`.
    func append(_ slot: Int, to bytes: inout [UInt8]) {
        withDatagram(slot) { bytes.append(contentsOf: $0) }
    }

    /// A sender's address without its port: what tells one host from another.
    struct Host: Equatable {
        fileprivate var family: sa_family_t = 0
        fileprivate var high: UInt64 = 0
        fileprivate var low: UInt64 = 0
    }

    /// The host that sent the datagram of `slot`.
    func host(_ slot: Int) -> Host {
        let name = name(slot)
        let family = name.loadUnaligned(as: sa_family_t.self)
        // Where the address lies in a sockaddr_in and in a sockaddr_in6: behind the port, and there behind the flow.
        if CInt(family) == AF_INET {
            return Host(family: family, low: UInt64(name.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        }
        return Host(
            family: family, high: name.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
            low: name.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
    }

    private func name(_ slot: Int) -> UnsafeRawPointer {
        precondition(slot >= 0 && slot < slots)
        return UnsafeRawPointer(names + slot * Self.nameBytes)
    }

    /// Who sent the datagram of `slot`; `nil` for an address that is neither IPv4 nor IPv6.
    func sender(_ slot: Int) -> SocketAddress? {
        SocketAddress(socketAddressBytes: UnsafeRawBufferPointer(start: name(slot), count: Self.nameBytes))
    }
}
