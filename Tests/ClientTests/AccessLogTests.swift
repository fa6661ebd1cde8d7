import Client
import Testing

@Suite("Access logs")
struct AccessLogTests {
    private static let combined =
        #"203.0.113.9 - - [17/May/2015:10:05:03 +0000] "GET /a/b?c=d HTTP/1.1" 200 2326 "http://example.com/" "Mozilla/5.0""#

    private func line(_ text: String) throws -> AccessLogLine {
        try Array(text.utf8).withUnsafeBytes { try AccessLogLine($0) }
    }

    @Test("A line of the combined format is taken apart")
    func combined() throws {
        let line = try line(Self.combined)
        #expect(line.address == "203.0.113.9" && line.user == nil && line.virtualHost == nil)
        #expect(line.time == 1_431_857_103_000)
        #expect(line.method == "GET" && line.target == "/a/b?c=d")
        #expect(line.status == 200 && line.bytes == 2326)
        #expect(line.referrer == "http://example.com/" && line.userAgent == "Mozilla/5.0")
    }

    @Test("The common format, virtual hosts, users, other zones, and what stands behind are read")
    func forms() throws {
        let common = try line(#"::1 - frank [10/Oct/2000:13:55:36 -0730] "GET /x HTTP/1.0" 304 -"#)
        #expect(common.user == "frank" && common.bytes == nil && common.referrer == nil && common.userAgent == nil)
        #expect(common.time == 971_213_136_000)
        let virtual = try line(
            #"example.com:80 192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 5 "-" "-" "203.0.113.1" 0.2"#
        )
        #expect(virtual.virtualHost == "example.com:80" && virtual.address == "192.0.2.1")
        #expect(virtual.referrer == nil && virtual.userAgent == nil)
        #expect(try line(#"h - - [10/Oct/2000:13:55:36 +0000] "GET /" 200 5"#).target == "/")
        #expect(try line(#"h - - [10/Oct/2000:13:55:36 +0000] "GET /a b HTTP/1.1" 200 5"#).target == "/a b")
    }

    @Test("Escapes of Apache and nginx are resolved, and a line that was cut off is taken as far as it goes")
    func escapes() throws {
        let start = #"h - - [10/Oct/2000:13:55:36 +0000] "GET /"#
        #expect(try line(start + #"a\"b\x22c\\d HTTP/1.1" 200 5"#).target == #"/a"b"c\d"#)
        #expect(try line(start + #" HTTP/1.1" 200 5 "-" "say \"hi\"""#).userAgent == #"say "hi""#)
        #expect(try line(start + #" HTTP/1.1" 200 5 "-" "Mozilla/5.0 (cut"#).userAgent == "Mozilla/5.0 (cut")
        #expect(try line(start + #" HTTP/1.1" 200 5 "-" "\xc3\xa4 \xff \q \x1""#).userAgent == "ä \u{FFFD} \\q \\x1")
        #expect(try line(start + #" HTTP/1.1" 200 5 "-" "a\"#).userAgent == "a\\")
    }

    @Test(
        "What is no line is told with its reason",
        arguments: [
            ("", .fields), ("hello", .fields), ("a b c d e f", .fields), (#"{"event":"a"}"#, .fields),
            (#"h - - [10/Okt/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 5"#, .time),
            (#"h - - [31/Feb/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 5"#, .time),
            (#"h - - [10/Oct/2000 13:55:36] "GET / HTTP/1.1" 200 5"#, .time),
            (#"h - - [10/Oct/2000:13:55:36 +0000"#, .time), (#"h - - [10/Oct/2000:13:55:36 +0000] GET"#, .fields),
            (#"h - - [10/Oct/2000:13:55:36 +0000] "-" 408 -"#, .request),
            (#"h - - [10/Oct/2000:13:55:36 +0000] "\x16\x03\x01" 400 -"#, .request),
            (#"h - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" ok -"#, .status),
            (#"h - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1""#, .status),
        ] as [(String, AccessLogLine.Fault)])
    func faults(text: String, fault: AccessLogLine.Fault) {
        #expect(throws: fault) { try line(text) }
    }

    @Test("No line cut or changed anywhere is more than a fault")
    func changed() {
        let bytes = Array(Self.combined.utf8)
        for end in 0...bytes.count {
            _ = try? line(String(decoding: bytes[..<end], as: UTF8.self))
        }
        for index in bytes.indices {
            for byte in [0, 0x20, 0x22, 0x5B, 0x5C, 0x5D, 0xFF] as [UInt8] {
                var changed = bytes
                changed[index] = byte
                _ = changed.withUnsafeBytes { try? AccessLogLine($0) }
            }
        }
    }

    @Test(
        "A request counts as what it was for",
        arguments: [
            ("GET", "/", 200, .pageView), ("GET", "/a/index.html", 200, .pageView),
            ("GET", "/a.php?x=y.png", 200, .pageView),
            ("GET", "/a", 304, .pageView), ("GET", "/v1.2/guide", 206, .pageView), ("GET", "/a.css", 200, .asset),
            ("GET", "/x/LOGO.PNG?v=2", 304, .asset), ("GET", "/favicon.ico", 200, .asset),
            ("GET", "/a.pdf", 200, .download),
            ("GET", "/a.tar.gz", 206, .download), ("GET", "/a", 301, .redirect), ("GET", "/a.png", 302, .redirect),
            ("GET", "/a", 404, .error), ("POST", "/a", 500, .error), ("POST", "/a", 200, .request),
            ("HEAD", "/", 200, .request), ("GET", "/.hidden/", 200, .pageView),
            ("GET", "http://a.de/x.js", 200, .asset),
        ] as [(String, String, Int, RequestKind)])
    func kinds(method: String, target: String, status: Int, kind: RequestKind) {
        #expect(RequestKind(method: method, target: target, status: status) == kind)
    }

    /// Imports a log and gives what was sent and printed.
    private func run(
        _ text: String, name: String = "access.log", _ change: (inout ImportOptions) -> Void = { _ in }
    ) async throws -> (code: Int32, body: String, output: String, error: String) {
        let file = TemporaryFile(text, name: name)
        var options = ImportOptions(server: try ServerAddress("http://127.0.0.1:1"), files: [file.path])
        options.json = true
        change(&options)
        let (recorder, sender) = (Recorder(), FakeSender.accepting)
        let code = await ImportCommandRunner.run(options, sender: sender, console: recorder.console)
        return (code, sender.bodies.joined(), recorder.output, recorder.error)
    }

    @Test("Lines arrive as events, without the address; what is no line is counted with its number")
    func imported() async throws {
        let log = [
            Self.combined, "", "nonsense",
            #"203.0.113.9 - eve [17/May/2015:10:05:04 +0000] "POST //form HTTP/1.1" 500 - "-" "Mozilla/5.0""#,
            #"203.0.113.8 - - [17/May/2015:10:05:05 +0000] "GET /s.css HTTP/1.1" 200 1 "-" "Mozilla/5.0""#,
        ].joined(separator: "\r\n")
        let salt: (inout ImportOptions) -> Void = { $0.accessLog.salt = "0123456789abcdef" }
        let result = try await run(log, salt)
        #expect(result.code == 0)
        #expect(result.output.hasPrefix(#"{"accepted":3,"duplicate":0,"rejected":1,"#))
        #expect(result.output.contains(#""line":3,"code":"malformed_line""#))
        #expect(!result.body.contains("203.0.113"))
        let lines = result.body.split(separator: "\n").map { try? JSONNode(parsing: Array($0.utf8)) }
        #expect(lines.map { $0?["event"]?.text } == ["page_view", "error", "asset"])
        #expect(lines.map { $0?["url"]?.text } == ["/a/b?c=d", "/form", "/s.css"])
        #expect(lines[0]?["referrer"]?.text == "http://example.com/" && lines[1]?["referrer"] == nil)
        #expect(lines[0]?["props"]?["method"]?.text == "GET" && lines[0]?["props"]?["bytes"]?.integer == 2326)
        #expect(lines[1]?["user"]?.text == "eve" && lines[1]?["props"]?["bytes"] == nil)
        let visitors = lines.compactMap { $0?["visitor"]?.text }
        #expect(visitors.count == 3 && visitors[0] == visitors[1] && visitors[0] != visitors[2])
        #expect(visitors[0].hasPrefix("log-") && visitors[0].count == 36)
        // The same under the same salt, another under a random one.
        #expect(try await run(log, salt).body == result.body)
        #expect(try await !run(log).body.contains(visitors[0]))
    }

    @Test("The site's address, the virtual host, and what is to be left out are heeded")
    func options() async throws {
        let lines = [
            Self.combined, #"h - - [10/Oct/2000:13:55:36 +0000] "GET /s.css HTTP/1.1" 200 5"#,
            #"shop.example:8080 h - - [10/Oct/2000:13:55:36 +0000] "GET /x HTTP/1.1" 200 5"#,
        ].joined(separator: "\n")
        let result = try await run(lines, name: "log") {
            $0.accessLog.skipped = [.asset]
            $0.json = false
        }
        #expect(result.output.hasPrefix("accepted 2, duplicate 0, rejected 0, left out 1 in "))
        #expect(result.body.contains(#""url":"http://shop.example:8080/x""#) && !result.body.contains("s.css"))
        let based = try await run(lines) { $0.accessLog.baseURL = "https://example.com/" }
        #expect(based.body.contains(#""url":"https://example.com/a/b?c=d""#))
        #expect(based.body.contains(#""url":"https://example.com/x""#))
    }

    @Test("Options that cannot hold are refused")
    func refused() throws {
        var options = ImportOptions(server: try ServerAddress("http://127.0.0.1:1"), files: ["a"])
        options.accessLog.baseURL = "example.com"
        #expect(clientError { () throws(ClientError) in try options.validate() }?.kind == .usage)
        options.accessLog.baseURL = nil
        options.accessLog.salt = "short"
        #expect(clientError { () throws(ClientError) in try options.validate() }?.kind == .usage)
    }

    @Test("A dry run sends nothing to a server that would store it, and says so")
    func dryRun() async throws {
        let file = TemporaryFile("{\"event\":\"a\"}\n", name: "a.ndjson")
        var options = ImportOptions(server: try ServerAddress("http://127.0.0.1:1"), files: [file.path])
        options.dryRun = true
        for offers in [false, true] {
            let recorder = Recorder()
            let sender = FakeSender { request, _ in
                request.isGet
                    ? ClientResponse(status: 200, body: Array((offers ? #"{"name":"dry_run"}"# : "{}").utf8))
                    : FakeSender.accept(request)
            }
            let code = await ImportCommandRunner.run(options, sender: sender, console: recorder.console)
            #expect(code == (offers ? 0 : 1))
            #expect(sender.requests.count == (offers ? 2 : 1))
            if offers {
                #expect(sender.requests.last?.url.contains("backfill=true&dry_run=true") == true)
                #expect(recorder.output.hasPrefix("nothing stored; it would be: accepted 1, "))
            } else {
                #expect(recorder.error.contains("does not offer dry runs"))
            }
        }
    }
}
