import Foundation
import LoadgenSystem
import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Asks a server queries, one at a time, over one connection that it opens again when it has broken.
public final class ServerClient {
    /// Why a query has no answer.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// The longest answer that is read.
    private static let answerLimit = 256 << 20
    private static let patience: Int64 = 120_000_000_000

    private let url: TargetURL
    private let headers: String
    private let address: SocketAddress
    private var connection: Connection?
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)

    /// A client of the server at an address.
    public init(_ url: TargetURL, headers: [(name: String, value: String)] = []) throws(RunError) {
        self.url = url
        self.headers = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        address = try Traffic.resolve(url.address)
    }

    deinit { scratch.deallocate() }

    /// Asks a query of a kind.
    ///
    /// - Returns: The answer's object.
    /// - Throws: ``Failure`` where the server cannot be reached or refuses.
    func query(_ kind: String, _ query: [String: Any]) throws -> [String: Any] {
        let body = try JSONSerialization.data(withJSONObject: query, options: [.sortedKeys])
        let head = """
            POST \(url.prefix)/v1/query/\(kind) HTTP/1.1\r
            Host: \(url.address)\r
            User-Agent: loadgen\r
            \(headers)Content-Type: application/json\r
            Content-Length: \(body.count)\r
            \r

            """
        // A connection that was kept may have been closed meanwhile; a fresh one has not.
        let wasKept = connection != nil
        let answer: HTTPAnswer
        do { answer = try exchange(Array(head.utf8) + body) } catch  where wasKept {
            answer = try exchange(Array(head.utf8) + body)
        }
        guard answer.status == 200 else {
            let text = String(decoding: answer.body.prefix(500), as: UTF8.self)
            throw Failure(description: "\(kind) \(String(decoding: body, as: UTF8.self)): \(answer.status) \(text)")
        }
        guard let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any] else {
            throw Failure(description: "\(kind): the answer is no JSON object")
        }
        return object
    }

    private func exchange(_ request: [UInt8]) throws -> HTTPAnswer {
        let connection = try self.connection ?? open()
        self.connection = nil
        let set = try EventLoopSet()
        guard set.add(connection.descriptor, token: 0) else {
            throw Failure(description: systemMessage(errno))
        }
        return try exchange(request, connection, set)
    }

    private func exchange(
        _ request: [UInt8], _ connection: Connection, _ set: consuming EventLoopSet
    ) throws -> HTTPAnswer {
        let limit = loadgen_now() + Self.patience
        connection.send { $0 = request }
        while loadgen_now() < limit {
            let error = connection.hasOutput ? connection.flush() : 0
            guard error == 0 else { throw Failure(description: systemMessage(error)) }
            switch connection.receive(scratch) {
            case .answer(let answer):
                if answer.keepsAlive { self.connection = connection }
                return answer
            case .ended(let reason): throw Failure(description: "\(url): \(reason)")
            case .nothing: _ = set.wait(nanoseconds: 100_000_000)
            }
        }
        throw Failure(description: "\(url): no answer within two minutes")
    }

    private func open() throws -> Connection {
        let socket = address.withSockAddr { loadgen_connect($0, UInt32($1)) }
        guard socket >= 0 else { throw Failure(description: "\(url): \(systemMessage(errno))") }
        let connection = Connection(number: 0, dribble: nil, bodyLimit: Self.answerLimit)
        connection.begin(socket)
        var waiting = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        poll(&waiting, 1, 5000)
        let error = waiting.revents == 0 ? ETIMEDOUT : loadgen_socket_error(socket)
        guard error == 0 else { throw Failure(description: "cannot connect to \(url): \(systemMessage(error))") }
        connection.state = .open
        return connection
    }
}
