import Dispatch
import Glibc
import Synchronization

/// A server on a free port of this machine that reads one request a connection, answers with fixed bytes and closes.
final class SocketServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let received = Mutex<[[UInt8]]>([])

    /// `answer` is the whole response; an empty one closes the connection without a word.
    init(answer: String) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isReady = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(listener, raw, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, raw, &size) == 0
            }
        }
        precondition(listener >= 0 && isReady, "a test's server cannot listen")
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        let bytes = Array(answer.utf8)
        DispatchQueue(label: "weir.tests.server").async {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                let request = Self.readRequest(connection)
                self.received.withLock { $0.append(request) }
                _ = bytes.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                close(connection)
            }
        }
    }

    /// The requests so far: heads and bodies as they came.
    var requests: [[UInt8]] { received.withLock { $0 } }

    /// Ends the waiting for connections.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Reads up to the end of the body that `Content-Length` announces.
    private static func readRequest(_ connection: Int32) -> [UInt8] {
        var request: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = block.withUnsafeMutableBytes { recv(connection, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return request }
            request += block[..<count]
            let text = String(decoding: request, as: UTF8.self).lowercased()
            guard let end = text.range(of: "\r\n\r\n") else { continue }
            let head = text[..<end]
            let length =
                head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                .flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
            if request.count >= text[..<end].utf8.count + 4 + length { return request }
        }
    }
}

extension String {
    /// Where `part` begins; ASCII only, which is enough for a request's head.
    fileprivate func range(of part: String) -> String.Index? {
        var index = startIndex
        while index < endIndex {
            if self[index...].utf8.starts(with: part.utf8) { return index }
            index = utf8.index(after: index)
        }
        return nil
    }
}
