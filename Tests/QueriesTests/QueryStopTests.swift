import Queries
import TestSupport
import Testing

/// That a running query looks often enough whether it should stop, and stops wherever it looks.
@Suite("K2: Stopping a query at each of its checks")
struct QueryStopTests {
    /// Rows that a query may look at between two checks, on each of two threads.
    private static let piece = 65_536

    /// Queries that read rows, each in another loop of the engine.
    private static let queries: [(kind: String, json: String)] = [
        ("aggregate", #"{"metrics":["events","visitors","p50:value","bounce_rate"]}"#),
        ("timeseries", #"{"interval":"minute","metrics":["visitors"],"by":"props.shelf"}"#),
        ("top", #"{"by":["path","props.shelf"],"metrics":["visitors","sum:value"],"series":"hour"}"#),
        ("top", #"{"by":"path","where":[{"dim":"props.shelf","op":"matches","values":["[13579]$"]}]}"#),
        ("funnel", #"{"steps":["view","cart","buy"],"window":"1h"}"#),
        ("funnel", #"{"steps":["view","cart","buy"],"window":"1h","order":"any_order","by":"path"}"#),
        (
            "funnel",
            #"{"steps":["view","cart"],"window":"1h","same":["props.shelf"],"exclude":[{"event":"buy","policy":"drop"}]}"#
        ),
        (
            "funnel",
            #"{"steps":["view","cart"],"window":"1h","count":"attempts","time_to_convert":{"percentiles":[50]}}"#
        ),
        ("retention", #"{"start":"view","return":"buy","interval":"day","intervals":3}"#),
        ("paths", #"{"depth":4}"#),
        ("sessions", #"{"limit":5}"#),
        ("values", #"{"dim":"props.shelf","prefix":"1"}"#),
        ("events", #"{"where":[{"dim":"value","op":"gt","values":[98]}],"limit":100}"#),
    ]

    private func target(sealed: Bool) async throws -> StoreTarget {
        let target = StoreTarget()
        let names = ["view", "view", "view", "cart", "buy"]
        let start = 1_767_225_600_000
        for part in 0..<6 {
            try await target.load(
                (0..<30_000).map { number in
                    let row = part * 30_000 + number
                    let visitor = row &* 2_654_435_761 % 5_003
                    return
                        #"{"event":"\#(names[row % 5])","visitor":"v\#(visitor)","time":\#(start + row * 900),"#
                        + #""url":"https://a.example/p/\#(row % 97)","value":\#(row % 100),"#
                        + #""props":{"shelf":"\#(row % 1_009)"}}"#
                })
        }
        if sealed { try await target.flush() }
        return target
    }

    @Test("It stops wherever it looks, and looks at least once a piece of rows", arguments: [false, true])
    func everyCheck(sealed: Bool) async throws {
        let target = try await target(sealed: sealed)
        for (kind, json) in QueryStopTests.queries {
            let whole = QueryCancellation()
            let answer = try await target.answer(kind, json, cancellation: whole)
            let rows = try #require(try JSON(parsing: answer)["meta"]?["rows_scanned"]?.int)
            #expect(whole.looks >= max(1, Int(rows) / QueryStopTests.piece), "\(kind) \(json): \(rows) rows")
            // What was lined up for the first asking is kept: how often the second one looks is what can be stopped.
            let warm = QueryCancellation()
            _ = try await target.answer(kind, json, cancellation: warm)
            let places = Set((0..<min(8, warm.looks)).map { $0 * warm.looks / min(8, warm.looks) })
            for place in places.sorted() {
                let cancellation = QueryCancellation(afterLooks: place)
                do {
                    _ = try await target.answer(kind, json, cancellation: cancellation)
                    // How the threads share the work decides how often they look; who has not looked cannot know.
                    #expect(cancellation.looks <= place, "\(kind) \(json) went on after check \(place)")
                } catch let error as QueryError {
                    #expect(error.code == "cancelled", "\(kind) \(json) at \(place): \(error)")
                }
            }
            // A stopped query leaves nothing behind that would change an answer.
            let again = try await target.answer(kind, json, cancellation: QueryCancellation())
            let differences = JSONDifference.describe(
                expected: try JSON(parsing: answer), actual: try JSON(parsing: again))
            #expect(differences == [], "\(kind) \(json)")
        }
    }
}
