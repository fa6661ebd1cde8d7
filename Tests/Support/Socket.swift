import Foundation
import Glibc

/// A socket to a port of this machine.
struct Socket: ~Copyable {
    private let descriptor: Int32

    /// Connects; reads and writes that take longer than the given time fail.
    init(type: __socket_type, port: UInt16, seconds: Int, receiveBuffer: Int32? = nil) throws {
        // Kept apart until nothing can fail any more. From when `self` has a descriptor, what is thrown closes it too, and closing
        // it a second time would close whatever another thread has opened in between.
        let opened = socket(AF_INET, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard opened >= 0 else { throw Socket.failure("socket") }
        do {
            try Socket.connect(
                opened, type: type, port: port, seconds: seconds, receiveBuffer: receiveBuffer)
        } catch {
            close(opened)
            throw error
        }
        descriptor = opened
    }

    private static func connect(
        _ descriptor: Int32, type: __socket_type, port: UInt16, seconds: Int, receiveBuffer: Int32?
    ) throws {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        if var receiveBuffer {
            setsockopt(
                descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        var one: Int32 = 1
        if type == SOCK_STREAM {
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Socket.failure("connect to port \(port)") }
    }

    deinit {
        close(descriptor)
    }

    private static func failure(_ what: String) -> HarnessError {
        HarnessError("\(what): \(String(cString: strerror(errno)))")
    }

    /// Writes all bytes.
    func write(_ bytes: [UInt8]) throws {
        var position = 0
        while position < bytes.count {
            let written = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress?.advanced(by: position), bytes.count - position, Int32(MSG_NOSIGNAL))
            }
            guard written >= 0 else { throw Socket.failure("send") }
            position += written
        }
    }

    /// Sends one datagram, an empty one too.
    func sendDatagram(_ bytes: [UInt8]) throws {
        let sent = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent == bytes.count else { throw Socket.failure("send a datagram") }
    }

    /// Reads what is there, waiting for the first byte; empty at the end of the stream.
    func read() throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            count = 0
            let received = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            guard received >= 0 else { throw Socket.failure("receive") }
            count = received
        }
    }

    /// Whether something has come, without waiting for it.
    var hasAnswer: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT | MSG_PEEK)) >= 0
    }

    /// Says that nothing more will be written.
    func finishWriting() {
        shutdown(descriptor, Int32(SHUT_WR))
    }
}

/// Sends datagrams to a port of this machine.
public struct DatagramSender: ~Copyable {
    private let socket: Socket

    /// Prepares to send to a port.
    public init(port: UInt16) throws {
        socket = try Socket(type: SOCK_DGRAM, port: port, seconds: 10)
    }

    /// Whether the port has answered anything.
    public var hasAnswer: Bool { socket.hasAnswer }

    /// Sends one datagram.
    public func send(_ text: String) throws {
        try socket.sendDatagram(Array(text.utf8))
    }

    /// Sends one datagram.
    public func send(_ bytes: [UInt8]) throws {
        try socket.sendDatagram(bytes)
    }
}
