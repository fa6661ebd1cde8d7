import Client
import Testing

@Suite("Over a real connection", .timeLimit(.minutes(1)))
struct HTTPTransportTests {
    private static let accepted =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 42\r\n\r\n"
        + #"{"accepted":1,"duplicate":0,"rejected":0} "#

    @Test("An import's request has its line, headers and body, and its answer is counted")
    func importing() async throws {
        let server = SocketServer(answer: Self.accepted)
        defer { server.stop() }
        let file = TemporaryFile("{\"event\":\"a\"}\n", name: "a.ndjson")
        var options = ImportOptions(server: try ServerAddress("http://127.0.0.1:\(server.port)"), files: [file.path])
        options.site = "shop"
        let recorder = Recorder()
        let code = await ImportCommandRunner.run(options, console: recorder.console)
        #expect(code == 0, "\(recorder.error)")
        #expect(recorder.output.hasPrefix("accepted 1, duplicate 0, rejected 0 in "))
        let request = server.requests.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        #expect(request.hasPrefix("POST /v1/events?backfill=true&site=shop HTTP/1.1\r\n"))
        #expect(request.lowercased().contains("content-type: application/x-ndjson\r\n"))
        #expect(request.hasSuffix("\r\n\r\n{\"event\":\"a\"}\n"))
    }

    @Test("Status, Retry-After and body of any answer come back")
    func answers() async throws {
        let server = SocketServer(
            answer: "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\n{}")
        defer { server.stop() }
        let transport = HTTPTransport(connections: 1, timeoutSeconds: 10)
        let response = try await transport.send(
            ClientRequest(url: "http://127.0.0.1:\(server.port)/x", headers: [], body: [1, 2]))
        await transport.shutdown()
        #expect(response.status == 429)
        #expect(response.retryAfter == "3")
        #expect(response.body == Array("{}".utf8))
    }

    @Test("A connection that ends without an answer and one that is refused are told apart")
    func brokenConnections() async throws {
        let server = SocketServer(answer: "")
        let transport = HTTPTransport(connections: 1, timeoutSeconds: 10)
        let request = ClientRequest(url: "http://127.0.0.1:\(server.port)/x", headers: [], body: [1, 2])
        let broken = await error(transport, request)
        #expect(broken?.kind == .connection)
        server.stop()
        let refused = await error(transport, request)
        #expect(refused?.kind == .unreachable)
        await transport.shutdown()
    }

    private func error(_ transport: HTTPTransport, _ request: ClientRequest) async -> ClientError? {
        do throws(ClientError) {
            _ = try await transport.send(request)
            return nil
        } catch {
            return error
        }
    }
}
