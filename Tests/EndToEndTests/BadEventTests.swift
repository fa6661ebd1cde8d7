import Foundation
import TestSupport
import Testing

/// A body that must be refused as a whole, and how.
struct RefusedBody: Sendable, CustomTestStringConvertible {
    let name: String
    var headers: [String: String] = [:]
    let body: [UInt8]
    var status = 400

    var testDescription: String { name }

    init(_ name: String, _ body: String, headers: [String: String] = [:], status: Int = 400) {
        self.init(name, bytes: Array(body.utf8), headers: headers, status: status)
    }

    init(_ name: String, bytes: [UInt8], headers: [String: String] = [:], status: Int = 400) {
        self.name = name
        body = bytes
        self.headers = headers
        self.status = status
    }

    private static let event = Array(#"{"event":"a","visitor":"v"}"#.utf8)

    static let all: [RefusedBody] = [
        .init("nothing", ""), .init("white space", " \n \r\n"), .init("half an object", #"{"event":"a""#),
        .init("half an array", #"[{"event":"a","visitor":"v"}"#), .init("an array without commas", "[1 2]"),
        .init("a string", #""text""#), .init("a number", "42"), .init("no JSON", "event=a&visitor=v"),
        .init("100,000 open brackets", String(repeating: "[", count: 100_000)),
        .init("100,000 open objects", String(repeating: #"{"a":"#, count: 100_000)),
        .init("zero bytes", bytes: [0, 0, 0, 0]),
        .init("text that claims to be gzip", "hello", headers: ["Content-Encoding": "gzip"]),
        .init("text that claims to be zstd", "hello", headers: ["Content-Encoding": "zstd"]),
        .init("text that claims to be deflate", "hello", headers: ["Content-Encoding": "deflate"]),
        .init(
            "half a gzip member", bytes: Array(StoredEncoding.gzip(event).dropLast(12)),
            headers: ["Content-Encoding": "gzip"]),
        .init(
            "a gzip member with a wrong checksum",
            bytes: Array(StoredEncoding.gzip(event).dropLast(8) + [1, 2, 3, 4, 27, 0, 0, 0]),
            headers: ["Content-Encoding": "gzip"]),
        .init(
            "half a zstd frame", bytes: Array(StoredEncoding.zstd(event).dropLast(4)),
            headers: ["Content-Encoding": "zstd"]),
        .init("an unknown encoding", bytes: event, headers: ["Content-Encoding": "br"], status: 415),
        .init(
            "a bomb", bytes: StoredEncoding.zstdBomb(mebibytes: 300), headers: ["Content-Encoding": "zstd"], status: 413
        ),
        .init("a body above the limit", bytes: [UInt8](repeating: 0x20, count: 80 << 20), status: 413),
    ]
}

/// A line that must be rejected without harm to its neighbours.
struct RejectedLine: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]

    var testDescription: String { name }

    init(_ name: String, _ line: String) {
        self.init(name, bytes: Array(line.utf8))
    }

    init(_ name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    static let all: [RejectedLine] = [
        .init("no JSON", "nonsense"), .init("half an object", #"{"event":"a","visitor":"#),
        .init("a number", "7"), .init("null", "null"), .init("a string", #""a""#),
        .init("no name", #"{"visitor":"v"}"#), .init("an empty name", #"{"event":"","visitor":"v"}"#),
        .init("a name of another type", #"{"event":5,"visitor":"v"}"#),
        .init("a long name", #"{"event":"\#(String(repeating: "x", count: 201))","visitor":"v"}"#),
        .init("an object as visitor", #"{"event":"a","visitor":{}}"#),
        .init("a value that is text", #"{"event":"a","visitor":"v","value":"much"}"#),
        .init("a value without end", #"{"event":"a","visitor":"v","value":1e400}"#),
        .init("no number", #"{"event":"a","visitor":"v","value":NaN}"#),
        .init("no time", #"{"event":"a","visitor":"v","time":"yesterday"}"#),
        .init("the 30th of February", #"{"event":"a","visitor":"v","time":"2025-02-30T00:00:00Z"}"#),
        .init("a time beyond all years", #"{"event":"a","visitor":"v","time":99999999999999999}"#),
        .init("properties that are text", #"{"event":"a","visitor":"v","props":"plan=free"}"#),
        .init("objects in a list", #"{"event":"a","visitor":"v","props":{"list":[{"a":1}]}}"#),
        .init("deep properties", #"{"event":"a","visitor":"v","props":{"a":{"b":{"c":{"d":{"e":{"f":1}}}}}}}"#),
        .init(
            "very deep properties",
            #"{"event":"a","visitor":"v","props":"# + String(repeating: #"{"a":"#, count: 5000) + "1"
                + String(repeating: "}", count: 5001)),
        .init(
            "too many properties",
            #"{"event":"a","visitor":"v","props":{"# + (0..<65).map { #""p\#($0)":1"# }.joined(separator: ",") + "}}"),
        .init(
            "too large", #"{"event":"a","visitor":"v","props":{"a":"\#(String(repeating: "x", count: 40_000))"}}"#),
        .init("invalid UTF-8", bytes: Array(#"{"event":"a","visitor":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)),
        .init("a lone surrogate", #"{"event":"a","visitor":"\uD800"}"#),
        .init("a site that is no name", #"{"event":"a","visitor":"v","site":"../../etc"}"#),
    ]
}

extension EndToEnd {
    @Suite("Bad events", .timeLimit(.minutes(3)))
    struct BadEventTests {
        @Test("A body that cannot be read is refused with a problem, and the server goes on")
        func refused() throws {
            let server = try TestServer()
            for example in RefusedBody.all {
                let connection = try server.process.connect()
                let headers = example.headers.map { ($0.key, $0.value) } + [("Content-Type", "application/json")]
                do {
                    let response = try connection.request(
                        "POST", "/v1/events?site=bad", headers: headers, body: example.body)
                    #expect(response.status == example.status, "\(example.name): \(response.text)")
                    try expectProblem(response, "\(example.name)")
                } catch let error as HarnessError where example.status == 413 {
                    // The server may close before it has read a body that is too large anyway.
                    #expect(error.description.contains("send") || error.description.contains("receive"), "\(error)")
                }
                try server.expectSound()
            }
            #expect(try server.count("bad") == 0)
        }

        @Test("A bad line costs only itself, and is counted and kept with its reason")
        func neighbours() throws {
            let server = try TestServer()
            let good = Array(#"{"event":"good","visitor":"v"}"#.utf8)
            var expected: Int64 = 0
            for (number, example) in RejectedLine.all.enumerated() {
                let body = good + [0x0A] + example.bytes + [0x0A] + good
                let response = try server.client.connection.request("POST", "/v1/events?site=lines", body: body)
                #expect(response.status == 200, "\(example.name): \(response.text)")
                guard response.status == 200 else { continue }
                let answer = try response.json()
                expected += 2
                #expect(answer["accepted"]?.int == 2, "\(example.name): \(answer)")
                #expect(answer["rejected"]?.int == 1, "\(example.name): \(answer)")
                let error = answer["errors"]?.array?.first
                #expect(error?["index"]?.int == 1, "\(example.name): \(answer)")
                #expect(error?["code"]?.text?.isEmpty == false, "\(example.name): \(answer)")
                #expect(try server.count("lines") == expected, "\(example.name)")
                let rejected = try server.client.metrics().sum("weir_events_rejected_total")
                #expect(rejected == Double(number + 1), "\(example.name)")
            }
            let letters = try server.client.connection.request("GET", "/v1/dead-letters?site=lines&limit=100")
            #expect(letters.status == 200)
            #expect(letters.text.contains("NaN"))
            try server.killAndRestart()
            #expect(try server.count("lines") == expected)
            let kept = try server.client.connection.request("GET", "/v1/dead-letters?site=lines&limit=100")
            #expect(kept.text.contains("NaN"), "dead letters outlive a crash")
        }

        @Test("In an array, a bad element costs only itself too")
        func elements() throws {
            let server = try TestServer()
            let body =
                #"[{"event":"a","visitor":"v"},7,null,{"visitor":"v"},{"event":"a","visitor":"v","value":1e999},"#
                + #"{"event":"a","visitor":"v"}]"#
            let response = try server.client.connection.request("POST", "/v1/events", body: Array(body.utf8))
            let answer = try response.json()
            #expect(response.status == 200 && answer["accepted"]?.int == 2 && answer["rejected"]?.int == 4, "\(answer)")
            #expect(answer["errors"]?.array?.compactMap { $0["index"]?.int } == [1, 2, 3, 4])
            #expect(try server.count("default") == 2)
            try server.expectSound()
        }

        @Test("Late and future events are kept apart, and a backfill may be of any time")
        func times() throws {
            let server = try TestServer()
            func line(_ offset: Int64) -> String {
                #"{"event":"a","visitor":"v","time":\#(now() + offset)}"#
            }
            let lines = [line(0), line(-6 * 86_400_000), line(-8 * 86_400_000), line(5 * 60_000), line(20 * 60_000)]
            let answer = try server.client.send(lines, site: "times", backfill: false)
            #expect(answer["accepted"]?.int == 3, "\(answer)")
            #expect(answer["errors"]?.array?.compactMap { $0["code"]?.text } == ["time_too_old", "time_in_future"])
            let filled = try server.client.send(
                [line(-4000 * 86_400_000), line(4000 * 86_400_000)], site: "times", backfill: true)
            #expect(filled["accepted"]?.int == 2, "\(filled)")
            #expect(try server.count("times") == 5)
            let letters = try server.client.connection.request("GET", "/v1/dead-letters?site=times")
            #expect(letters.text.contains("time_too_old") && letters.text.contains("time_in_future"), "\(letters.text)")
        }

        @Test("Bad datagrams are counted by reason, and their neighbours are in")
        func datagrams() throws {
            let server = try TestServer()
            let sender = try DatagramSender(port: server.process.datagramPort)
            let good = #"{"event":"a","visitor":"v","site":"udp"}"#
            try sender.send("")
            try sender.send("\n\n")
            try sender.send("nonsense")
            try sender.send([0xFF, 0xFE, 0x00, 0x7B])
            try sender.send(String(good.dropLast(8)))
            try sender.send(String(repeating: "[", count: 60_000))
            try sender.send(Array(repeating: good, count: 1000).joined(separator: "\n"))
            try sender.send("nonsense\n\(good)\n{\"event\":1}\n\(good)")
            try sender.send(good)
            let wanted: Int64 = 1003
            try Deadline.poll(seconds: 10, "\(wanted) events over UDP") {
                try server.count("udp") == wanted ? true : nil
            }
            let lost = try Deadline.poll(seconds: 10, "the bad ones to be counted") {
                let metrics = try server.client.metrics()
                let lost = metrics.sum("weir_events_dropped_total") + metrics.sum("weir_events_rejected_total")
                return lost >= 6 && metrics.imbalance == nil ? lost : nil
            }
            #expect(lost < 20)
            try server.expectSound()
        }
    }
}

/// Fails the test unless a response is a problem document with a code.
func expectProblem(_ response: HTTPResponse, _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation) throws
{
    #expect(
        response.headers["content-type"]?.hasPrefix("application/problem+json") == true, what,
        sourceLocation: sourceLocation)
    let problem = try? response.json()
    #expect(problem?["code"]?.text?.isEmpty == false, what, sourceLocation: sourceLocation)
    #expect(problem?["status"]?.int == Int64(response.status), what, sourceLocation: sourceLocation)
    #expect(problem?["title"]?.text?.isEmpty == false, what, sourceLocation: sourceLocation)
}
