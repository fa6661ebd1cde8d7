import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// More queries at once than there are threads, places to wait and patience for.
    @Suite("A storm of queries", .timeLimit(.minutes(3)))
    struct QueryStormTests {
        private static let dashboards = 500

        @Test("K3: Of 500 queries at once each is answered or told when to come back, and ingest goes on meanwhile")
        func storm() throws {
            let server = try TestServer(arguments: ["--threads", "2"])
            let start = now() - 600_000
            try server.client.send(
                (0..<20_000).map {
                    #"{"event":"x","visitor":"v\#($0 % 3_000)","time":\#(start + Int64($0)),"props":{"n":\#($0 % 500)}}"#
                })
            let query =
                #"{"by":["props.n","visitor"],"metrics":["visitors","events"],"limit":20,"range":{"to":\#(start + 20_000)},"cache":false}"#
            let request =
                "POST /v1/query/top HTTP/1.1\r\nHost: weir\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(query.utf8.count)\r\n\r\n\(query)"
            let connections = try (0..<QueryStormTests.dashboards).map { _ in try server.process.connect() }
            for connection in connections { try connection.send(Array(request.utf8)) }
            for number in 0..<50 {
                let answer = try server.client.send([#"{"event":"during","visitor":"w\#(number)"}"#], backfill: false)
                #expect(answer["accepted"]?.int == 1)
            }
            var answers: [JSON] = []
            var refusals = 0
            for connection in connections {
                let answer = try connection.answer()
                if answer.status == 200 {
                    answers.append(try answer.json())
                } else {
                    refusals += 1
                    #expect([429, 503].contains(answer.status), "\(answer.text)")
                    #expect(Int(answer.headers["retry-after"] ?? "") ?? 0 >= 1)
                    #expect(try ["too_many_queries", "query_queue_timeout"].contains(answer.json()["code"]?.text))
                }
            }
            #expect(answers.count >= 2 && answers.count + refusals == QueryStormTests.dashboards)
            for answer in answers.dropFirst() {
                #expect(JSONDifference.describe(expected: answers[0], actual: answer) == [])
            }
            #expect(try server.count("default") == 20_050)
            try server.expectSound()
        }
    }
}
