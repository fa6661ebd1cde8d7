import Client
import Testing

@Suite("Importing files")
struct ImporterTests {
    /// Runs an import over files with these contents and gives its exit code and what it printed.
    private func run(
        _ files: [TemporaryFile], sender: FakeSender, change: (inout ImportOptions) -> Void = { _ in }
    ) async throws -> (code: Int32, output: String, error: String) {
        var options = ImportOptions(server: try ServerAddress("http://127.0.0.1:1"), files: files.map(\.path))
        options.json = true
        change(&options)
        let recorder = Recorder()
        let code = await ImportCommandRunner.run(options, sender: sender, console: recorder.console)
        return (code, recorder.output, recorder.error)
    }

    @Test("CSV arrives as events, in requests of the wanted size, with site and key")
    func csv() async throws {
        let rows = (0..<25).map { "u\($0),view,2024-01-01 00:00:0\($0 % 10)" }.joined(separator: "\r\n")
        let file = TemporaryFile("\u{feff}user_id,event,timestamp\r\n" + rows, name: "a.csv")
        let sender = FakeSender.accepting
        let result = try await run([file], sender: sender) {
            $0.mappings = ["user_id=visitor", "timestamp=time"]
            $0.limits.events = 10
            $0.site = "a b"
            $0.key = "secret"
        }
        #expect(result.code == 0)
        #expect(result.output.hasPrefix(#"{"accepted":25,"duplicate":0,"rejected":0,"#))
        #expect(sender.requests.count == 3)
        for request in sender.requests {
            #expect(request.url == "http://127.0.0.1:1/v1/events?backfill=true&site=a%20b")
            #expect(request.headers.contains { $0.name == "Authorization" && $0.value == "Bearer secret" })
            #expect(!request.headers.contains { $0.name == "Content-Encoding" })
        }
        let lines = sender.bodies.joined().split(separator: "\n")
        #expect(lines.count == 25)
        #expect(lines.contains(#"{"visitor":"u3","event":"view","time":1704067203000}"#))
    }

    @Test("NDJSON arrives as it is, without its blank lines")
    func ndjson() async throws {
        let file = TemporaryFile(
            "\n{\"event\":\"a\"}\n  \r\nnot json\n{\"event\":\"b\",\"time\":\"2024-01-01 00:00:00\"}", name: "a.jsonl")
        let sender = FakeSender.accepting
        #expect(try await run([file], sender: sender).code == 0)
        #expect(sender.bodies == ["{\"event\":\"a\"}\nnot json\n{\"event\":\"b\",\"time\":1704067200000}\n"])
    }

