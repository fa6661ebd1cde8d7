import Foundation
import TestSupport
import Testing

@Suite("Estimates")
struct EstimateTests {
    private let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)

    /// Three days of events of 20,000 visitors, sealed, and a few in flight.
    private func load(_ target: StoreTarget) async throws {
        var random = SeededGenerator(seed: seed)
        let day = 86_400_000
        for part in 0..<4 {
            let lines = (0..<(part < 3 ? 60_000 : 500)).map { _ -> String in
                let visitor = random.int(0...19_999)
                let page = min(random.int(0...99), random.int(0...99), random.int(0...99))
                let time = 1_767_225_600_000 + min(part, 2) * day + random.int(0...(day - 1))
                let event = random.chance(0.7) ? "page_view" : "click"
                return """
                    {"event":"\(event)","visitor":"v\(visitor)","time":\(time),"url":"https://x.y/p/\(page)",\
                    "props":{"plan":"\(visitor % 3)","n":\(random.int(0...30_000)),\
                    "tags":["a\(page % 3)","b\(visitor % 2)"]}}
                    """
            }
            try await target.load(lines)
            if part < 3 { try await target.flush() }
        }
    }

    private func rows(_ target: StoreTarget, _ query: String) async throws -> (rows: [JSON], meta: JSON) {
        let answer = try JSON(parsing: try await target.query("top", query))
        return (answer["rows"]?.array ?? [], try #require(answer["meta"]))
    }

    @Test("Estimates are within their bound, read fewer rows, change nothing else, and come only where asked for")
    func estimates() async throws {
        let target = StoreTarget(compacts: true)
        try await load(target)
        for by in ["path", "props.plan", "props.n", "props.tags", "event"] {
            let estimated = try await compare(target, by: by)
            if by == "path" || by == "props.plan" { #expect(estimated > 5, "seed \(seed)") }
        }
        let plain = try await rows(target, #"{"by":"path","metrics":["visitors"]}"#)
        #expect(plain.meta["exact"]?.bool == true)
        #expect(plain.meta["relative_error"] == nil)
        #expect(plain.rows.allSatisfy { $0["relative_error"] == nil })
        let query = #"{"by":"props.plan","metrics":["events","visitors"]"#
        let exact = try await rows(target, query + "}")
        let some = try await rows(target, query + #","approximate":true}"#)
        let (before, after) = (exact.meta["rows_scanned"]?.int ?? 0, some.meta["rows_scanned"]?.int ?? 0)
        #expect(after < before / 10, "\(after) of \(before)")
        try await StoreTarget.waitUntilClosed()
    }

    /// Compares estimates with exact numbers, ordered by events and by visitors, with and without a filter.
    ///
    /// - Returns: how many of the numbers were estimates.
    private func compare(_ target: StoreTarget, by: String) async throws -> Int {
        var estimated = 0
        for metrics in [#"["events","visitors"]"#, #"["visitors","events"]"#] {
            for filter in ["", #","where":[{"dim":"event","op":"is","values":["page_view"]}]"#] {
                let query = #"{"by":"\#(by)","metrics":\#(metrics)\#(filter)"#
                let exact = try await rows(target, query + #","limit":1000}"#)
                let some = try await rows(target, query + #","limit":20,"approximate":true}"#)
                #expect(exact.meta["exact"]?.bool == true)
                #expect(some.rows.count == min(20, exact.rows.count), "seed \(seed)")
                var expected: [String: JSON] = [:]
                for row in exact.rows { expected[row["key"]?.description ?? ""] = row }
                for row in some.rows {
                    // Of thousands of equal values others may be shown.
                    guard let expected = expected[row["key"]?.description ?? ""] else { continue }
                    #expect(row["events"]?.int == expected["events"]?.int, "seed \(seed)")
                    let error = try #require(row["relative_error"]?.double)
                    let (visitors, most) = (row["visitors"]?.double ?? 0, expected["visitors"]?.double ?? 0)
                    if error > 0 { estimated += 1 }
                    // The bound is two standard errors; five are never exceeded.
                    #expect(abs(visitors - most) <= most * error * 2.5, "\(row) \(expected) seed \(seed)")
                }
                let largest = some.rows.compactMap { $0["relative_error"]?.double }.max() ?? 0
                #expect(some.meta["exact"]?.bool == false || largest == 0)
                #expect(some.meta["relative_error"]?.double ?? 0 >= largest)
            }
        }
        return estimated
    }
}
