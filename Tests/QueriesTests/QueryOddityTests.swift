import Foundation
import Queries
import TestSupport
import Testing

/// Ties, nothing, and orders that a plan by parts could get wrong.
@Suite("Answers at the edges")
struct QueryOddityTests {
    private static let start = 1_767_225_600_000
    private static let day = 86_400_000

    private func rows(_ answer: String) throws -> [JSON] {
        try #require(try JSON(parsing: answer)["rows"]?.array)
    }

    @Test("K6: Ties stand in the order of their bytes, and the same question has the same bytes on every run")
    func ties() async throws {
        let target = StoreTarget()
        let paths = ["/é", "/z", "/a", "/A", "/a/b", "/\u{10000}", "/~"]
        try await target.load(
            paths.enumerated().map {
                #"{"event":"x","visitor":"v\#($0)","time":\#(QueryOddityTests.start + $0),"url":"https://a.example\#($1)"}"#
            })
        let expected = paths.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        var texts: Set<String> = []
        for sealed in [false, true] {
            if sealed { try await target.flush() }
            for _ in 0..<3 {
                let answer = try await target.query(
                    "top", #"{"by":"path","metrics":["events","visitors"],"cache":false}"#)
                let keys = try rows(answer).map { try #require($0["key"]?.array?.first?.text) }
                #expect(keys == expected)
                texts.insert(answer.components(separatedBy: #","meta":"#)[0])
            }
        }
        #expect(texts.count == 1)
    }

    @Test("K6: Nothing to count, no rows to show and ranges without time have answers, or a refusal with its reason")
    func nothing() async throws {
        let target = StoreTarget()
        let empty = try await target.query("top", #"{"by":"path"}"#)
        #expect(try rows(empty).isEmpty)
        try await target.load([#"{"event":"x","visitor":"v","time":\#(QueryOddityTests.start)}"#])
        let none = #""range":{"from":\#(QueryOddityTests.start),"to":\#(QueryOddityTests.start)}"#
        let backwards = #""range":{"from":\#(QueryOddityTests.start),"to":\#(QueryOddityTests.start - 1)}"#
        let aggregate = try await target.query("aggregate", #"{"metrics":["events","avg:value","p50:value"],\#(none)}"#)
        #expect(aggregate.hasPrefix(#"{"metrics":{"events":0,"avg:value":null,"p50:value":null}"#), "\(aggregate)")
        let beyond = try await target.query("top", #"{"by":"event","limit":5,"offset":7}"#)
        #expect(try rows(beyond).isEmpty)
        let funnel = try await target.query("funnel", #"{"steps":["y","z"],"window":"1h"}"#)
        #expect(try JSON(parsing: funnel)["steps"]?.array?.map { $0["count"]?.int } == [0, 0])
        for (kind, json) in [
            ("aggregate", "{\(backwards)}"), ("top", #"{"by":"event","limit":0}"#),
            ("aggregate", #"{"where":[{"dim":"value","op":"gt","values":["NaN"]}]}"#),
        ] {
            do {
                let answer = try await target.query(kind, json)
                Issue.record("\(json) was answered: \(answer)")
            } catch let error as QueryError {
                #expect(error.status == 400, "\(json): \(error)")
                #expect(!error.detail.isEmpty)
            }
        }
    }

    @Test("K7: A key that is eleventh in every segment and first in all is found")
    func eleventhEverywhere() async throws {
        let target = StoreTarget()
        // Each day has ten paths of its own with 20 events each, and one path that every day has 19 times.
        for day in 0..<5 {
            var lines: [String] = []
            func add(_ path: String, _ count: Int) {
                for number in 0..<count {
                    let time = QueryOddityTests.start + day * QueryOddityTests.day + lines.count
                    lines.append(
                        #"{"event":"x","visitor":"v\#(number)","time":\#(time),"url":"https://a.example\#(path)","value":1}"#
                    )
                }
            }
            for path in 0..<10 { add("/day\(day)/\(path)", 20) }
            add("/every", 19)
            try await target.load(lines)
            if day < 4 { try await target.flush() }
        }
        for metrics in [#""events""#, #""sum:value""#, #""visitors","events""#] {
            // Of visitors /every has 19 and the others 20: there it is last.
            let isFirst = !metrics.contains("visitors")
            let answer = try await target.query("top", #"{"by":"path","metrics":[\#(metrics)],"limit":1}"#)
            let key = try rows(answer).first?["key"]?.array?.first?.text
            #expect(key == (isFirst ? "/every" : "/day0/0"), "\(answer)")
        }
        let last = try await target.query("top", #"{"by":"path","metrics":["visitors"],"order":"asc","limit":1}"#)
        #expect(try rows(last).first?["key"]?.array?.first?.text == "/every")
    }
}
