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

    /// Datagrams a call can take.
    let slots: Int
    /// Bytes a slot holds; what is longer is cut by the kernel and flagged.
    let slotBytes: Int

    private let receiveMany: ReceiveMany
    private let payload: UnsafeMutableRawPointer
    private let names: UnsafeMutableRawPointer
    private let vectors: UnsafeMutablePointer<iovec>
    private let headers: UnsafeMutableRawPointer

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
        // The kernel overwrites name lengths and flags, so each call begins with fresh headers.
        for slot in 0..<slots {
            var header = msghdr()
            header.msg_name = names + slot * Self.nameBytes
            header.msg_namelen = socklen_t(Self.nameBytes)
            header.msg_iov = vectors + slot
            header.msg_iovlen = 1
            (headers + slot * Self.headerStride).storeBytes(of: header, as: msghdr.self)
        }
        let flags = CInt(MSG_DONTWAIT)
        let taken = receiveMany(socket.descriptor, headers, CUnsignedInt(slots), flags, nil)
        guard taken < 0 else { return Int(taken) }
        let code = errno
        return code == EAGAIN || code == EWOULDBLOCK || code == EINTR ? 0 : -Int(code)
    }

    /// Whether the kernel cut the datagram of `slot` to the slot's size.
    func isTruncated(_ slot: Int) -> Bool {
        precondition(slot >= 0 && slot < slots)
        let header = (headers + slot * Self.headerStride).load(as: msghdr.self)
        return header.msg_flags & CInt(MSG_TRUNC) != 0
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

    /// Whether the datagrams of two slots came from one host; the port does not matter.
    func haveSameHost(_ left: Int, _ right: Int) -> Bool {
        sender(left)?.ipAddress == sender(right)?.ipAddress
    }

    /// Who sent the datagram of `slot`; `nil` for an address that is neither IPv4 nor IPv6.
    func sender(_ slot: Int) -> SocketAddress? {
        precondition(slot >= 0 && slot < slots)
        let name = UnsafeRawBufferPointer(start: names + slot * Self.nameBytes, count: Self.nameBytes)
        return SocketAddress(socketAddressBytes: name)
    }
}