    @Test("Rejections name the line of the file, from the server and from the reader")
    func rejections() async throws {
        let csv = TemporaryFile("event,x\n\na,\"1\n2\"\nb,1,2\nc,3\n\"d\"e,4\nf,5\n", name: "a.csv")
        let sender = FakeSender { _, _ in
            ClientResponse(
                status: 200,
                body: Array(
                    #"{"accepted":1,"duplicate":1,"rejected":1,"errors":[{"index":1,"code":"bad","detail":"why"}]}"#
                        .utf8))
        }
        let result = try await run([csv], sender: sender) { $0.json = false }
        #expect(result.code == 0)
        #expect(result.output.hasPrefix("accepted 1, duplicate 1, rejected 3 in "))
        let name = csv.path
        #expect(
            result.error == """
                rejected:
                  \(name):5: wrong_cell_count: 3 cells where the header has 2
                  \(name):6: bad: why
                  \(name):7: malformed_csv: text follows a closing quote

                """)
        #expect(
            sender.bodies == [
                "{\"event\":\"a\",\"props\":{\"x\":\"1\\n2\"}}\n"
                    + "{\"event\":\"c\",\"props\":{\"x\":3}}\n{\"event\":\"f\",\"props\":{\"x\":5}}\n"
            ])
    }

    @Test("Bodies for another machine are compressed, those for this one are not")
    func compression() async throws {
        let file = TemporaryFile("{\"event\":\"a\"}\n", name: "a.ndjson")
        let magic: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]
        let sender = FakeSender { _, _ in
            ClientResponse(status: 200, body: Array(#"{"accepted":1,"duplicate":0,"rejected":0}"#.utf8))
        }
        let address = try ServerAddress("http://stats.example.org")
        #expect(try await run([file], sender: sender) { $0.server = address }.code == 0)
        #expect(sender.requests.first?.headers.contains { $0.name == "Content-Encoding" && $0.value == "zstd" } == true)
        #expect(sender.requests.first?.body.starts(with: magic) == true)
    }

    @Test("A server that cannot be reached is told without doubt about what was sent")
    func unreachable() async throws {
        let file = TemporaryFile("{\"event\":\"a\"}\n", name: "a.ndjson")
        let sender = FakeSender { _, _ throws(ClientError) in throw ClientError(.unreachable, "refused") }
        let result = try await run([file], sender: sender)
        #expect(result.code == 1)
        #expect(result.error == "error: http://127.0.0.1:1 cannot be reached: refused\n")
    }

    @Test("A server that pushes back gets the same batch again")
    func retry() async throws {
        let file = TemporaryFile("{\"event\":\"a\"}\n", name: "a.ndjson")
        let sender = FakeSender { request, before in
            before < 3
                ? ClientResponse(status: before == 1 ? 503 : 429, retryAfter: "7") : FakeSender.accept(request)
        }
        let waits = Waits()
        var options = ImportOptions(server: try ServerAddress("http://127.0.0.1:1"), files: [file.path])
        options.concurrency = 1
        let tally = try await Importer(
            options: options, sender: sender, console: Recorder().console, pause: { await waits.add($0) }
        ).run()
        #expect(tally.accepted == 1 && tally.failure == nil)
        #expect(Set(sender.bodies).count == 1 && sender.bodies.count == 4)
        let all = await waits.all
        #expect(all.count == 3)
        #expect(all.allSatisfy { $0 >= .seconds(7) && $0 <= .seconds(10.5) })
    }

    @Test("A server that pushes back for ever ends the import")
    func retriesEnd() async throws {
        let file = TemporaryFile("{\"event\":\"a\"}\n", name: "a.ndjson")
        let sender = FakeSender { _, _ in ClientResponse(status: 429, retryAfter: "1") }
        let options = ImportOptions(server: try ServerAddress("http://127.0.0.1:1"), files: [file.path])
        let tally = try await Importer(
            options: options, sender: sender, console: Recorder().console, pause: { _ in }
        ).run()
        #expect(tally.failure?.kind == .refused)
        #expect(sender.requests.count == RetryPolicy().attempts)
    }

    @Test("A refusal and a broken connection end with code 1 and say which lines it was")
    func failures() async throws {
        let file = TemporaryFile(String(repeating: "{\"event\":\"a\"}\n", count: 100), name: "a.ndjson")
        let refusing = FakeSender { _, _ in
            ClientResponse(
                status: 401, body: Array(#"{"title":"Unauthorized","detail":"a key is needed","code":"no_key"}"#.utf8))
        }
        let refused = try await run([file], sender: refusing) {
            $0.limits.events = 10
            $0.concurrency = 1
        }
        #expect(refused.code == 1)
        #expect(refusing.requests.count == 1)
        #expect(refused.output.contains(#""delivered":false"#))
        #expect(
            refused.error.contains(
                "lines 1 to 10 of \(file.path) was not taken: Unauthorized: a key is needed (no_key)"))

        let broken = try await run(
            [file], sender: FakeSender { _, _ throws(ClientError) in throw ClientError(.connection, "it broke") })
        #expect(broken.code == 1)
        #expect(broken.error.contains("no answer from http://127.0.0.1:1: it broke"))

        let odd = try await run([file], sender: FakeSender { _, _ in ClientResponse(status: 200, body: [1]) })
        #expect(odd.code == 1)
    }

    @Test("Files that cannot be read are told before anything is sent")
    func missingFile() async throws {
        let file = TemporaryFile("{\"event\":\"a\"}\n", name: "a.ndjson")
        let sender = FakeSender.accepting
        let result = try await run([file], sender: sender) { $0.files.append("/nowhere/b.csv") }
        #expect(result.code == 1 && sender.requests.isEmpty)
        #expect(result.error.contains("/nowhere/b.csv cannot be opened"))
    }

    @Test("Contents that cannot be imported are told in words")
    func wrongContents() async throws {
        let cases: [(text: String, name: String, map: [String], expected: String)] = [
            ("[{\"event\":\"a\"}]", "a.json", [], "JSON array"), ("", "a.csv", [], "header row"),
            ("a,b\n1,2\n", "a.csv", [], "--map COLUMN=event"), ("{}\n", "a.ndjson", ["a=event"], "--map is for CSV"),
            ("\"event,x\n1,2\n", "a.csv", [], "header row"), ("event\n", "a.csv", ["x=user"], "no column x"),
        ]
        for (text, name, map, expected) in cases {
            let result = try await run([TemporaryFile(text, name: name)], sender: .accepting) { $0.mappings = map }
            #expect(result.code == 1)
            #expect(result.error.contains(expected), "\(result.error)")
        }
    }

    @Test("Requests stay below their limit of bytes, unless one event alone is larger")
    func byteLimit() async throws {
        let lines = (1...40).map { "{\"event\":\"\(String(repeating: "x", count: $0 == 20 ? 5000 : 90))\"}\n" }
        let sender = FakeSender.accepting
        let file = TemporaryFile(lines.joined(), name: "a.ndjson")
        let result = try await run([file], sender: sender) {
            $0.limits.bytes = 1000
            $0.concurrency = 1
        }
        #expect(result.code == 0)
        #expect(sender.bodies.joined() == lines.joined())
        #expect(sender.bodies.allSatisfy { $0.utf8.count <= 1000 || $0.split(separator: "\n").count == 1 })
        #expect(sender.bodies.count { $0.utf8.count > 1000 } == 1)
    }

    @Test("Records across the reader's blocks stay whole, and a format without a name is told from the first byte")
    func blocks() async throws {
        var text = "event,x\n"
        for number in 0..<30_000 {
            text += "e\(number),\"" + String(repeating: "y\n", count: number % 50) + "\"\n"
        }
        let sender = FakeSender.accepting
        let result = try await run([TemporaryFile(text, name: "data")], sender: sender)
        #expect(result.output.hasPrefix(#"{"accepted":30000,"#))
        let lines = Set(sender.bodies.joined().split(separator: "\n"))
        #expect(lines.count == 30_000)
        #expect(lines.contains(#"{"event":"e29952","props":{"x":"y\ny\n"}}"#))
    }

    @Test("An unclosed quote is told instead of filling the memory")
    func endlessQuote() async throws {
        let text = "event,x\na,\"" + String(repeating: "y\n", count: 9 << 20)
        let result = try await run([TemporaryFile(text, name: "a.csv")], sender: .accepting)
        #expect(result.code == 1)
        #expect(result.error.contains("line 2: a record of more than 16 MiB"))
    }
}

/// Remembers the waits of an import.
private actor Waits {
    var all: [Duration] = []

    func add(_ duration: Duration) {
        all.append(duration)
    }
}
