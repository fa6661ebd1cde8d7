import Foundation
import TestSupport
import Testing

@Suite("Pages of events")
struct PagingTests {
    @Test("Pages put together are the whole list, each event once, in flight and sealed")
    func pages() async throws {
        let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
        for round in 0..<20 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed &+ round)
            let stream = RandomStream(seed: generator.next())
            let reference = try Reference(lines: stream.lines)
            let target = StoreTarget()
            let split = generator.int(0...stream.lines.count)
            try await target.load(Array(stream.lines[..<split]))
            try await target.flush()
            try await target.load(Array(stream.lines[split...]))
            let limit = generator.int(1...9)
            for _ in 0..<2 {
                var listed: [JSON] = []
                var cursor: JSON = .null
                repeat {
                    var query: JSON = ["limit": .integer(Int64(limit))]
                    query["cursor"] = cursor
                    let answer = try JSON(parsing: try await target.query("events", query.description))
                    let page = answer["events"]?.array ?? []
                    #expect(page.count <= limit, "seed \(seed)")
                    listed += page
                    cursor = answer["cursor"] ?? .null
                    if page.isEmpty { break }
                } while !cursor.isNull && listed.count <= reference.events.count
                let whole: JSON = ["events": .array(listed)]
                let differences = try reference.disagreement("events", ["limit": 10_000], answer: whole)
                #expect(differences == [], "seed \(seed), round \(round), pages of \(limit)")
                try await target.flush()
            }
        }
        try await StoreTarget.waitUntilClosed()
    }

    @Test("A cursor goes on where its page ended, although newer events have come")
    func newerEvents() async throws {
        let target = StoreTarget()
        func lines(_ times: Range<Int>) -> [String] {
            times.map { #"{"event":"e\#($0)","visitor":"v","time":\#(1_700_000_000_000 + $0)}"# }
        }
        try await target.load(lines(0..<10))
        let first = try JSON(parsing: try await target.query("events", #"{"limit":4}"#))
        try await target.load(lines(10..<20))
        let cursor = try #require(first["cursor"])
        let second = try JSON(parsing: try await target.query("events", #"{"limit":4,"cursor":\#(cursor)}"#))
        #expect(second["events"]?.array?.compactMap { $0["event"]?.text } == ["e5", "e4", "e3", "e2"])
    }
}
