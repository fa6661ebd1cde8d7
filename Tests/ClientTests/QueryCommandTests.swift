import Client
import Testing

@Suite("Asking a server")
struct QueryCommandTests {
    private func run(
        _ sender: FakeSender, kind: String = "top", change: (inout QueryOptions) -> Void = { _ in }
    ) async -> (code: Int32, output: String, error: String) {
        var options = QueryOptions(kind: kind)
        options.url = "http://127.0.0.1:1"
        change(&options)
        let recorder = Recorder()
        let environment = ClientEnvironment(site: "env", key: "key")
        let code = await QueryCommandRunner.run(
            options, environment: environment, sender: sender, console: recorder.console)
        return (code, recorder.output, recorder.error)
    }

    @Test("Without a terminal the answer comes as it is")
    func json() async {
        let sender = FakeSender { _, _ in ClientResponse(status: 200, body: Array(#"{"rows": []}"#.utf8)) }
        let result = await run(sender) { $0.by = "path" }
        #expect(result.code == 0)
        #expect(result.output == "{\"rows\": []}\n")
        #expect(sender.requests.first?.url == "http://127.0.0.1:1/v1/query/top")
        #expect(sender.bodies == [#"{"site":"env","by":"path"}"#])
        #expect(sender.requests.first?.headers.contains { $0.value == "Bearer key" } == true)
    }

    @Test("With --table it is a table anywhere")
    func table() async {
        let sender = FakeSender { _, _ in
            ClientResponse(status: 200, body: Array(#"{"rows":[{"key":["/"],"events":1}]}"#.utf8))
        }
        let result = await run(sender) {
            $0.by = "path"
            $0.table = true
        }
        #expect(result.output == "path  events\n----  ------\n/          1\n")
    }

    @Test("A server's problem and a missing server are errors with code 1")
    func problems() async {
        let problem = FakeSender { _, _ in
            ClientResponse(
                status: 404, contentType: "application/problem+json",
                body: Array(#"{"title":"Unknown kind","status":404,"code":"unknown_kind","detail":"x\u001b"}"#.utf8))
        }
        let refused = await run(problem, kind: "a b/c")
        #expect(refused.code == 1 && refused.output.isEmpty)
        #expect(refused.error == "error: Unknown kind: x\u{fffd} (unknown_kind)\n")
        #expect(problem.requests.first?.url == "http://127.0.0.1:1/v1/query/a%20b/c")
        let broken = await run(
            FakeSender { _, _ throws(ClientError) in throw ClientError(.connection, "refused") })
        #expect(broken.error == "error: no answer from http://127.0.0.1:1: refused\n")
        let html = await run(FakeSender { _, _ in ClientResponse(status: 502, body: Array("<html>".utf8)) })
        #expect(html.error == "error: the server answered 502: <html>\n")
    }

    @Test("A whole query comes from a text or a file")
    func body() async {
        let file = TemporaryFile(#"{"by":"path","limit":3}"#, name: "query.json")
        let sender = FakeSender { _, _ in ClientResponse(status: 200, body: Array("{}".utf8)) }
        _ = await run(sender) { $0.body = #"{"site":"own"}"# }
        _ = await run(sender) { $0.body = "@" + file.path }
        #expect(sender.bodies == [#"{"site":"own"}"#, #"{"by":"path","limit":3,"site":"env"}"#])
        let broken = await run(sender) { $0.body = "{" }
        #expect(broken.code == 1 && broken.error.hasPrefix("error: --body is no JSON"))
    }
}
