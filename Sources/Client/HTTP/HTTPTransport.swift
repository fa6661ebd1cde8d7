import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// ``RequestSender`` over HTTP/1.1 with connections that are kept and reused.
public final class HTTPTransport: RequestSender {
    /// The largest answer that is read, in bytes.
    private static let answerLimit = 256 << 20

    private let client: HTTPClient
    private let timeout: TimeAmount

    /// Creates a transport; it must be shut down with ``shutdown()``.
    ///
    /// - Parameters:
    ///   - connections: how many requests are in flight at once at most.
    ///   - timeoutSeconds: how long one request may take, its answer included.
    public init(connections: Int, timeoutSeconds: Int64) {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(10)
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        // Below any server's own idle timeout, so that a kept connection is not closed under a request.
        configuration.connectionPool.idleTimeout = .seconds(5)
        // A refused connection is told at once instead of being tried again behind the caller's back.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        timeout = .seconds(timeoutSeconds)
    }

    /// Closes all connections.
    public func shutdown() async {
        // The process is about to end; there is nothing to do about a connection that does not close.
        try? await client.shutdown()
    }

    /// Sends a request and waits for the whole answer.
    public func send(_ request: ClientRequest) async throws(ClientError) -> ClientResponse {
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = HTTPMethod(rawValue: request.method)
        for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
        if request.method == "POST" { outgoing.body = .bytes(ByteBuffer(bytes: request.body)) }
        do {
            let response = try await client.execute(outgoing, timeout: timeout)
            let body = try await response.body.collect(upTo: Self.answerLimit)
            return ClientResponse(
                status: Int(response.status.code), contentType: response.headers.first(name: "content-type"),
                retryAfter: response.headers.first(name: "retry-after"), body: Array(body.readableBytesView))
        } catch {
            throw Self.explain(error)
        }
    }

    /// The network's errors in words; their own descriptions are made for the people who write them.
    private static func explain(_ error: any Error) -> ClientError {
        switch error as? HTTPClientError {
        case .connectTimeout:
            return ClientError(.unreachable, "it did not accept the connection within 10 seconds")
        case .deadlineExceeded, .readTimeout: return ClientError(.connection, "it did not answer in time")
        case .remoteConnectionClosed:
            return ClientError(.connection, "it closed the connection before it answered")
        default: break
        }
        let text = String(describing: error)
        let known: [(part: String, kind: ClientError.Kind, words: String)] = [
            ("Connection refused", .unreachable, "the connection was refused, so no server runs there"),
            ("No route to host", .unreachable, "there is no route to the host"),
            ("Network is unreachable", .unreachable, "the network is unreachable"),
            ("UnknownHost", .unreachable, "the host's name is unknown"),
            ("Connection reset", .connection, "it reset the connection before it answered"),
            ("Broken pipe", .connection, "it closed the connection before it answered"),
        ]
        if let match = known.first(where: { text.contains($0.part) }) {
            return ClientError(match.kind, match.words)
        }
        return ClientError(.connection, Console.harmless(text))
    }
}
