import Foundation
import TestSupport
import Testing

/// The same queries asked again and again while events come in: what is kept of segments and of runs in flight from one
/// asking to the next must never show in an answer.
@Suite("Answers while events come in")
struct RunningAnswersTests {
    private let seed = SeededGenerator.testSeed(environment: ProcessInfo.processInfo.environment)
    private static let start: Int64 = 1_767_225_600_000
    private static let hour: Int64 = 3_600_000

    private let queries: [(kind: String, json: String)] = [
        ("aggregate", #"{"metrics":["events","visitors"]}"#),
        (
            "aggregate",
            #"{"metrics":["events","visitors","sum:value"],"where":[{"dim":"country","op":"is","values":["DE"]}]}"#
        ),
        (
            "aggregate",
            #"{"metrics":["events","visitors"],"range":{"from":1767229200000,"to":1767250000000},"compare":"previous"}"#
        ),
        (
            "timeseries",
            #"{"interval":"minute","metrics":["events"],"range":{"from":1767225600000,"to":1767240000000}}"#
        ),
        ("timeseries", #"{"interval":"hour","metrics":["events","visitors"]}"#),
        ("timeseries", #"{"interval":"day","metrics":["visitors","pageviews"],"timezone":"Asia/Kolkata"}"#),
        ("timeseries", #"{"interval":"hour","metrics":["events","visitors"],"by":"country","limit":2}"#),
        ("top", #"{"by":"path","metrics":["events"],"other":true}"#),
        ("top", #"{"by":"path","metrics":["visitors"]}"#),
        ("top", #"{"by":"path","metrics":["events","visitors"],"limit":4,"offset":2}"#),
        ("top", #"{"by":"country","metrics":["visitors","events"],"series":"hour"}"#),
        ("top", #"{"by":["country","event"],"metrics":["visitors","events"]}"#),
        ("top", #"{"by":"props.none","metrics":["visitors"]}"#),
        (
            "funnel",
            #"{"steps":[{"event":"page_view"},{"event":"view_item"},{"event":"add_to_cart"},{"event":"purchase"}],"window":"1h"}"#
        ),
        ("funnel", #"{"steps":[{"event":"page_view"},{"event":"purchase"}],"window":"3d","strict_increase":true}"#),
        ("funnel", #"{"steps":[{"event":"view_item"}],"window":"1h"}"#),
        (
            "funnel",
            #"""
            {"steps":[{"event":"view_item"},{"event":"add_to_cart"}],"window":"30m","where":[{"dim":"country","op":"is","values":["DE"]}],\#
            "range":{"from":1767229200000,"to":1767300000000}}
            """#
        ),
        ("funnel", #"{"steps":[{"event":"page_view"},{"event":"page_view"},{"event":"view_item"}],"window":"1h"}"#),
    ]

    /// Events of some minutes from a time on, a few of them late.
    private func part(_ random: inout SeededGenerator, from: Int64, rows: Int, visitors: Int) -> [String] {
        let names = ["page_view", "page_view", "page_view", "view_item", "view_item", "add_to_cart", "purchase"]
        return (0..<rows).map { _ in
            let visitor = random.int(0...(visitors - 1))
            let late = random.chance(0.02) ? Int64(random.int(0...300)) : 0
            let time = from + Int64(random.int(0...20)) * 60_000 - late * 60_000
            let name = names[random.int(0...(names.count - 1))]
            return """
                {"event":"\(name)","visitor":"v\(visitor)","time":\(max(Self.start, time)),\
                "url":"https://x.y/p/\(min(random.int(0...60), random.int(0...60)))",\
                "country":"\(["DE", "US", "FR"][visitor % 3])","value":\(visitor % 10)}
                """
        }
    }

    /// An answer without what says how it came to be.
    private func content(_ text: String) throws -> String {
        var answer = try JSON(parsing: text)
        answer["meta"] = nil
        return answer.description
    }

    @Test(
        "Every answer is that of the query computed afresh, and of the reference, at every boundary",
        arguments: [false, true])
    func agrees(compacts: Bool) async throws {
        for round in 0..<3 {
            var random = SeededGenerator(seed: seed &+ UInt64(round))
            let target = StoreTarget(compacts: compacts)
            var lines: [String] = []
            var time = Self.start
            var visitors = 40
            var hits = 0
            for step in 0..<14 {
                let new = part(&random, from: time, rows: random.int(1...60), visitors: visitors)
                lines += new
                try await target.load(new)
                time += Int64(random.int(0...120)) * 60_000
                visitors += random.int(0...25)
                let reference = step % 5 == 4 ? try Reference(lines: lines) : nil
                for (kind, json) in queries {
                    let asked = try await target.query(kind, json)
                    let fresh = try await target.query(kind, #"{"cache":false,"# + json.dropFirst())
                    #expect(
                        try content(asked) == content(fresh),
                        "seed \(seed), round \(round), step \(step): \(kind) \(json)")
                    guard let reference else { continue }
                    let differences = try reference.disagreement(
                        kind, try JSON(parsing: json), answer: try JSON(parsing: asked))
                    #expect(
                        differences.isEmpty,
                        "seed \(seed), round \(round), step \(step), \(kind) \(json): \(differences.prefix(3))")
                }
                hits = max(hits, try await target.partHits())
                switch random.int(0...9) {
                case 0...2: try await target.flush()
                case 3: try await target.restart()
                default: break
                }
            }
            #expect(hits > 0, "seed \(seed), round \(round): something was kept")
        }
        try await StoreTarget.waitUntilClosed()
    }

    @Test("The same over enough visitors for many partitions")
    func agreesInPartitions() async throws {
        var random = SeededGenerator(seed: seed)
        let target = StoreTarget()
        var lines: [String] = []
        for step in 0..<5 {
            let new = part(
                &random, from: Self.start + Int64(step) * 5 * Self.hour,
                rows: [14_000, 14_000, 3_000, 2_500, 300][step],
                visitors: 3_000 + step * 500)
            lines += new
            try await target.load(new)
            if step < 2 { try await target.flush() }
            for (kind, json) in queries {
                let asked = try await target.query(kind, json)
                let fresh = try await target.query(kind, #"{"cache":false,"# + json.dropFirst())
                #expect(try content(asked) == content(fresh), "seed \(seed), step \(step): \(kind) \(json)")
            }
        }
        let reference = try Reference(lines: lines)
        for (kind, json) in queries {
            let answer = try JSON(parsing: try await target.query(kind, json))
            let differences = try reference.disagreement(kind, try JSON(parsing: json), answer: answer)
            #expect(differences.isEmpty, "seed \(seed), \(kind) \(json): \(differences.prefix(3))")
        }
        #expect(try await target.partHits() > 0, "seed \(seed): something was kept")
        try await StoreTarget.waitUntilClosed()
    }
}
