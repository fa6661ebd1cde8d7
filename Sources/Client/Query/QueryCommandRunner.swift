/// `weir query` from its options to its exit code.
public enum QueryCommandRunner {
    /// Asks the server and prints the answer: a table on a terminal, the JSON elsewhere.
    ///
    /// - Returns: 0 for an answer, 1 for anything else, with `error: …` on standard error.
    public static func run(
        _ options: QueryOptions, environment: ClientEnvironment = .process, console: Console = .process
    ) async -> Int32 {
        let transport = HTTPTransport(connections: 1, timeoutSeconds: 600)
        let code = await run(options, environment: environment, sender: transport, console: console)
        await transport.shutdown()
        return code
    }

    /// As ``run(_:environment:console:)``, over another way to the network.
    public static func run(
        _ options: QueryOptions, environment: ClientEnvironment, sender: some RequestSender, console: Console
    ) async -> Int32 {
        do throws(ClientError) {
            let address = try ServerAddress(options.url ?? environment.url ?? ClientEnvironment.defaultURL)
            let base = try options.body.map { (text) throws(ClientError) in try Self.base(text) }
            let query = try QueryBody.make(options, base: base, site: options.site ?? environment.site)
            // Kinds may have parts, as in funnel/visitors.
            let kind = options.kind.split(separator: "/", omittingEmptySubsequences: false)
                .map { ServerAddress.percentEncoded(String($0)) }.joined(separator: "/")
            let request = ClientRequest(
                url: address.url("/v1/query/\(kind)"),
                headers: [(name: "Content-Type", value: "application/json")]
                    + ClientRequest.authorization(options.key ?? environment.key),
                body: query.encoded)
            let response: ClientResponse
            do throws(ClientError) {
                response = try await sender.send(request)
            } catch {
                throw ClientError(error.kind, "no answer from \(address.base): \(error.message)")
            }
            guard (200..<300).contains(response.status) else {
                throw ClientError(.refused, Problem(response).description)
            }
            show(response.body, query: query, options: options, console: console)
            return 0
        } catch {
            console.printError("error: \(error.message)")
            return 1
        }
    }

    private static func show(_ body: [UInt8], query: JSONNode, options: QueryOptions, console: Console) {
        let wantsTable = options.table || console.outputIsTerminal && !options.json
        if wantsTable, let answer = try? JSONNode(parsing: body), answer.members != nil {
            for line in AnswerText.lines(kind: options.kind, query: query, answer: answer) {
                console.printLine(line)
            }
        } else {
            console.output(body.last == UInt8(ascii: "\n") ? body : body + [UInt8(ascii: "\n")])
        }
    }

    /// The query of `--body`: a text, `@FILE` or standard input.
    private static func base(_ text: String) throws(ClientError) -> JSONNode {
        let limit = 16 << 20
        var bytes = Array(text.utf8)
        if text == "-" || text.hasPrefix("@") {
            bytes = try InputFile(text == "-" ? "-" : String(text.dropFirst())).readAll(limit: limit)
        }
        do throws(JSONError) {
            return try JSONNode(parsing: bytes)
        } catch {
            throw ClientError(.usage, "--body is no JSON: \(error)")
        }
    }
}
